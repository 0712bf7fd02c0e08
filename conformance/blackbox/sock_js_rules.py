"""SockJS: origins, cookies, what a client asks before it connects, and HTTP/1.0."""
import json

from harness import test
from sock import DOWN, JSON, Reply, Sock

FOREIGN = {"Origin": "http://evil.example"}
PATHS = [("GET", ""), ("GET", "/info"), ("GET", "/iframe.html"), ("GET", "/websocket"), ("GET", "/0/a/websocket"), ("POST", "/0/a/xhr"),
         ("POST", "/0/a/xhr_streaming"), ("POST", "/0/a/xhr_send"), ("GET", "/0/a/eventsource"), ("GET", "/0/a/htmlfile?c=cb"),
         ("GET", "/0/a/jsonp?c=cb"), ("POST", "/0/a/jsonp_send"), ("OPTIONS", "/0/a/xhr"), ("OPTIONS", "/info"), ("GET", "/nothing")]


@test(own=True, origins="http://good.example")
def a_foreign_origin_is_refused_everywhere(server):
    for method, path in PATHS:
        for origin in ["http://evil.example", "null", "http://good.example.evil.example"]:
            reply = Reply(server, method, "/echo" + path, '["x"]' if method == "POST" else None, {"Origin": origin, **JSON})
            assert (reply.status, reply.text()) == (403, "Origin not allowed."), (method, path, origin)
            assert not [name for name in reply.headers if name.lower().startswith("access-control")]
    good = {"Origin": "http://good.example"}
    sock = Sock(server, headers=good).opened()
    sock.send("x")
    assert sock.messages(1) == ["x"]
    # Nor does one into a session of another page.
    sock.headers = FOREIGN
    assert sock.post('["y"]').status == 403
    assert server.stats()["sessions"] == 1


@test()
def preflights(server):
    headers = {"Origin": "http://page.example", "Access-Control-Request-Headers": "a, b"}
    for path, methods in [("/info", "OPTIONS, GET"), ("/0/a/xhr", "OPTIONS, POST"), ("/0/a/xhr_send", "OPTIONS, POST")]:
        reply = Reply(server, "OPTIONS", "/echo" + path, None, headers)
        assert (reply.status, reply.text()) == (204, "")
        assert reply.headers["access-control-allow-methods"] == methods
        assert reply.headers["access-control-allow-origin"] == "http://page.example"
        assert reply.headers["access-control-allow-headers"] == "a, b"
        assert int(reply.headers["access-control-max-age"]) > 1_000_000
        assert "Origin" in reply.headers["vary"]


@test()
def what_a_client_asks_first(server):
    infos = [json.loads(Reply(server, "GET", "/echo/info").text()) for _ in range(2)]
    assert infos[0].keys() == {"websocket", "origins", "cookie_needed", "entropy"}
    assert infos[0]["entropy"] != infos[1]["entropy"]
    assert (infos[0]["websocket"], infos[0]["cookie_needed"], infos[0]["origins"]) == (True, False, ["*:*"])
    assert json.loads(Reply(server, "GET", "/disabled_websocket_echo/info").text())["websocket"] is False
    assert json.loads(Reply(server, "GET", "/cookie_needed_echo/info").text())["cookie_needed"] is True
    page = Reply(server, "GET", "/echo/iframe-1.6.1.html?t=1")
    assert '<script src="/client/sockjs.js"></script>' in page.text()
    again = Reply(server, "GET", "/echo/iframe.html", None, {"If-None-Match": page.headers["etag"]})
    assert (again.status, again.text(), again.headers["content-type"]) == (304, "", None)
    assert Reply(server, "GET", "/disabled_websocket_echo/0/a/websocket").status == 404


@test(DOWN)
def cookies(server, way):
    sock = Sock(server, way, "/cookie_needed_echo")
    assert sock.start().headers["set-cookie"] == "JSESSIONID=dummy; path=/"
    assert sock.post('["x"]').headers["set-cookie"] == "JSESSIONID=dummy; path=/"
    sock = Sock(server, way, "/cookie_needed_echo", {"Cookie": "a=b; JSESSIONID=abc; c=d"})
    assert sock.start().headers["set-cookie"] == "JSESSIONID=abc; path=/"
    assert Sock(server, way).start().headers["set-cookie"] is None


@test()
def http_1_0(server):
    reply = Reply(server, "GET", "/echo", version="HTTP/1.0")
    assert (reply.status, reply.headers["transfer-encoding"], reply.text()) == (200, None, "Welcome to SockJS!\n")
    reply = Reply(server, "POST", "/close/0/old/xhr_streaming", "", version="HTTP/1.0")
    assert (reply.headers["transfer-encoding"], reply.headers["content-length"]) == (None, None)
    assert reply.file.read().decode() == "h" * 2048 + '\no\nc[3000,"Go away!"]\n'


@test()
def posts_that_do_not_tell_a_length(server):
    reply = Reply(server, "POST", "/echo/0/quirk/xhr")
    assert reply.text() == "o\n"
