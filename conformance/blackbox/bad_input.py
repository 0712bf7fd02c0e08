"""Runs the table of bad input, `bad_input.json`: one test for each row.

A row says how the input comes (`via`), what is answered, and how the session is afterwards (`then`): `kept`, `ended:CODE`, or
nothing where there is none.

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


def check_session(client, then):
    if then == "kept":
        # Not with `works()`, which would go on from the positions of the row.
        client.attach("long_polling").works()
    elif then:
        refusal = raises(Refused, lambda: client.attach("long_polling").welcomed())
        assert refusal.code == then.removeprefix("ended:"), refusal


def by_http(server, row):
    client = Client(server, "long_polling").opened().works()
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
    check_session(client, row.get("then", "kept"))


def frames(ws, spec):
    for frame in spec:
        if "fragments" in frame:
            for number in range(frame["fragments"]):
                ws.send_bytes(ws.frame(1 if number == 0 else 0, b"", fin=False))
            continue
        data = build(frame.get("text", frame.get("data", "")))
        settings = {key: frame[key] for key in ("fin", "rsv", "masked", "length") if key in frame}
        ws.send_bytes(bytes.fromhex(frame["raw"]) if "raw" in frame else ws.frame(frame.get("opcode", 1), data, **settings))


def by_websocket(server, row):
    client = Client(server)
    if row.get("first"):
        ws = Ws(server)
        ws.send_all([(head(client, line, "") if isinstance(line, dict) else build(line)).decode() for line in row["first"]])
    else:
        client.attach("websocket", "c").opened()
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
        client.works()
    ws.close()
    if not row.get("first"):
        check_session(client, row.get("then", "kept"))


def by_raw(server, row):
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as connection, connection.makefile("rb") as file:
        data = b"".join(map(build, row["send"])).replace(b"$PORT", str(server.port).encode())
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = file.read()  # until the server closes
    assert answer.count(b"HTTP/1.") <= 1, answer[:500]
    status = int(answer.split(b" ", 2)[1]) if answer else None
    assert status == row["status"], answer[:300]
    if row.get("error"):
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"] == row["error"], answer
    assert len(set(server.stats())) > 5, "the server is alive"


def register(row):
    def run(server):
        {"http": by_http, "raw": by_raw, "websocket": by_websocket}[row["via"]](server, row)
    run.__module__, run.__name__ = __name__, f"{row['via']}: {row['name']}"
    test(**row.get("flags", {}))(run)


assert len({(row["via"], row["name"]) for row in ROWS}) == len(ROWS), "two rows have one name"
for each in ROWS:
    register(each)
