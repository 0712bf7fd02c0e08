"""Heartbeats (protocol.md 7)."""
from carriers import CARRIERS
from harness import raises, test
from packets import Refused, split
from wire import Client

FAST = {"ping_interval_ms": 300, "ping_timeout_ms": 200}
# For those who answer: a busy machine may be late.
PATIENT = {"ping_interval_ms": 300, "ping_timeout_ms": 3000}
ALL = list(CARRIERS)


@test(ALL, **PATIENT)
def a_client_that_answers_is_kept(server, transport):
    client = Client(server, transport).opened()
    assert (client.welcome["ping"], client.welcome["timeout"]) == (300, 3000)
    # So long that nobody would be kept who did not answer.
    while client.heartbeats < 14:
        client.step()
    assert client.inbox == []
    client.works()


@test(["websocket", "streaming", "event_source", "forever_iframe"], **FAST)
def a_mute_client_is_suspended_and_may_come_back(server, transport):
    client = Client(server, transport)
    client.opened().works()
    client.confirms = False
    assert client.refused() == "heartbeat"
    client.confirms = True
    client.attach(transport).works()


@test(["long_polling", "jsonp"], own=True, **FAST)
def a_client_that_polls_no_more_is_suspended_and_may_come_back(server, transport):
    client = Client(server, transport).opened().works()
    server.until(lambda: server.stats()["suspended"])
    assert raises(Refused, client.receive).code == "stale"
    client.attach(transport).works()


@test(**PATIENT)
def a_poll_is_answered_with_a_heartbeat_within_ping(server):
    client = Client(server, "long_polling").opened()
    client.works()
    packets = client.carrier.read()
    while len(packets) == 1:  # a count that was still to be told
        packets = client.carrier.read()
    assert [packet[0] for packet in packets] == ["W", "h"], packets
    assert set(split(packets[0])[3]) == {"first", "received", "consumed"}, packets
