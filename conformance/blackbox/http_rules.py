"""What holds on every URL: origins, CORS, headers (protocol.md 11)."""
from exchange import body_of
from frames import Ws
from harness import raises, test
from packets import Refused, random_key
from wire import Client

ALLOWED, FOREIGN = "http://good.example", "http://evil.example"
LIST = {"origins": "http://good.example,https://two.example:8443"}
URLS = [
    ("GET", "/websocket"), ("POST", "/long_polling"), ("POST", "/streaming"), ("POST", "/send"), ("POST", "/event_source"),
    ("GET", "/event_source?ticket=x"), ("POST", "/forever_iframe"), ("GET", "/forever_iframe?ticket=x"), ("POST", "/jsonp"),
    ("GET", "/jsonp?c=x&ticket=y"), ("OPTIONS", "/long_polling"), ("GET", "/nothing"), ("PUT", "/send"),
]


def check_headers(answer):
    assert answer.headers["cache-control"] == "no-store, no-transform"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@test()
def every_answer_has_the_common_headers(server):
    http = Client(server).http
    for method, url in URLS:
        check_headers(http.request(method, url, "h" if method == "POST" else None))


@test()
def who_cannot_read_a_status_gets_refusals_as_packets(server):
    http = Client(server).http
    for url in ["/long_polling", "/streaming", "/send", "/event_source", "/forever_iframe"]:
        for body in ["h", 'P{"session":"none","token":"none","received":0,"consumed":0}']:
            told = http.request("POST", url, body)
            packet = http.request("POST", url + "?status=200", body)
            assert told.status >= 400 and packet.status == 200, (url, body, told.status, packet.status)
            assert packet.headers["content-type"] == "text/plain; charset=utf-8"
            assert packet.text() == f"r{told.text()}\n", (url, body, packet.text())
            check_headers(packet)


@test(own=True, **LIST)
def a_foreign_origin_is_refused_everywhere(server):
    http = Client(server).http
    origins = [FOREIGN, "null", "", "http://good.example.evil.example", "http://evilgood.example", "https://good.example",
               "http://good.example:81", "http://good.example/", "http://good.example@evil.example", "http://GOOD.example.",
               "http://good.example http://evil.example", "https://two.example", "http://*"]
    for method, url in URLS:
        for origin in origins if url == "/long_polling" else origins[:4]:
            body = Client(server).attach_head() if method == "POST" else None
            answer = http.request(method, url, body, {"Origin": origin})
            assert answer.status == 403 and answer.refusal()["error"] == "origin", (method, url, origin, answer.status)
            assert not [name for name in answer.headers if name.lower().startswith("access-control")], (method, url, origin)
            check_headers(answer)
    assert server.stats()["open_requests"] == 0


@test(**LIST)
def two_origins_are_none(server):
    client = Client(server)
    connection = client.http.connect()
    connection.putrequest("POST", "/everwire/long_polling")
    connection.putheader("Origin", ALLOWED)
    connection.putheader("Origin", FOREIGN)
    connection.putheader("Content-Length", "0")
    connection.endheaders()
    answer = client.http.finish(connection)
    assert (answer.status, answer.refusal()["error"]) == (403, "origin")


@test(**LIST)
def a_foreign_websocket_is_refused(server):
    for origin in (FOREIGN, "null", "http://good.example.evil.example"):
        refusal = raises(Refused, Ws, server, {"Origin": origin})
        assert (refusal.status, refusal.code) == (403, "origin")


@test(["websocket", "event_source", "streaming", "long_polling"], **LIST)
def an_allowed_origin_works_and_so_does_none(server, transport):
    for origin in (ALLOWED, "https://two.example:8443", None):
        Client(server, transport, {"Origin": origin} if origin else {}).opened().works()


@test(**LIST)
def an_allowed_origin_may_read_every_answer(server):
    http = Client(server).http
    for method, url in URLS:
        answer = http.request(method, url, "h" if method == "POST" else None, {"Origin": ALLOWED})
        assert answer.headers["access-control-allow-origin"] == ALLOWED, (method, url)
        assert "Origin" in ", ".join(answer.headers.get_all("vary")), (method, url)
        assert answer.headers["access-control-allow-credentials"] is None


@test()
def any_origin_is_named_and_never_a_star(server):
    http = Client(server).http
    for origin in (FOREIGN, "null"):
        answer = http.request("POST", "/long_polling", "h", {"Origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin and answer.headers["vary"] == "Origin"
    assert http.request("POST", "/long_polling", "h").headers["access-control-allow-origin"] is None


@test()
def options_is_answered(server):
    http = Client(server).http
    asked = {"Origin": ALLOWED, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-tenant"}
    for url, methods in (("/long_polling", "POST"), ("/websocket", "GET"), ("/jsonp", "GET, POST")):
        answer = http.request("OPTIONS", url, headers=asked)
        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["access-control-allow-methods"].startswith(methods), url
        assert answer.headers["access-control-allow-headers"] == "x-tenant"
        assert answer.headers["access-control-allow-origin"] == ALLOWED


@test()
def a_wrong_method_is_told_the_right_ones(server):
    http = Client(server).http
    for method, url, allowed in (("GET", "/long_polling", "POST"), ("PUT", "/event_source", "GET, POST"), ("POST", "/websocket", "GET")):
        answer = http.request(method, url, "x")
        assert answer.status == 405 and answer.headers["allow"].startswith(allowed), (method, url)


@test()
def upgrades_to_other_things_are_plain_requests(server):
    http = Client(server).http
    for upgrade in ("h2c", "foo", "websocket2"):
        for method, url, status in (("POST", "/long_polling", 400), ("GET", "/websocket", 426), ("GET", "/nothing", 404)):
            answer = http.request(method, url, "" if method == "POST" else None, {"Upgrade": upgrade, "Connection": "Upgrade"})
            assert answer.status == status, (upgrade, url, answer.status)
    answer = http.request("GET", "/websocket")
    assert answer.headers["upgrade"] == "websocket" and answer.headers["sec-websocket-version"] == "13"


@test()
def one_connection_serves_many_requests(server):
    client = Client(server, "long_polling").opened()
    for _ in range(20):
        client.works()
    assert len(client.http.open) == 1


@test()
def an_id_is_as_random_as_a_token(server):
    seen = set()
    for _ in range(20):
        client = Client(server)
        client.attach("long_polling").welcomed()
        assert len(client.session) >= 22 and len(client.token) >= 22 and client.session != client.token
        seen |= {client.session, client.token}
        client.http.post("/send", body_of(client.post_head(["z"]), ['z{"code":"client_disconnect","final":0}']))
    assert len(seen) == 40 and random_key() not in seen
