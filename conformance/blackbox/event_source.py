"""`event_source` (protocol.md 12.3): tickets, and what is said before the stream stands."""
import time

from harness import test
from packets import event, random_key, split
from wire import Client


@test(["event_source", "forever_iframe"])
def until_the_stream_stands_answers_carry_messages(server, transport):
    client = Client(server, transport).opened()
    for number in range(5):
        client.emit("echo", number)
    client.expect(*(event("echo", number) for number in range(5)))
    assert client.carrier.response is None, "no stream was asked for"
    client.carrier.begin()
    client.emit("echo", "on the stream")
    client.expect(event("echo", "on the stream"))


@test(["event_source", "forever_iframe"])
def what_answers_carried_and_nobody_confirmed_comes_again_on_the_stream(server, transport):
    client = Client(server, transport).opened()
    client.received = client.consumed = 0  # as if the answer had been lost
    client.carrier.begin()
    client.opened()


@test()
def a_ticket_is_good_once(server):
    client = Client(server, "event_source").opened()
    ticket = client.ticket
    client.carrier.begin()
    for wrong in (f"?ticket={ticket}", f"?ticket={random_key()}", "?ticket=", "?ticket=__proto__", "", f"?ticket={'x' * 4000}"):
        answer = client.http.request("GET", "/event_source" + wrong)
        assert (answer.status, answer.body) == (204, b""), (wrong, answer.status)
    client.works()


@test()
def a_ticket_is_good_for_10_s(server):
    client = Client(server, "event_source").opened()
    time.sleep(10.5)  # the rule itself is about time
    assert client.http.request("GET", f"/event_source?ticket={client.ticket}").status == 204
    client.attach("event_source").works()


@test()
def a_ticket_of_a_former_attach_opens_nothing(server):
    client = Client(server, "event_source").opened()
    old = client.carrier
    url = old.url()
    client.attach("event_source")
    stream = client.http.start("GET", url).getresponse()
    assert stream.status == 204 or stream.readline().startswith(b'data: r{"error":"stale"'), stream.status
    client.works()


@test()
def the_stream_begins_with_a_short_welcome(server):
    client = Client(server, "event_source").opened()
    client.carrier.begin()
    response = client.carrier.response
    assert response.headers["x-accel-buffering"] == "no" and response.headers["cache-control"] == "no-store, no-transform"
    line = response.readline().decode()
    assert line.startswith("data: W{") and response.readline() == b"\n"
    assert {"first", "received", "consumed"} <= set(split(line[6:-1])[3]) <= {"first", "received", "consumed", "ticket"}
