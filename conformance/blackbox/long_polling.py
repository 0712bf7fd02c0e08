"""`long_polling` (protocol.md 12.2)."""
import json
import select
import socket

from exchange import body_lines, body_of, lines_of
from harness import test
from packets import Refused, event
from wire import Client

PATH = "/long_polling"


def raw_post(server, version, body, headers=""):
    """A POST over a connection of its own; gives the status line, the headers and the body, read to the end."""
    with socket.create_connection(("127.0.0.1", server.port), 20) as connection, connection.makefile("rb") as file:
        connection.sendall(f"POST /everwire{PATH} HTTP/{version}\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        head, _, answer = file.read().partition(b"\r\n\r\n")
    return head.decode().lower(), answer.decode()


@test()
def works_with_http_1_0(server):
    client = Client(server)
    client.number(["c"])
    head, body = raw_post(server, "1.0", body_of(client.attach_head(first=1, serial=1), ["c"]))
    assert head.startswith("http/1.") and " 200 " in head.split("\r\n")[0] and "transfer-encoding" not in head, head
    for packet in body_lines(body):
        client.take(packet)
    client.serial, packets = 1, [event("message-with-ack", 1, id=1)]
    client.number(packets)
    poll = body_of(client.post_head(packets, attach=1, poll=1, first=2), packets)
    head, body = raw_post(server, "1.0", poll, "Content-Type: text/plain\r\n")
    assert "a1[1]" in body.split("\n"), body
    assert "transfer-encoding" not in head


@test()
def an_event_and_its_ack_are_one_request(server):
    client = Client(server, "long_polling").opened()
    before = client.http.requests
    client.works()
    assert client.http.requests == before + 1


@test()
def two_connections_alternate(server):
    client = Client(server, "long_polling").opened()
    assert client.ask("join", "alternating") == [True]
    client.works()
    carrier = client.carrier
    older = carrier.start_poll()
    for turn in range(5):
        client.emit("message-with-ack", turn, id=turn)
        newer = carrier.start_poll()
        # What the newer brought rides on the older, unless that came too late to be the older, or the handler was slower.
        answers = older_answer(client, older)
        while f"a{turn}[{turn}]" not in answers:
            answers = lines_of(client.http.finish(newer))
            newer = carrier.start_poll()
        client.received += 1
        older = newer
    carrier.waiting = older
    other = Client(server, "websocket").opened()
    other.emit("say", "alternating", 1)
    client.expect(event("said", "alternating", 1))


def older_answer(client, poll):
    try:
        return lines_of(client.http.finish(poll))
    except Refused as refusal:
        assert refusal.code == "stale_poll", refusal
        return []


@test()
def a_poll_hangs_until_there_is_something_to_say(server):
    client = Client(server, "long_polling").opened()
    other = Client(server, "websocket").opened()
    assert client.ask("join", "hanging") == [True]
    client.works()
    while True:  # until all counts are told
        poll = client.carrier.start_poll()
        if not select.select([poll.sock], [], [], 0.3)[0]:
            break
        client.step()
    other.emit("say", "hanging", 1)
    client.expect(event("said", "hanging", 1))


@test()
def a_poll_says_how_long_it_may_wait(server):
    client = Client(server, "long_polling").opened().works()
    while (packets := poll(client, wait=0))[1:] != ["h"]:  # a count that was still to be told
        assert len(packets) == 1, packets
    assert poll(client, wait=1)[1:] == ["h"]
    other = Client(server, "websocket").opened()
    assert client.ask("join", "waiting") == [True]
    client.works()
    hanging = start_poll(client, wait=2**53 - 1)
    other.emit("say", "waiting", 1)
    other.works()
    while not (messages := lines_of(client.http.finish(hanging))[1:]):
        hanging = start_poll(client, wait=2**53 - 1)
    assert messages == [event("said", "waiting", 1)], messages


def poll(client, wait):
    return lines_of(client.http.finish(start_poll(client, wait)))


def start_poll(client, wait):
    client.carrier.poll += 1
    head = client.post_head([], attach=1, poll=client.carrier.poll, wait=wait)
    return client.http.start("POST", PATH, body_of(head, []), client.post_headers())


@test()
def an_open_without_a_namespace_is_answered_at_once(server):
    client = Client(server)
    client.attach("long_polling").welcomed()
    assert client.http.requests == 1 and client.received == 0
    client.send("c")
    client.opened()


@test()
def answers_are_not_kept_by_anybody(server):
    client = Client(server)
    client.number(["c"])
    answer = client.http.post(PATH, body_of(client.attach_head(first=1, serial=1), ["c"]))
    assert answer.headers["cache-control"] == "no-store, no-transform"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@test()
def the_welcome_is_whole_and_later_ones_short(server):
    client = Client(server, "long_polling").opened()
    assert set(client.welcome) == {"session", "token", "attach", "first", "received", "consumed", "ping", "timeout", "grace",
                                   "window", "max", "acks"}
    assert client.welcome | {"session": 0, "token": 0} == {
        "session": 0, "token": 0, "attach": 1, "first": 1, "received": 1, "consumed": 0, "ping": 10_000, "timeout": 8_000,
        "grace": 120_000, "window": 1_048_576, "max": 1_000_000, "acks": 1000}
    client.emit("echo", 1)
    short = json.loads(client.carrier.read()[0][1:])
    assert set(short) == {"first", "received", "consumed"}, short
