"""`jsonp` (protocol.md 12.6)."""
import json
import urllib.parse

from exchange import body_of
from harness import test
from packets import event, random_key
from wire import Client

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NASTY = ["</script><script>alert(1)</script>", "<!--<script>", "]]>", "\u2028", "\u2029", "'", "&lt;", "\\", "+%2B &=;"]


@test()
def a_script_is_harmless_whoever_asks_for_it(server):
    client = Client(server, "jsonp").opened()
    for name in ("a", "$", "_", "a1", "$jsonp_0", "x" * 64):
        answer = client.http.request("GET", f"/jsonp?c={name}&ticket={random_key()}&poll=1&received=0&consumed=0")
        assert answer.status == 200 and answer.text().startswith(f"/**/{name}(\"r"), answer.text()
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "stale" in answer.text()
    client.works()


@test()
def texts_survive_forms_and_scripts(server):
    client = Client(server, "jsonp").opened()
    for text in NASTY:
        packet = "e" + json.dumps(["echo", text], ensure_ascii=False, separators=(",", ":"))
        client.send(packet)
        client.expect(packet)


@test()
def the_form_may_come_before_the_script(server):
    client = Client(server)
    ticket = random_key()
    client.number(["c"])
    body = urllib.parse.urlencode({"d": body_of(client.attach_head(first=1, serial=1, ticket=ticket), ["c"])})
    answer = client.http.post("/jsonp", body, FORM)
    assert (answer.status, answer.body) == (200, b"")
    answer = client.http.request("GET", f"/jsonp?c=take&ticket={ticket}")
    assert answer.text().startswith('/**/take("W{'), answer.text()


@test()
def a_script_without_its_form_gives_up(server):
    client = Client(server)
    answer = client.http.request("GET", f"/jsonp?c=take&ticket={random_key()}")
    assert answer.status == 200 and '"r{\\"error\\":\\"timeout\\"' in answer.text(), answer.text()


@test()
def a_refused_form_tells_its_script(server):
    client = Client(server)
    ticket = random_key()
    script = client.http.start("GET", f"/jsonp?c=take&ticket={ticket}")
    head = client.attach_head(ticket=ticket, key=None, session=random_key(), token=random_key())
    client.http.post("/jsonp", urllib.parse.urlencode({"d": head}), FORM)
    assert "unknown_session" in client.http.finish(script).text()


@test()
def cookies_prove_nothing(server):
    client = Client(server, "jsonp").opened()
    cookies = {"Cookie": f"session={client.session}; token={client.token}"}
    answer = client.http.request("GET", f"/jsonp?c=take&ticket={random_key()}&poll=9&received=0&consumed=0", headers=cookies)
    assert "stale" in answer.text() and answer.headers["set-cookie"] is None


@test()
def a_form_may_be_as_large_as_a_message_though_it_is_escaped(server):
    client = Client(server, "jsonp").opened()
    packet = event("echo", "ü" * 200_000)  # 400,000 bytes, 1,200,000 as a form
    client.send(packet)
    client.expect(packet)
    body = urllib.parse.urlencode({"d": body_of(client.post_head([]), ["v" + event("echo", "x" * 1_000_000)[1:]])})
    answer = client.http.post("/jsonp", body, FORM)
    assert (answer.status, answer.refusal()["error"]) == (413, "too_large")
    client.works()


@test()
def scripts_are_polled_one_ticket_at_a_time(server):
    client = Client(server, "jsonp").opened()
    ticket, received, consumed = client.ticket, client.received, client.consumed
    client.works()
    answer = client.http.request("GET", f"/jsonp?c=take&ticket={ticket}&poll=50&received={received}&consumed={consumed}")
    assert "stale" in answer.text(), answer.text()
    client.works()
