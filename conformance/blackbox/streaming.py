"""`streaming` (protocol.md 12.4), and the way up that all streams share."""
from exchange import body_of
from harness import raises, test
from packets import Cut, Refused, event
from wire import Client


@test()
def padding_comes_as_asked(server):
    for asked, given in ((None, 0), (0, 0), (100, 100), (4096, 4096), (99_999, 4096)):
        client = Client(server)
        client.attach("streaming", "c", pad=asked)
        client.carrier.begin()
        response = client.carrier.response
        if given:
            assert response.readline() == b" " * given + b"\n"
        assert response.readline().startswith(b"W{")
        assert response.headers["x-accel-buffering"] == "no"
        assert response.headers["content-type"] == "text/plain; charset=utf-8"
        assert response.headers["cache-control"] == "no-store, no-transform"


@test(["streaming", "event_source", "forever_iframe"], stream_bytes=50_000)
def the_welcome_says_when_a_stream_ends(server, transport):
    client = Client(server, transport).opened()
    assert client.welcome["stream"] == 50_000
    client.carrier.begin()  # else answers to posts carry it all
    number = next(number for number in range(100) if ends_with(client, event("echo", number, "x" * 1000)))
    # What frames the lines counts, too.
    assert 40 < number < 50, number
    client.attach(transport).works()


def ends_with(client, packet):
    """Whether the stream ends before the answer to this."""
    client.send(packet)
    try:
        client.expect(packet)
    except Cut:
        return True
    return False


@test()
def only_streams_end_by_size(server):
    for transport in ("websocket", "long_polling", "jsonp"):
        assert "stream" not in Client(server, transport).opened().welcome


@test()
def a_long_stream_ends_between_two_lines_and_nothing_is_lost(server):
    client = Client(server, "streaming").opened()
    ended = 0
    for number in range(60):
        packet = event("echo", number, "x" * 100_000)
        client.send(packet)
        try:
            client.expect(packet)
        except Cut:
            ended += 1
            client.attach("streaming").expect(packet)
    assert ended == 1, ended


@test()
def a_post_is_valid_whatever_carrier_is_current(server):
    client = Client(server, "websocket").opened()
    packets = [event("echo", "by post")]
    client.number(packets)
    answer = client.http.post("/send", body_of(client.post_head(packets, first=2), packets))
    assert answer.status == 200, answer.text()
    client.expect(event("echo", "by post"))


@test()
def a_post_is_valid_without_a_carrier(server):
    client = Client(server, "websocket").opened()
    client.carrier.cut()
    packets = [event("echo", "by post")]
    client.number(packets)
    answer = client.http.post("/send", body_of(client.post_head(packets, first=2), packets))
    assert answer.status == 200, answer.text()
    client.attach("streaming").expect(event("echo", "by post"))


@test()
def a_post_is_answered_without_waiting_for_its_handlers(server):
    client = Client(server, "streaming").opened()
    client.emit("sleep", 1000, id=1)
    assert client.confirmed == 1
    client.step()  # the answer to the post, before the ack
    assert client.confirmed == 2 and client.inbox == []
    client.expect("a1[]")


@test()
def a_refused_attach_has_a_status(server):
    client = Client(server, "streaming").opened()
    client.attach_number, client.welcome = 0, None
    refusal = raises(Refused, lambda: client.attach("streaming").welcomed())
    assert (refusal.status, refusal.code) == (409, "stale")
