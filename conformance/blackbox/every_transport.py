"""What every transport must be able to do alone."""
import json
import os

from carriers import CARRIERS
from harness import test
from packets import Refused, binary, event, split
from wire import Client

ALL = list(CARRIERS)


@test(ALL)
def opens_in_one_flight_with_auth_and_events(server, transport):
    client = Client(server)
    client.attach(transport, 'c{"name":"ann"}', event("echo", 1))
    client.welcomed()
    assert split(client.receive())[0] == "o"
    client.expect(event("auth", {"name": "ann"}))
    # The script and its form go out together.
    assert client.http.requests <= {"websocket": 0, "jsonp": 2}.get(transport, 1), client.http.requests
    client.expect(event("echo", 1))


@test(ALL)
def carries_200_events_both_ways_in_order(server, transport):
    client = Client(server, transport).opened()
    for number in range(0, 200, 20):
        client.send(*(event("echo", i, "x" * i) for i in range(number, number + 20)))
    client.expect(*(event("echo", i, "x" * i) for i in range(200)))
    assert client.ask("count", 200) == [200]


@test(ALL)
def numbers_up_come_once_and_in_order(server, transport):
    client = Client(server, transport).opened()
    for number in range(0, 200, 10):
        client.send(*(event("seq", i) for i in range(number, number + 10)))
    assert client.ask("seq-report") == [{"received": 200, "duplicates": 0, "reordered": 0, "missing": 0}]


@test(ALL)
def answers_acks(server, transport):
    client = Client(server, transport).opened()
    client.emit("message-with-ack", 1, "two", {"three": [None]}, id=7)
    client.emit("message-with-ack", id=0)
    client.emit("message-with-ack", "last", id=2**53 - 1)
    client.expect('a7[1,"two",{"three":[null]}]', "a0[]", 'a9007199254740991["last"]')


@test(ALL)
def carries_binary_both_ways(server, transport):
    client = Client(server, transport).opened()
    parts = [bytes(range(256)), b"", os.urandom(70_000)]
    head = r'["echo","\u00000",{"deep":["\u00001","\u0000\u0000not a placeholder"]},"\u00002"]'
    client.send(binary("e" + head, *parts))
    client.expect(binary("e" + head, *parts))
    client.send(binary(r'e5["message-with-ack","\u00000"]', b"\n\0\xff"))
    client.expect(binary(r'a5["\u00000"]', b"\n\0\xff"))


@test(ALL)
def carries_large_messages_both_ways(server, transport):
    client = Client(server, transport).opened()
    packet = event("echo", "x" * 900_000)
    client.send(packet)
    client.expect(packet)
    packet = binary(r'e["echo","\u00000"]', os.urandom(700_000))
    client.send(packet)
    client.expect(packet)


@test(ALL)
def carries_any_text(server, transport):
    client = Client(server, transport).opened()
    texts = ["</script><script>alert(1)</script>", "<!--", "]]>", "\u2028\u2029", "\r\ndata: x\n\n", "ü€𝄞", "'\"\\&", "\x7f\x01",
             " leading", "__proto__"]
    for text in texts:
        client.send("e" + json.dumps(["echo", text, {text: text}], separators=(",", ":")))
    for text in texts:
        kind, _, _, body = split(client.receive())
        assert (kind, body) == ("e", ["echo", text, {text: text}]), body


@test(ALL)
def takes_volatile_events(server, transport):
    client = Client(server, transport).opened()
    client.send('v["echo","volatile"]', event("echo", "counted"))
    client.expect(event("echo", "volatile"), event("echo", "counted"))
    assert client.confirmed <= client.sent == 2
    client.works()


@test(ALL)
def has_namespaces(server, transport):
    client = Client(server, transport).opened()
    client.send('c/custom,{"as":"bob"}')
    kind, namespace, _, body = split(client.receive())
    assert (kind, namespace) == ("o", "/custom") and body["id"], body
    client.expect('e/custom,["auth",{"as":"bob"}]')
    client.emit("echo", "there", namespace="/custom")
    client.expect('e/custom,["echo","there"]')
    client.emit("message-with-ack", 1, namespace="/custom", id=3)
    client.expect("a/custom,3[1]")
    client.send('l/custom,{"code":"client_disconnect"}')
    client.emit("echo", "nobody", namespace="/custom", id=4)
    kind, namespace, id, body = split(client.receive())
    assert (kind, namespace, id, body["code"]) == ("x", "/custom", 4, "unknown_namespace"), body
    client.works()


@test(ALL)
def denies(server, transport):
    client = Client(server, transport).opened()
    client.send("c/nowhere,")
    kind, namespace, _, body = split(client.receive())
    assert (kind, namespace, body["message"]) == ("d", "/nowhere", "Invalid namespace"), body
    client.send('c/custom,{"deny":true}')
    kind, namespace, _, body = split(client.receive())
    assert (kind, namespace, body["message"]) == ("d", "/custom", "denied"), body
    client.works()


@test(ALL)
def denies_an_open(server, transport):
    client = Client(server)
    client.attach(transport, 'c{"deny":true}')
    kind, _, _, body = split(client.receive())
    assert (kind, body["message"]) == ("d", "denied"), body


@test(ALL)
def has_rooms(server, transport):
    one = Client(server, transport).opened()
    two = Client(server, "websocket").opened()
    room = f"room of {transport}"
    assert one.ask("join", room) == [True]
    two.emit("say", room, "hello", {"n": 1})
    one.expect(event("said", room, "hello", {"n": 1}))
    assert two.ask("join", room) == [True]
    one.emit("say", room, "back")
    one.works()
    two.expect(event("said", room, "back"))
    assert one.ask("leave", room) == [True]
    two.emit("say", room, "nobody is left")
    two.works()
    one.works()


@test(ALL)
def reports_a_panic_and_lives(server, transport):
    client = Client(server, transport).opened()
    client.emit("boom")
    kind, _, id, body = split(client.receive())
    assert (kind, id, body["code"], body["event"]) == ("x", None, "handler_panic", "boom"), body
    client.emit("boom", id=5)
    kind, _, id, body = split(client.receive())
    assert (kind, id, body["code"]) == ("x", 5, "handler_panic"), body
    client.works()


@test(ALL)
def reports_unfit_events(server, transport):
    client = Client(server, transport).opened()
    rows = [
        ("[1]", "bad_event"), ("[]", "bad_event"), ('[""]', "bad_event"), ("[null]", "bad_event"), ('[["a"]]', "bad_event"),
        (f'["{"n" * 129}"]', "bad_event"), (f'["{"ü" * 65}"]', "bad_event"), ('["sleep","x"]', "bad_data"),
        ('["nothing here"]', "no_handler"), ('["__proto__"]', "no_handler"),
    ]
    reserved = ["connect", "connect_error", "disconnect", "disconnecting", "suspended", "resumed", "transport", "error"]
    rows += [(json.dumps([name]), "reserved_event") for name in reserved]
    for id, (body, code) in enumerate(rows):
        client.send(f"e{id}{body}")
    for id, (sent, code) in enumerate(rows):
        kind, _, answered, body = split(client.receive())
        assert (kind, answered, body["code"]) == ("x", id, code), (sent, body)
    client.works()


@test(ALL)
def closes_when_the_client_says_so(server, transport):
    client = Client(server, transport).opened()
    client.send("z" + json.dumps({"code": "client_disconnect", "final": client.sent}))
    assert client.ended() == "client_disconnect"


@test(ALL)
def closes_when_the_server_says_bye(server, transport):
    client = Client(server, transport).opened()
    client.emit("bye")
    kind, namespace, _, body = split(client.receive())
    assert (kind, namespace, body["code"]) == ("l", "/", "server_disconnect"), (kind, body)


@test(["websocket", "streaming", "long_polling"])
def a_packet_has_at_most_1000_attachments(server, transport):
    client = Client(server, transport).opened()

    def with_attachments(count):
        return binary("e" + json.dumps(["echo", *(f"\0{i}" for i in range(count))], separators=(",", ":")), *[b"x"] * count)
    client.send(with_attachments(1000))
    client.expect(with_attachments(1000))
    try:
        client.send(with_attachments(1001))
        client.receive()
        raise AssertionError("1,001 were taken")
    except Refused as refusal:
        assert refusal.code == "attachments", refusal
