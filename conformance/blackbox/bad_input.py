"""Runs the table of bad input, `bad_input.json`: one test for each row, transport of the session, and stage of it.

A row says how the input comes (`via`), what is answered, and how the session is afterwards (`then`): `kept`, `ended:CODE`, or
nothing where there is none. `over` says over which transports the session runs (what is posted to /send: over each that posts there), `auth` whether the
input comes `before` the namespace, and with it the auth, or `after` it; nothing: whatever makes a difference.

Everything is run through nginx too (`run.py --nginx`). What nginx answers otherwise stands in `nginx`, in place of the row's own keys; `null`: it takes part, so
that what comes is not the server's (it makes a handshake good, or cuts what it cannot write any more), and the row is left out.

- `http`: `method` (POST), `path` (/send), `headers`, `body`; answer `status` and `error` (nothing: no refusal). `times`: sent so often,
  the last answer counts. `sent`: messages of it that were taken.
- `websocket`: `frames` behind an attach, or instead of it with `first`; answer `refusal` (an `r` packet or a `z`, nothing: none) and `close`
  (nothing: it stays).
- `raw`: `send`, bytes on a plain connection; answer `status` and `error`, after which the server closes.

Texts are strings, or built: `{"repeat": text, "times": n}`, `{"hex": bytes}`, `{"join": [texts]}`; a line of a body also `{"A": {...}}` or
`{"P": {...}}`, the head that would be right with these changes (`null` takes a key away).
"""
import json
import pathlib
import re
import socket

from exchange import unscript
from frames import Ws, WsClosed
from harness import raises, test
from packets import PATIENCE, Cut, Refused, event, random_key
from wire import Client

ROWS = json.loads((pathlib.Path(__file__).parent / "bad_input.json").read_text())
# Sessions that nobody attaches to any more are gone when the run is over.
FLAGS = {"grace_ms": 2000, "ping_interval_ms": 3000, "ping_timeout_ms": 2000}
POSTING = ["streaming", "event_source", "long_polling", "forever_iframe", "jsonp"]


def build(text):
    """A text as bytes."""
    if isinstance(text, str):
        return text.encode()
    if "repeat" in text:
        return build(text["repeat"]) * text["times"]
    if "hex" in text:
        return bytes.fromhex(text["hex"])
    return b"".join(map(build, text["join"]))


def head(client, line, path):
    """An `A` or `P` with changes."""
    kind, changes = next(iter(line.items()))
    known = {"$session": client.session, "$token": client.token, "$key": client.key}
    changes = {key: known.get(value, value) if isinstance(value, str) else value for key, value in changes.items()}
    if kind == "A":
        fresh = {"v": 1, "attach": 1, "key": random_key(), "received": 0, "consumed": 0, "window": 1 << 20, "first": 1, "serial": 1}
        fields = {**fresh, **changes}
    else:
        fields = {"session": client.session, "token": client.token, "received": client.received, "consumed": client.consumed,
                  "serial": client.serial + 1, "first": client.sent + 1}
        if path == "/long_polling":
            fields |= {"attach": client.attach_number, "poll": client.carrier.poll + 1}
            client.carrier.poll += 1
        fields |= changes
    return (kind + json.dumps({key: value for key, value in fields.items() if value is not None})).encode()


def body(client, spec, path):
    if not isinstance(spec, list):
        return build(spec)
    lines = [head(client, line, path) if isinstance(line, dict) and ("A" in line or "P" in line) else build(line) for line in spec]
    return b"\n".join(lines)


def begin(server, transport, auth):
    """A session, with its namespace and so its auth, or without."""
    if auth == "after":
        return Client(server, transport).opened()
    client = Client(server)
    client.attach(transport)
    return client.welcomed()


def check_session(client, auth, then):
    if then == "kept":
        # Not with `works()`, which would go on from the positions of the row.
        client.attach("long_polling")
        if auth == "before":
            client.send("c")
            client.opened()
        client.works()
    elif then:
        refusal = raises(Refused, lambda: client.attach("long_polling").welcomed())
        assert refusal.code == then.removeprefix("ended:"), refusal


def by_http(server, row, transport, auth):
    client = begin(server, transport, auth)
    path, method, headers = row.get("path", "/send"), row.get("method", "POST"), row.get("headers", {})
    for _ in range(row.get("times", 1)):
        data = body(client, row["body"], path) if "body" in row else None
        if method == "POST" and "Content-Type" not in headers:
            headers = {"Content-Type": "text/plain", **headers}
        headers = {name: value for name, value in headers.items() if value is not None}
        if row.get("chunked"):
            data = iter([data[i:i + 65536] for i in range(0, len(data), 65536)])
        answer = client.http.request(method, path, data, headers)
    assert answer.status == row["status"], (answer.status, answer.body[:300])
    if answer.status == 413 and not server.is_behind_nginx and row["error"] == "too_large":
        assert answer.headers["connection"] == "close", "the body is not read to its end"
    if method == "HEAD":
        assert answer.body == b""
    elif "script" in row:
        line = unscript(re.fullmatch(r'/\*\*/\w+\((".*")\);', answer.text()).group(1))
        assert json.loads(line[1:])["error"] == row["script"], line
    elif row.get("error"):
        refusal = answer.refusal()
        assert refusal["error"] == row["error"], refusal
        assert answer.headers["cache-control"] == "no-store, no-transform"
    client.sent += row.get("sent", 0)
    client.confirmed += row.get("sent", 0)
    client.serial += 1
    client.http.idle.clear()  # a connection whose request was not read to its end is closed
    check_session(client, auth, row.get("then", "kept"))


def frames(ws, spec):
    for frame in spec:
        if "fragments" in frame:
            for number in range(frame["fragments"]):
                ws.send_bytes(ws.frame(1 if number == 0 else 0, b"", fin=False))
            continue
        data = build(frame.get("text", frame.get("data", "")))
        settings = {key: frame[key] for key in ("fin", "rsv", "masked", "length") if key in frame}
        ws.send_bytes(bytes.fromhex(frame["raw"]) if "raw" in frame else ws.frame(frame.get("opcode", 1), data, **settings))


def by_websocket(server, row, transport, auth):
    if row.get("first"):
        client = Client(server)
        ws = Ws(server)
        ws.send_all([(head(client, line, "") if isinstance(line, dict) else build(line)).decode() for line in row["first"]])
    else:
        client = begin(server, transport, auth)
        ws = client.carrier.ws
    frames(ws, row.get("frames", []))
    refusal = close = None
    if "close" in row:
        try:
            while True:
                packet = ws.receive()
                if packet[0] in "rz":  # what ends the session is said by its close
                    refusal = json.loads(packet[1:])["error" if packet[0] == "r" else "code"]
        except WsClosed as closed:
            close = closed
        assert (refusal, close.number) == (row.get("refusal"), row["close"]), (refusal, close)
        assert not refusal or close.reason == refusal, close
        raises(Cut, ws.receive)
    else:
        client.number([event("x")] * row.get("sent", 0))
        kind = row.get("answer")
        while kind and not client.receive().startswith(kind):
            pass
        if auth == "after":
            client.works()
    ws.close()
    if not row.get("first"):
        check_session(client, auth, row.get("then", "kept"))


def by_raw(server, row, *_):
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as connection, connection.makefile("rb") as file:
        data = b"".join(map(build, row["send"])).replace(b"$PORT", str(server.port).encode())
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        # Until the server closes; nginx may keep a connection whose request it has understood.
        answer = whole(file) if server.is_behind_nginx else file.read()
    assert answer.count(b"HTTP/1.") <= 1, answer[:500]
    status = int(answer.split(b" ", 2)[1]) if answer else None
    assert status == row["status"], answer[:300]
    if row.get("error"):
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"] == row["error"], answer
    assert len(set(server.stats())) > 5, "the server is alive"


def whole(file):
    """One answer, head and body."""
    head = [file.readline()]
    while head[-1].strip():
        head.append(file.readline())
    length = next(int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length:"))
    return b"".join(head) + file.read(length)


def register(row):
    posts = row["via"] == "http" and "body" in row and row.get("path", "/send") == "/send"
    inside = posts or row["via"] == "websocket" and "first" not in row
    for transport in row.get("over", POSTING if posts else ["websocket" if row["via"] == "websocket" else "long_polling"]):
        # Before it is all the same to a server where packets come from.
        for auth in row.get("auth", ["before", "after"] if inside and transport in ("websocket", "long_polling") else ["after"]):
            register_one(row, transport, auth, inside)


def register_one(row, transport, auth, inside):
    def run(server):
        told = {**row, **row.get("nginx", {})} if server.is_behind_nginx else row
        {"http": by_http, "raw": by_raw, "websocket": by_websocket}[row["via"]](server, told, transport, auth)
    place = f" [{transport}, {auth} auth]" if inside else ""
    run.__module__, run.__name__ = __name__, f"{row['via']}: {row['name']}{place}"
    test(settles=True, nginx=row.get("nginx", {}) is not None, **FLAGS, **row.get("flags", {}))(run)


assert len({(row["via"], row["name"]) for row in ROWS}) == len(ROWS), "two rows have one name"
for each in ROWS:
    register(each)
