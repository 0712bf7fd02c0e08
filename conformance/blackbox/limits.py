"""How much, how many and how often (docs/limits.md): each limit with its answer, over each transport, and its counter."""
import json

from carriers import CARRIERS
from eio import Eio, ask, encode
from engine_io import SOON, ended
from exchange import body_of
from frames import Ws, WsClosed
from harness import raises, test
from packets import Closed, Cut, Refused, event, random_key
from sock import Sock
from wire import Client

ALL = list(CARRIERS)


def counted(server, group, code):
    return server.stats()[group].get(code, 0)


def end_of(client):
    """Reads to the end of its session: `z`, or what a script says in its place."""
    try:
        while True:
            client.receive()
    except Closed as end:
        return end.code
    except Refused as end:
        if end.status is None:
            return end.code
        raise


def close_of(ws):
    """Reads to the end of a WebSocket: number and reason."""
    try:
        while True:
            ws.receive()
    except WsClosed as close:
        return close.number, close.reason


def opening(key=None, **more):
    fields = {"v": 1, "attach": 1, "key": key or random_key(), "received": 0, "consumed": 0, "window": 1 << 20, "first": 1, "serial": 1}
    return "A" + json.dumps({**fields, **more})


def refused_at_the_door(server, transport, code, status, number):
    """A further session is refused over this transport, with the exact answer."""
    before = counted(server, "refused", code)
    client = Client(server)
    if transport == "websocket":
        ws = Ws(server)
        ws.send_all([opening(), "c"])
        assert json.loads(ws.receive().removeprefix("r"))["error"] == code
        assert close_of(ws) == (number, code)
    elif transport == "jsonp":
        assert raises(Refused, lambda: client.attach("jsonp", "c").welcomed()).code == code
    else:
        answer = client.http.post("/" + transport, body_of(opening(), ["c"]))
        assert (answer.status, answer.refusal()["error"]) == (status, code), (answer.status, answer.body)
        assert int(answer.headers["retry-after"]) > 0, answer.headers
        told = client.http.post(f"/{transport}?status=200", body_of(opening(), ["c"]))
        assert told.status == 200 and json.loads(told.text().removeprefix("r"))["error"] == code, told.text()
        before += 1
    assert counted(server, "refused", code) == before + 1


# ---- what a session sends


@test(ALL, messages="1,20")
def too_many_packets_end_a_session(server, transport):
    before = counted(server, "ended", "rate")
    client = Client(server, transport).opened()
    client.send(*(event("message-with-ack", id, id=id) for id in range(15)))
    client.works()
    client.send(*(event("echo", number) for number in range(30)))
    assert end_of(client) in ("rate", "unknown_session" if transport == "jsonp" else None)
    if transport == "websocket":
        assert close_of(client.carrier.ws) == (1008, "rate")
    assert counted(server, "ended", "rate") > before
    # Not `rate`, which would say nothing of the session.
    client.queue.clear()
    refused = raises(Refused, lambda: client.attach("long_polling").welcomed())
    assert (refused.status, refused.code) == (404, "unknown_session"), refused


@test(ALL, bytes="1000,30000")
def too_many_bytes_end_a_session(server, transport):
    client = Client(server, transport).opened()
    assert client.ask("message-with-ack", "x" * 100_000) == ["x" * 100_000], "one may be larger than the burst"
    client.emit("echo", "more")
    # The form's answer cannot be read, and when no script waits there is nothing that could be told.
    assert end_of(client) in ("rate", "unknown_session" if transport == "jsonp" else None)


@test(messages="1,20")
def what_needs_no_credit_is_measured_too(server):
    for packet in ("n0,0", 'v["volatile"]', 'c', 'a7[]', 'x{"code":"x"}'):
        client = Client(server, "websocket").opened()
        client.send(*[packet] * 30)
        assert end_of(client) == "rate", packet
    for opcode in (9, 10):
        client = Client(server, "websocket").opened()
        client.carrier.ws.send_bytes(client.carrier.ws.frame(opcode, b"x") * 30)
        assert end_of(client) == "rate", opcode


@test(messages="1,20")
def polls_and_posts_alone_are_not_measured(server):
    client = Client(server, "long_polling").opened()
    for number in range(10):
        client.http.post("/send", body_of(client.post_head([]), []))
        client.attach("long_polling").welcomed()
    client.works()


@test(messages="1,20")
def who_cannot_prove_a_session_cannot_use_up_what_it_may_send(server):
    client = Client(server, "streaming").opened()
    for number in range(30):
        head = client.post_head([event("x")], token=random_key(), serial=100 + number)
        assert client.http.post("/send", body_of(head, [event("x")])).status == 404
    client.works()


@test(messages="1,20")
def other_protocols_are_measured_too(server):
    for transport in ("polling", "websocket"):
        client = Eio(server, 4, transport, patience=SOON)
        client.send("40")
        if transport == "websocket":
            client.send(*['42["message"]'] * 30)
            assert ended(client) in (1000, 1005, None)
        else:
            answer = client.post(encode(4, ['42["message"]'] * 30))
            assert (answer.status, int(answer.headers["retry-after"])) == (429, 1), answer.status
            assert client.is_gone()
    sock = Sock(server, "xhr").opened()
    refused = sock.post(json.dumps(["x"] * 30))
    assert (refused.status, refused.text(), refused.headers["retry-after"]) == (429, "Too much, too fast.", "1")
    ws = Ws(server, path="/echo/000/abc/websocket")
    ws.send_all([json.dumps(["x"])] * 30)
    assert close_of(ws)[0] == 1008
    server.until(lambda: counted(server, "ended", "rate") >= 4)


# ---- who may open one


@test(ALL, own=True, max_sessions=1)
def a_full_server_takes_no_session_and_keeps_those_it_has(server, transport):
    first = Client(server, "long_polling").opened()
    refused_at_the_door(server, transport, "full", 503, 1013)
    first.attach(transport).works()
    refused_at_the_door(server, transport, "full", 503, 1013)
    first.send('l{"code":"client_disconnect"}', f'z{json.dumps({"code": "client_disconnect", "final": first.sent + 1})}')
    assert end_of(first) == "client_disconnect"
    Client(server, transport).opened().works()


@test(own=True, max_sessions=1)
def a_full_server_takes_none_of_other_protocols(server):
    first = Client(server, "websocket").opened()
    answer = ask(server, "GET", "/socket.io/?EIO=4&transport=polling")
    assert (answer.status, json.loads(answer.body)["code"], int(answer.headers["retry-after"])) == (503, 3, 5), answer.body
    assert close_of(Ws(server, path="/socket.io/?EIO=4&transport=websocket")) == (1013, "full")
    answer = ask(server, "POST", "/echo/000/abc/xhr")
    assert (answer.status, answer.text(), int(answer.headers["retry-after"])) == (503, "The server takes no more sessions.", 5), answer.body
    assert close_of(Ws(server, path="/echo/000/abc/websocket"))[0] == 1013
    assert counted(server, "refused", "full") == 4, server.stats()["refused"]
    first.works()


@test(ALL, own=True, opens_per_address="1,2")
def an_address_that_opens_too_often_is_refused(server, transport):
    clients = [Client(server, "long_polling").opened() for _ in range(2)]
    # Each refused try is at once; time for another open passes meanwhile, but not for many.
    server.until(lambda: refusals(server, transport) > 0)
    clients[0].attach(transport).works()


def refusals(server, transport):
    """Opens until it is refused, at most a few times."""
    for _ in range(4):
        try:
            Client(server, transport).welcomed()
        except Refused as refused:
            assert refused.code == "rate" and refused.status in (429, None), refused
            return 1
    return 0


@test(ALL, own=True, sessions_per_address=1, trusted_proxy="127.0.0.1")
def an_address_has_as_many_sessions_as_it_may(server, transport):
    first = Client(server, transport, headers={"X-Forwarded-For": "192.0.2.1"}).opened()
    if transport == "jsonp":  # its scripts and forms carry no headers here: the proxy's own
        return
    again = lambda address: Client(server, transport, headers={"X-Forwarded-For": address}).opened()
    assert raises(Refused, again, "192.0.2.1").code == "rate"
    again("192.0.2.2").works()
    first.attach("long_polling").works()


# ---- the counters


@test(own=True)
def what_is_refused_is_counted_once(server):
    client = Client(server, "long_polling").opened()
    stats = lambda: {group: server.stats()[group] for group in ("refused", "ended", "rejected")}
    assert stats() == {"refused": {}, "ended": {}, "rejected": {}}, stats()
    client.http.post("/send", "P{}")
    client.http.post("/send", body_of(client.post_head([], token=random_key()), []))
    client.http.post("/send", body_of(client.post_head([event("x")], first=99), [event("x")]))
    assert stats()["refused"] == {"bad_packet": 1, "gap": 1, "unknown_session": 1}, stats()
    client.send('e["connect"]', 'e[""]', 'e1["nothing"]', 'e/nowhere,["x"]', 'c/nowhere,')
    client.works()
    assert stats()["rejected"] == {"bad_event": 1, "no_handler": 1, "reserved_event": 1, "unknown_namespace": 2}, stats()
    ws = Ws(server)
    ws.send_bytes(ws.frame(1, b"nonsense"))
    raises(WsClosed, lambda: [ws.receive() for _ in range(2)])
    ws = Ws(server)
    ws.send_bytes(ws.frame(1, b"\xff"))
    raises(WsClosed, ws.receive)
    assert stats()["refused"] == {"bad_packet": 2, "gap": 1, "unknown_session": 1, "utf8": 1}, stats()
    client.attach("websocket").works()
    assert stats()["refused"].get("taken_over", 0) <= 1, stats()
    client.send('l{"code":"client_disconnect"}', f'z{json.dumps({"code": "client_disconnect", "final": client.sent + 1})}')
    server.until(lambda: stats()["ended"] == {"client_disconnect": 1})
