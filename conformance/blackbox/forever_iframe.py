"""`forever_iframe` (protocol.md 12.5): the bytes of the page."""
import json
import re
import urllib.parse

from exchange import unscript
from harness import test
from packets import event, random_key, split
from wire import Client

NASTY = ["</script><script>alert(1)</script>", "<!--<script>", "]]>", "\u2028", "\u2029", "'", "&lt;", "\\"]


def page(client, ticket, origin):
    query = urllib.parse.urlencode({"ticket": ticket, "origin": origin})
    return client.http.request("GET", f"/forever_iframe?{query}")


@test()
def the_page_begins_with_padding(server):
    client = Client(server, "forever_iframe").opened()
    client.carrier.begin()
    assert client.carrier.response.headers["content-type"] == "text/html; charset=utf-8"
    assert client.carrier.response.headers["x-accel-buffering"] == "no"
    assert len(client.carrier.page) >= 2048, len(client.carrier.page)
    block = client.carrier.response.readline().decode()
    assert re.match(r'<script>m\("W', block), block


@test()
def nothing_that_is_said_can_leave_its_script(server):
    client = Client(server, "forever_iframe").opened()
    client.carrier.begin()
    for text in NASTY:
        client.send("e" + json.dumps(["echo", text, {text: text}], ensure_ascii=False, separators=(",", ":")))
    blocks = ""
    while blocks.count("echo") < len(NASTY):
        blocks += client.carrier.response.readline().decode()
    inside = re.sub(r"<script>m\(|\)</script>\n", "", blocks)
    assert not re.search("[<>&'\u2028\u2029]", inside), inside


@test()
def the_origin_in_the_url_cannot_leave_its_script(server):
    client = Client(server, "forever_iframe").opened()
    for origin in ("http://a</script><script>alert(1)//", "http://a'\"", "\u2028", "javascript:alert(1)"):
        query = urllib.parse.urlencode({"ticket": client.ticket, "origin": origin})
        stream = client.http.start("GET", f"/forever_iframe?{query}").getresponse()
        page = stream.readline().decode()
        assert page.count("<script>") <= 1 and not re.search("['\u2028]", page), page
        stream.close()
        client.attach("forever_iframe").welcomed()


@test()
def a_spent_ticket_is_told_in_the_page(server):
    client = Client(server, "forever_iframe").opened()
    spent = client.ticket
    client.carrier.begin()
    for ticket in (spent, random_key()):
        answer = page(client, ticket, "http://page.example")
        assert answer.status == 200 and len(answer.body) >= 2048
        string = re.search(r'm\((".*")\)', answer.text().split("\n")[1]).group(1)
        assert split(unscript(string).rstrip("\n"))[3]["error"] == "stale"
        assert "e()" in answer.text().split("\n")[1]
    client.works()


@test(origins="http://good.example")
def the_pages_origin_is_judged(server):
    client = Client(server, "forever_iframe").opened()
    for origin in ("http://evil.example", "null", "*", "http://good.example.evil.example", "https://good.example"):
        answer = page(client, client.ticket, origin)
        assert (answer.status, answer.refusal()["error"]) == (403, "origin"), (origin, answer.status)
    client.carrier.origin = "http://good.example"
    client.carrier.begin()
    client.emit("echo", event("x"))
    assert split(client.receive())[3] == ["echo", event("x")]


@test()
def the_page_says_when_it_ends(server):
    client = Client(server, "forever_iframe").opened()
    client.carrier.begin()
    client.works()
    page = client.carrier.response
    client.attach("websocket").works()
    rest = page.read().decode()
    assert "taken_over" in rest and rest.endswith("<script>e()</script>\n"), rest[-300:]
