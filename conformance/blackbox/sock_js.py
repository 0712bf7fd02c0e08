"""SockJS over HTTP: what goes down each of its ways, chunk by chunk, and what each bad request is answered."""
import json
import urllib.parse

from harness import test
from sock import DOWN, FORM, JSON, STREAMS, Reply, Sock, unwrap

TYPES = {"xhr": "application/javascript; charset=UTF-8", "xhr_streaming": "application/javascript; charset=UTF-8",
         "eventsource": "text/event-stream", "htmlfile": "text/html; charset=UTF-8",
         "jsonp": "application/javascript; charset=UTF-8"}
TEXTS = ["x", "", "é 😀", "\u0000\n\r\t\"\\", "\u200c\u2028\u202e\u2060\ufff0\uffff", "</script><!--<script>", "]]>&'"]


@test(DOWN)
def messages_go_both_ways(server, way):
    sock = Sock(server, way).opened()
    sock.send(*TEXTS)
    assert sock.messages(len(TEXTS)) == TEXTS
    sock.send()
    sock.send("after nothing")
    assert sock.messages(1) == ["after nothing"]


@test(DOWN)
def one_answer_after_the_other_loses_nothing(server, way):
    # The testbed ends a stream after 4,096 bytes.
    sock = Sock(server, way).opened()
    sent = [f"{number}".zfill(100) for number in range(200)]
    for at in range(0, len(sent), 20):
        sock.send(*sent[at:at + 20])
    assert sock.messages(len(sent)) == sent


@test(STREAMS)
def a_stream_ends_at_its_limit(server, way):
    sock = Sock(server, way).opened()
    sock.send("x" * 5000)
    assert sock.messages(1) == ["x" * 5000]
    assert sock.reply.chunk() == ""


@test(DOWN)
def answers_say_what_they_are(server, way):
    reply = Sock(server, way, headers={"Origin": "http://page.example"}).start()
    assert reply.status == 200
    assert reply.headers["content-type"] == TYPES[way]
    assert reply.headers["cache-control"] == "no-store, no-cache, no-transform, must-revalidate, max-age=0"
    assert reply.headers["x-content-type-options"] == "nosniff"
    if way not in ("htmlfile", "jsonp"):
        assert reply.headers["access-control-allow-origin"] == "http://page.example"
        assert reply.headers["access-control-allow-credentials"] == "true"


@test(DOWN)
def fragile_characters_are_escaped(server, way):
    sock = Sock(server, way).opened()
    sock.send("\u200d\u2028\u2060\uffff</script>")
    reply = sock.reply or sock.start()
    text = reply.chunk() if way in STREAMS else reply.text()
    assert not set("\u200d\u2028\u2060\uffff") & set(text), text
    if way in ("htmlfile", "jsonp"):
        # Nothing in a message can end the script.
        assert text.count("<") == (2 if way == "htmlfile" else 0), text
    else:
        assert r"\u200d\u2028\u2060\uffff" in text, text


@test(DOWN)
def the_server_s_end_is_told_again_and_again(server, way):
    sock = Sock(server, way, "/close").opened()
    for _ in range(3):
        assert sock.ended() == [3000, "Go away!"]
        sock.reply = None


@test(DOWN)
def the_server_s_end_comes_at_once(server, way):
    sock = Sock(server, way, "/events").opened()
    assert [json.loads(text)["event"] for text in sock.messages(1)] == ["auth"]
    waiting = sock.reply or sock.start()
    sock.send('{"event":"bye","args":[]}')
    waiting.socket.settimeout(3)
    text = waiting.chunk() if way in STREAMS else waiting.text()
    assert json.loads(unwrap(way, text)[1:]) == [3000, "bye"], text
    if way in STREAMS:
        assert waiting.chunk() == ""


@test(DOWN, own=True)
def a_second_receiver_is_told_and_the_first_goes_on(server, way):
    sock = Sock(server, way).opened()
    first = sock.reply or sock.start()
    server.until(lambda: server.stats()["open_requests"] == 1)
    second = sock.start()
    text = second.chunk() if way in STREAMS else second.text()
    assert unwrap(way, text) == 'c[2010,"Another connection still open"]', text
    if way in STREAMS:
        assert second.chunk() == ""
    sock.send("for the first")
    assert unwrap(way, first.chunk() if way in STREAMS else first.text()) == 'a["for the first"]'


@test(DOWN, own=True)
def who_goes_away_while_it_waits_has_ended_the_session(server, way):
    sock = Sock(server, way).opened()
    waiting = sock.reply or sock.start()
    server.until(lambda: server.stats()["open_requests"] == 1)
    waiting.close()
    server.until(lambda: server.stats()["open_requests"] == 0)
    sock.reply = None
    assert sock.ended() == [1002, "Connection interrupted"]
    server.until(lambda: server.stats()["sessions"] == 0)


@test(["xhr", "xhr_streaming", "jsonp"], own=True)
def who_gives_up_and_asks_again_at_once_is_told_so(server, way):
    # Two connections may be heard in either order.
    for _ in range(20):
        sock = Sock(server, way).opened()
        waiting = sock.reply or sock.start()
        server.until(lambda: server.stats()["open_requests"] == 1)
        waiting.close()
        sock.reply = None
        assert sock.ended() == [1002, "Connection interrupted"]
        if sock.reply:
            assert sock.reply.chunk() == ""


@test(DOWN, own=True)
def who_never_comes_back_is_forgotten(server, way):
    sock = Sock(server, way, "/close").opened()
    assert sock.ended() == [3000, "Go away!"]
    for mount in ["/echo", "/events"]:
        Sock(server, "xhr", mount).opened()
    server.until(lambda: all(server.stats()[key] == 0 for key in ["sessions", "rooms", "queued_bytes", "open_requests"]))
    assert sock.post('["x"]').status == 404


@test(queue_bytes=50_000, max_payload=50_000)
def who_takes_nothing_is_ended_at_the_limit_of_its_queue(server):
    sock, other = Sock(server, "xhr", "/broadcast").opened(), Sock(server, "xhr", "/broadcast").opened()
    for number in range(12):
        other.send(f"{number}" + "x" * 9_000)
        other.messages(1)
    frame = sock.frame()
    while frame[0] == "a":
        frame = sock.frame()
    assert json.loads(frame[1:]) == [4008, "slow_consumer"], frame


@test()
def sessions_that_are_not_there(server):
    for way in ["xhr_send", "jsonp_send"]:
        reply = Reply(server, "POST", f"/echo/0/nobody/{way}", '["x"]', JSON)
        assert (reply.status, reply.text()) == (404, "Not found.\n")
    paths = ["/echo//a/xhr", "/echo/a//xhr", "/echo/a./b/xhr", "/echo/a/b./xhr", "/echo/../xhr", "/echo/a/b/", "/echo/a/b/c",
             "/echo/a/b/xhr/", "/echo/a/b/XHR", "/echo/a/b/__proto__", "/echo/a", "/echo/info/", "/echo/a/b/c/xhr"]
    for path in paths:
        for method in ["GET", "POST"]:
            assert Reply(server, method, path, "" if method == "POST" else None).status == 404, path
    # A session is of its mount.
    sock = Sock(server).opened()
    sock.path = sock.path.replace("/echo/", "/broadcast/")
    assert sock.post('["x"]').status == 404


@test()
def other_methods_are_told_the_right_one(server):
    table = {"xhr": "OPTIONS, POST", "xhr_streaming": "OPTIONS, POST", "xhr_send": "OPTIONS, POST", "jsonp_send": "OPTIONS, POST",
             "eventsource": "GET", "htmlfile": "GET", "jsonp": "GET", "websocket": "GET"}
    for way, allowed in table.items():
        for method in {"GET", "POST", "PUT", "DELETE"} - set(allowed.split(", ")):
            reply = Reply(server, method, f"/echo/0/a/{way}", "" if method != "GET" else None, {"Upgrade": "websocket"})
            assert (reply.status, reply.headers["allow"], reply.text()) == (405, allowed, ""), (way, method)
    for path, allowed in [("/echo/info", "OPTIONS, GET"), ("/echo/iframe.html", "GET"), ("/echo/websocket", "GET")]:
        reply = Reply(server, "POST", path, "")
        assert (reply.status, reply.headers["allow"]) == (405, allowed), path


@test(max_payload=20_000)
def bad_bodies(server):
    many = json.dumps(["x"] * 10_001)
    table = [("", 500, "Payload expected."), ('["x', 500, "Broken JSON encoding."), ("[1]", 500, "Broken JSON encoding."),
             ("{}", 500, "Broken JSON encoding."), ('["x"] ["y"]', 500, "Broken JSON encoding."),
             (r'["\ud800"]', 500, "Broken JSON encoding."), (b'["\xff"]', 500, "Broken JSON encoding."),
             ("[" * 10_000, 500, "Broken JSON encoding."), (json.dumps(["x" * 21_100]), 413, "Larger than allowed."),
             (json.dumps([""] * 5_000), 204, ""), (many, 413, "Larger than allowed.")]
    sock = Sock(server).opened()
    for body, status, text in table:
        reply = sock.post(body)
        assert (reply.status, reply.text()) == (status, text), body[:40]
    reply = sock.post('["x"]', {"Content-Encoding": "gzip"})
    assert (reply.status, reply.text()) == (415, "Bodies must not be compressed.")
    sock.messages(5_000)
    jsonp = Sock(server, "jsonp").opened()
    for body, status, text in [("", 500, "Payload expected."), ("d=", 500, "Payload expected."), ("p=p", 500, "Payload expected."),
                               ("d=%5B%22x", 500, "Broken JSON encoding."), ("d=%ff", 500, "Payload expected."),
                               ("d=" + urllib.parse.quote(json.dumps(["ü" * 10_000])), 413, "Larger than allowed."),
                               ("d=" + "x" * 70_000, 413, "Larger than allowed.")]:
        reply = jsonp.post(body, FORM)
        assert (reply.status, reply.text()) == (status, text), body[:40]
    # Its client escapes all of a message.
    reply = jsonp.post("d=" + urllib.parse.quote('["' + "é" * 9_000 + '"]'), FORM)
    assert (reply.status, reply.text()) == (200, "ok")
    assert jsonp.messages(1) == ["é" * 9_000]


@test()
def more_messages_than_a_body_may_have(server):
    sock = Sock(server).opened()
    reply = sock.post(json.dumps([""] * 10_001))
    assert (reply.status, reply.text()) == (413, "Too many packets in one body.")
    sock.send("none of them came")
    assert sock.messages(1) == ["none of them came"]


@test(own=True)
def bad_callbacks(server):
    for way in ["htmlfile", "jsonp"]:
        for query, why in [("", "required"), ("?c=", "required"), ("?c=%20", "invalid"), ("?c=a%0d%0ab", "invalid"),
                           ("?c=%3Cscript%3E", "invalid"), ("?c=alert(1)", "invalid"), ("?c=" + "x" * 129, "invalid"), ("?c=%ff", "required")]:
            reply = Reply(server, "GET", f"/echo/0/a/{way}{query}")
            assert reply.status == 500 and reply.headers["content-type"] == "text/plain; charset=UTF-8"
            assert reply.text() == {"required": '"callback" parameter required', "invalid": 'invalid "callback" parameter'}[why], query
    assert server.stats()["open_requests"] == 0
