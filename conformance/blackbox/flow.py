"""Credit, queues, slow handlers and slow readers (protocol.md 6)."""
import json

from carriers import CARRIERS
from exchange import body_of, lines_of
from frames import WsClosed
from harness import raises, test
from packets import Closed, Refused, event
from wire import Client

ALL = list(CARRIERS)
LARGE = "x" * 100_000


@test()
def a_client_that_ignores_its_credit_is_closed(server):
    client = Client(server, "websocket").opened()
    client.emit("sleep", 3000, id=1)
    client.send(*(event("echo", LARGE) for _ in range(12)))
    try:
        while True:
            client.receive()
    except (Refused, Closed) as end:
        assert end.code == "credit", end
    close = raises(WsClosed, client.carrier.ws.receive)
    assert (close.number, close.reason) == (4010, "credit"), close
    client.queue.clear()  # together they are larger than a body may be
    refused = raises(Refused, lambda: client.attach("long_polling").welcomed())
    assert refused.code == "credit", refused


@test()
def a_post_beyond_the_credit_is_refused(server):
    client = Client(server, "streaming").opened()
    client.emit("sleep", 3000, id=1)
    client.send(*(event("echo", LARGE) for _ in range(9)))
    refusal = raises(Refused, lambda: client.send(*(event("echo", LARGE) for _ in range(3))))
    assert (refusal.status, refusal.code) == (400, "credit"), refusal


@test(ALL)
def a_slow_handler_runs_its_own_client_out_of_credit(server, transport):
    client, other = Client(server, transport).opened(), Client(server, "websocket").opened()

    def up(*packets):
        """Without waiting for what comes down: a POST is valid beside any carrier."""
        if transport == "websocket":
            return client.send(*packets)
        client.number(packets)
        return client.http.post("/send", body_of(client.post_head(packets), packets))

    if transport in ("event_source", "forever_iframe"):
        client.carrier.begin()  # else there is nothing that could be told the end
    up(event("sleep", 3000, id=1))
    taken = up(*(event("echo", LARGE) for _ in range(9)))
    other.works()
    if transport != "websocket":
        assert lines_of(taken)[0].startswith("W") and json.loads(lines_of(taken)[0][1:])["consumed"] < 1_000, taken.body
    refused = up(*(event("echo", LARGE) for _ in range(3)))
    if transport != "websocket":
        assert (refused.status, refused.refusal()["error"]) == (400, "credit"), refused.body
    assert client.ended() == "credit"
    other.works()


@test()
def what_needs_no_credit_is_taken_while_a_handler_sleeps(server):
    client = Client(server, "websocket").opened()
    client.emit("sleep", 1500, id=1)
    for _ in range(5):
        client.emit("echo", LARGE)
    # Five times 100,000 bytes are more than a quarter of the window: they are counted at once, though no handler ran.
    while client.confirmed < 4:
        client.step()
    assert client.inbox == [], "the handler had ended already"
    client.carrier.ws.send_bytes(client.carrier.ws.frame(9, b"there?"))
    assert client.carrier.ws.read_frame() == (10, b"there?")
    client.expect("a1[]", *(event("echo", LARGE) for _ in range(5)))


@test()
def credit_comes_back_as_handlers_finish(server):
    client = Client(server, "websocket").opened()
    for number in range(40):
        client.emit("echo", number, LARGE)
        client.expect(event("echo", number, LARGE))


@test()
def the_server_keeps_to_the_clients_credit(server):
    client = Client(server, window=5000, confirms=False)
    client.attach("long_polling", "c").opened()
    client.emit("count", 1000, id=1)
    while client.received < 1003:  # o, auth, the ticks, the ack
        told, before = client.consumed, client.consumed
        client.step()  # a poll says `told`
        assert client.consumed <= told + 5000 and client.consumed > before or client.received == 1003
    client.expect(*(event("tick", i) for i in range(1000)), "a1[1000]")


@test(["websocket", "long_polling", "streaming"], own=True, queue_bytes=20_000, max_payload=20_000)
def awaited_emits_wait_for_a_client_that_does_not_confirm(server, transport):
    client = Client(server, window=10**9, confirms=False)
    client.attach(transport, "c").opened()
    client.emit("count", 5000, id=1)
    if transport == "long_polling":
        client.carrier.start_poll()  # it takes the event along, and what it brings back is not read yet
    kept = lambda: (stats := server.stats())["queued_bytes"] + stats["replay_bytes"]
    server.until(lambda: kept() > 10_000)  # half is for what does not wait
    assert kept() < 10_000 + len(event("tick", 5000)), kept()
    client.confirms, client.window = True, 8_000  # confirms from now on, every 2,000 bytes
    if transport != "long_polling":
        client.say_counts()
    client.expect(*(event("tick", i) for i in range(5000)), "a1[5000]")


@test(ALL, own=True, queue_bytes=40_000, max_payload=40_000)
def who_reads_well_is_not_ended_however_small_the_queue(server, transport):
    # A client tells its counts by itself after a quarter of its window: of far more than the queue holds.
    client, other = Client(server, transport, window=10**9).opened(), Client(server, "websocket").opened()
    for number in range(60):
        other.emit("pub", number, "x" * 5_000)
        for each in (other, client):
            each.expect(event("ev", number, "x" * 5_000))
    other.works()
    client.works()


@test(["websocket", "streaming"], own=True, queue_bytes=100_000, max_payload=100_000)
def a_client_that_is_too_slow_is_told(server, transport):
    slow = Client(server, window=10**9, confirms=False)
    slow.attach(transport, "c").opened()
    flood(server)
    assert slow.ended() == "slow_consumer"
    if transport == "websocket":
        close = raises(WsClosed, slow.carrier.ws.receive)
        assert (close.number, close.reason) == (4008, "slow_consumer"), close


@test(own=True, queue_bytes=100_000, max_payload=100_000)
def a_client_that_polls_no_more_is_told_when_it_comes_back(server):
    slow = Client(server, "long_polling").opened()
    flood(server)
    assert slow.ended() == "slow_consumer"
    assert raises(Refused, lambda: slow.attach("websocket").welcomed()).code == "slow_consumer"


@test(ALL, pending_acks=3)
def who_waits_for_as_many_answers_as_allowed_is_refused_the_next(server, transport):
    client = Client(server, transport).opened()
    assert client.welcome["acks"] == 3, client.welcome
    client.emit("sleep", 600, id=1)
    client.send(*(event("message-with-ack", id, id=id) for id in (2, 3, 4)), event("echo", "none"), event("message-with-ack", 5, id=5))
    refused = ['x4{"code":"pending_acks"}', 'x5{"code":"pending_acks"}']
    client.expect(*refused, "a1[]", "a2[2]", "a3[3]", event("echo", "none"))
    client.works()


def flood(server):
    other = Client(server, "websocket").opened()
    for number in range(30):
        other.emit("pub", "x" * 10_000)
        assert json.loads(other.receive()[1:])[0] == "ev"
        other.say_counts()
    other.works()
