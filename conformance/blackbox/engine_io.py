"""Engine.IO, revisions 3 and 4: what its own suites leave weak. The mount gives each message back."""
import json
import random

from eio import Eio, ask, coded, decode, encode
from frames import WsClosed
from harness import test
from packets import Cut

SOON = 6  # seconds: less than an interval of heartbeats, so that no time-out of theirs passes for the answer
BOTH = [(revision, transport) for revision in (3, 4) for transport in ("polling", "websocket")]
TEXT = "é😀\u2028\x00</script>"
DATA = bytes(range(256))
HANDSHAKE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw=="}


def echo(server, revision=4, transport="polling", **more):
    return Eio(server, revision, transport, "/engine.io/", patience=more.pop("patience", SOON), **more)


def ended(client):
    """Waits for the end of its WebSocket."""
    try:
        while True:
            client.ws.receive()
    except WsClosed as closed:
        return closed.number
    except Cut:
        return None


@test()
def text_and_binary_both_ways(server):
    for revision, transport in BOTH:
        client = echo(server, revision, transport)
        for packet in ("4" + TEXT, DATA, b"", "4", "4" + TEXT * 2000, DATA * 500):
            client.send(packet)
            client.expect(packet)


@test()
def several_packets_in_a_body(server):
    packets = ["4" + TEXT, DATA, "4😀", b"\x04", "4"]
    for revision in (3, 4):
        for b64 in (False, True):
            client = echo(server, revision, b64=b64)
            for binary in (False, True) if revision == 3 else (False,):
                assert client.post(encode(revision, packets, binary), binary).status == 200
                answer = client.request("GET")
                kind = "application/octet-stream" if revision == 3 and not b64 else "text/plain; charset=UTF-8"
                assert answer.headers["content-type"] == kind, (revision, b64, answer.headers["content-type"])
                assert decode(revision, answer) == packets, answer.body


@test()
def bytes_as_text_over_a_websocket(server):
    for revision in (3, 4):
        client = echo(server, revision, "websocket")
        client.send(coded(revision, DATA))
        client.expect(DATA)


@test()
def revision_3_and_4_and_no_other(server):
    for version in ("", "0", "1", "2", "5", "33", "04", "4.0", "+4", "-3", "3,4", "abc", None):
        for transport in ("polling", "websocket"):
            url = f"/engine.io/?transport={transport}" + ("" if version is None else f"&EIO={version}")
            refused(ask(server, "GET", url, headers=HANDSHAKE if transport == "websocket" else None, patience=SOON), 5)


def refused(answer, code, status=400):
    assert answer.status == status, (answer.status, answer.body)
    assert answer.headers["content-type"] == "application/json" and answer.headers["cache-control"] == "no-store, no-transform"
    body = json.loads(answer.body)
    assert body["code"] == code and isinstance(body["message"], str), body


@test()
def every_error_ends_its_answer(server):
    client = echo(server)
    ws = echo(server, transport="websocket")
    sid, of_ws = f"&sid={client.sid}", f"&sid={ws.sid}"
    for method, query, code in [
        ("GET", "EIO=4", 0), ("GET", "EIO=4&transport=", 0), ("GET", "EIO=4&transport=abc", 0), ("GET", "EIO=4&transport=POLLING", 0),
        ("POST", "EIO=4&transport=polling", 2), ("PUT", "EIO=4&transport=polling", 2), ("DELETE", "EIO=4&transport=websocket", 2),
        ("GET", "EIO=4&transport=polling&sid=x", 1), ("POST", "EIO=4&transport=polling&sid=x", 1),
        ("GET", "EIO=4&transport=websocket&sid=x", 1), ("GET", "EIO=4&transport=websocket", 3),
        ("GET", "EIO=3&transport=polling" + sid, 3), ("PUT", "EIO=4&transport=polling" + sid, 3),
        ("GET", "EIO=4&transport=websocket" + sid, 3), ("GET", "EIO=4&transport=polling" + of_ws, 3),
    ]:
        refused(ask(server, method, "/engine.io/?" + query, b"4x" if method == "POST" else None, patience=SOON), code)
    refused(ask(server, "GET", "/socket.io/?EIO=4&transport=polling" + sid, patience=SOON), 3)
    for session in client, ws:
        session.send("4still")
        session.expect("4still")


@test(own=True)
def a_client_that_closes_is_answered_at_once(server):
    for revision, transport in BOTH:
        client = echo(server, revision, transport)
        if transport == "websocket":
            client.send("1")
            ended(client)
            continue
        poll = client.start("GET")
        # The poll must be there before the close: whatever came before it is then answered too.
        server.until(lambda: server.stats()["open_requests"] == 1)
        client.send("1")
        assert decode(revision, client.finish(poll)) == ["6"]
        assert client.is_gone()


@test()
def a_poll_that_crosses_the_close_is_answered(server):
    """Both are sent at once, on two connections, and the close is heard first."""
    for revision in (3, 4):
        client = echo(server, revision)
        client.send("1")
        assert client.poll() == ["6"]
        assert client.is_gone()


# What cannot be taken apart is answered 400. Packets that make no sense are found later, by the session.
BAD = {
    (4, False): ([b"", b"b***", b"bAA", b"4\xff"], [b"abc", b"7", b"4a\x1e", b"\x1e", b"2", b"5", b"0", b"4a\x1e9"]),
    (4, True): ([b"4a"], []),
    (3, False): (
        [b"", b"abc", b"1", b"9:4a", b"-1:4", b"1:", b"01x:4", b"2:4\xf0\x9f\x98\x80", b"3:b4*", b"18446744073709551617:4", b"1:4\xff"],
        [b"1:3", b"1:9", b"2:b5"],
    ),
    (3, True): ([b"", b"\x00\x02\xff4", b"\x02\x01\xff4", b"\x00\x01", b"\x00\x0a\xff4"], [b"\x00\xff", b"\x01\x01\xff\x05"]),
}


@test()
def a_bad_body_ends_its_session_and_no_other(server):
    witness = echo(server)
    for (revision, binary), kinds in BAD.items():
        for status, bodies in zip((400, 200), kinds):
            for body in bodies:
                client = echo(server, revision)
                assert client.post(body, binary).status == status, (revision, body)
                assert client.is_gone(), (revision, body)
    witness.send("4still")
    witness.expect("4still")


@test(own=True)
def a_poll_that_waits_hears_of_a_bad_body(server):
    for revision in (3, 4):
        client = echo(server, revision)
        poll = client.start("GET")
        server.until(lambda: server.stats()["open_requests"] == 1)
        client.post(b"abc")
        assert decode(revision, client.finish(poll)) == ["1"]


@test()
def a_bad_frame_ends_its_session_at_once(server):
    for revision, bad in ((4, ["abc", "", "9", "2", "5", "0", "b***"]), (3, ["abc", "", "9", "3", "5", "b4*", "b"])):
        for packet in bad:
            client = echo(server, revision, "websocket")
            client.send(packet)
            ended(client)
    client = echo(server, 3, "websocket")
    client.ws.send_bytes(client.ws.frame(2, b"\x05x"))
    ended(client)


@test()
def what_is_too_large(server):
    client = echo(server)
    answer = client.post(b"4" + b"x" * 1_500_000)
    assert answer.status == 413, answer.status
    pieces = (b"x" * 100_000 for _ in range(20))
    answer = ask(server, "POST", client.url("polling"), pieces, {"Transfer-Encoding": "chunked"}, encode_chunked=True)
    assert answer.status == 413, answer.status
    client.send("4still")
    client.expect("4still")
    assert client.welcome["maxPayload"] == 1_000_000
    ws = echo(server, transport="websocket")
    ws.send(bytes(1_000_001))
    assert ended(ws) == 1009


@test()
def too_many_packets_in_a_body(server):
    client = echo(server)
    assert client.post(b"\x1e".join([b"6"] * 10_000)).status == 200
    assert client.post(b"\x1e".join([b"6"] * 10_001)).status == 400
    assert client.is_gone()


@test(own=True)
def a_poll_that_is_given_up_harms_nothing(server):
    for revision in (3, 4):
        client = echo(server, revision)
        for number in range(5):
            poll = client.start("GET")
            server.until(lambda: server.stats()["open_requests"] == 1)
            poll.close()
            server.until(lambda: server.stats()["open_requests"] == 0)
            client.send(f"4{number}")
            client.expect(f"4{number}")


@test(own=True)
def two_polls_at_once(server):
    for revision in (3, 4):
        client = echo(server, revision)
        first = client.start("GET")
        server.until(lambda: server.stats()["open_requests"] == 1)
        assert client.request("GET").status == 400
        assert decode(revision, client.finish(first)) == ["1"]
        assert client.is_gone()


@test()
def a_poll_does_not_hold_up_the_move(server):
    client = echo(server)
    poll = client.start("GET")
    ws = client.socket()
    ws.send_all(["2probe"])
    assert ws.receive() == "3probe"
    assert decode(4, client.finish(poll)) == ["6"]
    # Its client may poll on before it has read the answer to its probe.
    assert client.poll() == ["6"]
    assert client.poll() == ["6"]
    ws.send_all(["5", "4moved"])
    assert ws.receive() == "4moved"
    assert client.request("GET").status == 400
    client.ws = ws


@test()
def a_second_websocket_is_turned_away(server):
    client = echo(server)
    ws = client.socket()
    ws.send_all(["2probe", "5", "4a"])
    assert [ws.receive(), ws.receive()] == ["3probe", "4a"]
    client.ws = client.socket()
    ended(client)
    client.ws = ws
    client.send("4b")
    client.expect("4b")


@test()
def nonsense_instead_of_a_probe(server):
    client = echo(server)
    for nonsense in ("2", "3probe", "4x", "probe", b"2probe"):
        client.ws = client.socket()
        client.ws.send_all([nonsense])
        ended(client)
        client.ws = None
    client.send("4still")
    client.expect("4still")


@test()
def a_websocket_that_asks_for_nothing_is_closed(server):
    client = Eio(server, path="/engine.io/")
    client.ws = client.socket()
    ended(client)
    client.ws = None
    assert client.request("GET").status == 200


@test()
def moves_under_load_lose_and_double_nothing(server):
    for seed in range(20):
        move(server, random.Random(seed), seed % 2 + 3)


def move(server, dice, revision):
    """Numbered messages before, during and after a move; their echoes must come back once and in order."""
    client = echo(server, revision)
    sent, got = 0, []

    def say():
        nonlocal sent
        for _ in range(dice.randrange(4)):
            packets = [f"4{sent + more}" for more in range(dice.randrange(1, 5))]
            sent += len(packets)
            client.send(*packets)

    say()
    poll = client.start("GET") if dice.random() < 0.7 else None
    say()
    ws = client.socket()
    say()
    ws.send_all(["2probe"])
    if dice.random() < 0.7:
        assert ws.receive() == "3probe"
    say()
    if poll:
        got += decode(revision, client.finish(poll))
    if dice.random() < 0.5:
        say()
        got += client.poll()
    ws.send_all(["5"])
    client.ws = ws
    say()
    client.send("4end")
    while not got or got[-1] != "4end":
        got.append(client.read())
    assert [packet for packet in got if packet not in ("6", "3probe")] == [*(f"4{number}" for number in range(sent)), "4end"], got


@test()
def a_cookie_with_the_session_at_a_path_of_its_own(server):
    client = Eio(server, path="/custom/path/")
    assert client.opening.headers["set-cookie"] == f"io={client.sid}; Path=/; SameSite=Lax; HttpOnly"
    assert client.opening.headers["access-control-allow-credentials"] is None
    assert Eio(server, path="/socket.io/").opening.headers["set-cookie"] is None


@test()
def origins_and_credentials(server):
    for path, credentials in (("/socket.io/", "true"), ("/custom/path/", None)):
        for method in ("GET", "OPTIONS"):
            answer = ask(server, method, f"{path}?EIO=4&transport=polling", headers={"Origin": "http://page.example"})
            assert answer.status == (200 if method == "GET" else 204)
            assert answer.headers["access-control-allow-origin"] == "http://page.example"
            assert answer.headers["access-control-allow-credentials"] == credentials
    answer = ask(server, "GET", "/socket.io/?EIO=4&transport=polling&sid=x", headers={"Origin": "http://page.example"})
    assert answer.status == 400 and answer.headers["access-control-allow-origin"] == "http://page.example"


@test(origins="http://good.example")
def a_foreign_origin(server):
    for path in ("/socket.io/", "/engine.io/"):
        for more in ({}, HANDSHAKE):
            transport = "websocket" if more else "polling"
            headers = {"Origin": "http://evil.example", **more}
            refused(ask(server, "GET", f"{path}?EIO=4&transport={transport}", headers=headers), 4, 403)


@test(own=True, ping_interval_ms=300, ping_timeout_ms=200)
def nothing_is_left_of_clients_that_go_silent(server):
    for revision, transport in BOTH:
        for path in ("/engine.io/", "/socket.io/"):
            client = Eio(server, revision, transport, path)
            if transport == "polling":
                client.start("GET")
                Eio(server, revision, transport, path).socket()
    assert server.stats()["sessions"] > 0
    server.until(lambda: server.stats()["sessions"] == 0)
    server.until(lambda: server.stats()["open_requests"] <= 1)
    stats = server.stats()
    assert (stats["rooms"], stats["queued_bytes"], stats["pending_acks"]) == (0, 0, 0), stats
