"""Socket.IO, over Engine.IO 3 and 4: what its own suite leaves weak."""
import json

from eio import Eio, decode
from engine_io import BOTH, SOON, ended
from harness import test

HOLE = '{"_placeholder":true,"num":%d}'


def connected(server, revision=4, transport="polling", patience=SOON, **more):
    client = Eio(server, revision, transport, patience=patience, **more)
    if revision == 4:
        client.send("40")
        opened = client.read()
        assert opened.startswith('40{"sid":"') and list(json.loads(opened[2:])) == ["sid"], opened
    else:
        client.expect("40")
    return client.expect('42["auth",{}]')


@test()
def binary_both_ways(server):
    for revision, transport in BOTH:
        client = connected(server, revision, transport)
        for data in (b"", bytes(range(256)), b"\x04" * 70_000):
            text = f'["message","é😀",{{"a":{HOLE % 0}}},{HOLE % 1}]'
            client.send("452-" + text, data, b"x")
            client.expect("452-" + text.replace("message", "message-back"), data, b"x")
            client.send(f'451-7["message-with-ack",{HOLE % 0}]', data)
            client.expect(f"461-7[{HOLE % 0}]", data)
            client.send(f'451-["emit-with-ack",{HOLE % 0}]', data)
            asked = client.read()
            number = asked[4:asked.index("[")]
            assert asked == f'451-{number}["emit-with-ack",{HOLE % 0}]', asked
            client.expect(data)
            client.send(f"461-{number}[{HOLE % 0}]", data)
            client.expect(f'451-["emit-with-ack",{HOLE % 0}]', data)


@test()
def attachments_are_bounded_before_there_is_a_socket(server):
    for revision in (3, 4):
        for head in ('451001-["a"]', '4599999999999999999999-["a"]', '45-1-["a"]', '451e3-["a"]', '45["a"]', '45-["a"]'):
            client = Eio(server, revision, "websocket", patience=SOON)
            client.send(head)
            ended(client)
        client = Eio(server, revision, "websocket", patience=SOON)
        client.send(f'452-["a",{HOLE % 0},{HOLE % 1}]', bytes(600_000), bytes(600_000))
        ended(client)


@test()
def attachments_that_do_not_fit(server):
    for bad in (
        [f'451-["a",{HOLE % 0}]', '42["message"]'],  # text where bytes are due
        [f'451-["a",{HOLE % 1}]', b"x"],  # another number
        [f'452-["a",{HOLE % 0},{HOLE % 0}]', b"x", b"y"],  # one of them twice
        ['451-["a"]', b"x"],  # none in the text
        [b"x"],  # none announced
    ):
        client = connected(server, 4, "websocket")
        client.send(*bad)
        ended(client)


@test()
def a_bad_packet_ends_its_session_at_once(server):
    for revision in (3, 4):
        for bad in ('42["message"', "42{}", "42", '42abc["message"]', "4", "47", "4abc", '429007199254740992["message"]', "43[1]",
                    '42["message",NaN]', '42["message","\\ud800"]', "42" + "[" * 100_000, '40"auth"', "41[]"):
            client = connected(server, revision, "websocket")
            client.send(bad)
            ended(client)


@test()
def what_reaches_no_handler_harms_nothing(server):
    for revision in (3, 4):
        client = connected(server, revision)
        for odd in ('42["nobody"]', '425["nobody"]', "42[1]", '42["connect"]', '42["disconnect"]', "42[]", '42/nowhere,["message"]', "43999[]",
                    '42["__proto__",{"__proto__":1}]', "41/nowhere"):
            client.send(odd)
        client.send('42["message",{"__proto__":{"a":1}}]')
        client.expect('42["message-back",{"__proto__":{"a":1}}]')


@test()
def a_volatile_event_reaches_a_poll_that_waits(server):
    client = connected(server)
    for number in range(100):
        poll = client.start("GET")
        client.send(f'42["volatile",{number}]', f'42["message",{number}]')
        packets = decode(4, client.finish(poll))
        while f'42["message-back",{number}]' not in packets:
            packets += client.poll()
        if f'42["volatile-back",{number}]' in packets:
            return
    raise AssertionError("not one in 100")


@test()
def refusals_as_each_version_reads_them(server):
    four = Eio(server)
    four.send('40{"deny":true}')
    four.expect('44{"message":"denied"}')
    three = Eio(server, 3, path="/socket.io/")
    three.send("40/nowhere")
    three.expect("40", '42["auth",{}]', '44/nowhere,{"message":"Invalid namespace"}')


@test()
def the_main_namespace_is_the_connection_in_revision_3_only(server):
    three = connected(server, 3, "websocket")
    three.send("41")
    ended(three)
    four = connected(server, 4, "websocket")
    four.send("41", "40/custom,")
    assert four.read().startswith('40/custom,{"sid":"')
    four.send('42/custom,["bye"]')
    four.expect('42/custom,["auth",{}]', "41/custom")


@test(ping_interval_ms=700, ping_timeout_ms=5_000)
def heartbeats_over_each_transport(server):
    for revision, transport in BOTH:
        client = connected(server, revision, transport)
        for _ in range(3):
            if revision == 3:
                client.send("2")
                answered = client.read_frame() if transport == "websocket" else client.poll()
                assert answered in ("3", ["3"]), answered
            else:
                asked = client.read_frame() if transport == "websocket" else client.poll()
                assert asked in ("2", ["2"]), asked
                client.send("3")


def recoverable(server, transport="polling", connect="40", **more):
    """A session at the mount that recovers, and what its answer to the connect says."""
    client = Eio(server, 4, transport, "/recovery/", patience=SOON, **more)
    client.send(connect)
    return client, json.loads(client.read()[2:])


def again(server, transport, claim):
    return recoverable(server, transport, "40" + json.dumps(claim))


def offset_of(packet):
    return json.loads(packet[2:])[-1]


@test()
def a_session_is_recovered_over_either_transport(server):
    for before in ("polling", "websocket"):
        for after in ("polling", "websocket"):
            client, opened = recoverable(server, before)
            room = f"{before} to {after}"
            assert list(opened) == ["sid", "pid"], opened
            auth = client.read()
            client.send(f'421["join","{room}"]')
            client.expect("431[true]")
            other, _ = recoverable(server, "websocket")
            other.read()
            # The cut; on WebSockets without a word, so that the server learns of it by the return.
            if before == "polling":
                client.send("1")
            for number in range(3):
                other.send(f'42{number}["say","{room}",{number}]')
                other.expect(f"43{number}[]")
            client, second = again(server, after, {"pid": opened["pid"], "offset": offset_of(auth)})
            assert second == opened, second
            for number in range(3):
                packet = json.loads(client.read()[2:])
                assert packet[:3] == ["said", room, number], packet
            client.send('42["message","after"]')
            assert json.loads(client.read()[2:])[:2] == ["message-back", "after"]


@test()
def what_cannot_be_recovered_is_a_new_session(server):
    client, opened = recoverable(server)
    auth = client.read()
    client.send("1")
    secret = opened["pid"].split(".")[0]
    for claim in (
        {"pid": "x", "offset": offset_of(auth)}, {"pid": "x.y"}, {"pid": opened["pid"], "offset": "no such"}, {"pid": 1}, {"pid": ""},
        {"pid": f".{opened['sid']}", "offset": offset_of(auth)}, {"pid": None, "offset": None},
    ):
        fresh, other = again(server, "polling", claim)
        assert other["sid"] != opened["sid"] and not other["pid"].startswith(secret), (claim, other)
        assert json.loads(fresh.read()[2:])[0] == "auth"
        fresh.send("41", "1")
    # Of the right session another socket: a new one, which its client sees by its new name.
    fresh, other = again(server, "polling", {"pid": secret + ".other", "offset": offset_of(auth)})
    assert other["sid"] != opened["sid"] and other["pid"] != opened["pid"], other


@test()
def who_says_goodbye_does_not_come_back(server):
    client, opened = recoverable(server, "websocket")
    auth = client.read()
    client.send("41", "1")
    ended(client)
    _, other = again(server, "websocket", {"pid": opened["pid"], "offset": offset_of(auth)})
    assert other["sid"] != opened["sid"]


@test(queue_bytes=40_000, max_payload=40_000)
def what_is_kept_for_recovery_is_bounded(server):
    client, opened = recoverable(server, "websocket")
    auth = client.read()
    for number in range(20):
        client.send(f'42["message","{"x" * 1_000}"]')
        client.read()
    client.ws.close()
    _, other = again(server, "websocket", {"pid": opened["pid"], "offset": offset_of(auth)})
    assert other["sid"] != opened["sid"]


@test(pending_acks=3)
def who_waits_for_too_many_answers_is_not_read_on_and_loses_none(server):
    for revision, transport in BOTH:
        client = connected(server, revision, transport)
        client.send('421["sleep",300]')
        for id in range(2, 40):
            client.send(f'42{id}["message-with-ack",{id}]')
        client.expect("431[]", *(f"43{id}[{id}]" for id in range(2, 40)))


@test()
def messages_right_behind_the_return_reach_the_old_session(server):
    for _ in range(20):
        client, opened = recoverable(server, "websocket")
        auth = client.read()
        client.ws.close()
        client = Eio(server, 4, "websocket", "/recovery/", patience=SOON)
        claim = json.dumps({"pid": opened["pid"], "offset": offset_of(auth)})
        client.send(f"40{claim}", *(f'42["message",{number}]' for number in range(50)))
        assert json.loads(client.read()[2:]) == opened
        for number in range(50):
            assert json.loads(client.read()[2:])[:2] == ["message-back", number]


@test(own=True)
def a_recovered_session_is_one_session(server):
    client, opened = recoverable(server, "websocket")
    auth = client.read()
    for _ in range(3):
        client.ws.close()
        client, second = again(server, "websocket", {"pid": opened["pid"], "offset": offset_of(auth)})
        assert second == opened
    server.until(lambda: server.stats()["sessions"] == 1)
    assert server.stats()["carriers"]["websocket"] == 1
    client.send("41", "1")
    server.until(lambda: server.stats()["sessions"] == 0)
