"""SockJS over WebSockets, those of 2010 among them, and Everwire's events in its messages."""
import hashlib
import json
import os
import struct
import time

from frames import WsClosed
from harness import raises, test
from packets import binary
from sock import Reply, Sock, WebSock
from wire import Client

KEY_1, KEY_2, NUMBERS = "4 @1  46546xW%0l 1 5", "12998 5 Y3 1  .P00", (829309203, 259970620)


def closed(ws):
    """How it is closed, within a moment."""
    ws.socket.settimeout(3)
    return raises(WsClosed, ws.receive)


# ---- WebSockets

@test()
def a_websocket_carries_frames(server):
    ws = WebSock(server)
    assert ws.receive() == "o"
    ws.send("é 😀 </script>", "\u2028")
    assert [json.loads(ws.receive()[1:]) for _ in range(2)] == [["é 😀 </script>"], ["\u2028"]]
    ws.send_all(["", "[]", '"one"'])
    assert json.loads(ws.receive()[1:]) == ["one"]
    ws.send_bytes(ws.frame(8, struct.pack(">H", 1000)))
    assert closed(ws).number == 1000


@test()
def a_websocket_s_ends(server):
    ws = WebSock(server, "/close")
    assert (ws.receive(), ws.receive()) == ("o", 'c[3000,"Go away!"]')
    end = closed(ws)
    assert (end.number, end.reason) == (3000, "Go away!")
    end = closed(WebSock(server, "/close", raw=True))
    assert (end.number, end.reason) == (3000, "Go away!")
    for text, number in [('["a', 4007), ("[1]", 4007), ("{}", 4007), (json.dumps([""] * 10_001), 1008)]:
        ws = WebSock(server)
        ws.receive()
        ws.send_all([text])
        assert closed(ws).number == number, text[:20]
    ws = WebSock(server)
    ws.receive()
    ws.send_bytes(ws.frame(2, b'["a"]'))
    assert closed(ws).number == 4007
    ws = WebSock(server)
    ws.receive()
    ws.send_bytes(ws.frame(1, length=1 << 40))
    assert closed(ws).number == 1009


@test()
def a_raw_websocket_has_no_frames(server):
    ws = WebSock(server, raw=True)
    for message in ["Hello", "", "é\uffff", '["x"]', "h", b"", b"\0\xff"]:
        ws.send_all([message])
        assert ws.receive() == message


@test(own=True, queue_bytes=300_000, max_payload=300_000)
def a_raw_websocket_that_is_not_read_hears_why_it_is_closed(server):
    slow, talker = WebSock(server, "/broadcast", raw=True), WebSock(server, "/broadcast", raw=True)
    while server.stats()["sessions"] == 2:
        talker.send_all(["x" * 100_000])
        assert len(talker.receive()) == 100_000
    time.sleep(3)  # what it has not read yet waits in the network, and so does what was written of one message

    def to_the_end():
        while True:
            assert len(slow.receive()) == 100_000
    assert raises(WsClosed, to_the_end).number == 4008


@test()
def handshakes_that_are_none(server):
    table = [{}, {"Upgrade": "websocket"}, {"Upgrade": "h2c", "Connection": "Upgrade"}, {"Upgrade": "websocket", "Connection": "close"},
             {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key1": KEY_1},
             {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key1": KEY_1, "Sec-WebSocket-Key2": "12345", "Origin": "http://x"},
             {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key1": KEY_1, "Sec-WebSocket-Key2": KEY_2}]
    for headers in table:
        for path in ["/echo/0/a/websocket", "/echo/websocket"]:
            reply = Reply(server, "GET", path, None, headers)
            assert (reply.status, reply.text()) == (400, "Not a valid websocket request"), headers
    # Everwire's own transport goes on refusing the draft.
    reply = Reply(server, "GET", "/everwire/websocket", None, {**table[-1], "Origin": "http://x"})
    assert reply.status == 400, reply.text()


# ---- of 2010

class Old:
    """hixie-76: the head is answered before the client sends its 8 bytes."""

    def __init__(self, server, path="/echo/0/old/websocket", nonce=None):
        self.server, self.nonce = server, nonce or os.urandom(8)
        headers = {"Connection": "Upgrade", "Upgrade": "WebSocket", "Origin": "http://page.example",
                   "Sec-WebSocket-Key1": KEY_1, "Sec-WebSocket-Key2": KEY_2}
        self.reply = Reply(server, "GET", path, None, headers)
        assert self.reply.status == 101
        assert self.reply.headers["sec-websocket-origin"] == "http://page.example"
        assert self.reply.headers["sec-websocket-location"] == f"ws://127.0.0.1:{server.port}{path}"

    def proved(self):
        self.send(self.nonce)
        assert self.reply.file.read(16) == hashlib.md5(struct.pack(">II", *NUMBERS) + self.nonce).digest()
        return self

    def send(self, data):
        self.reply.socket.sendall(data)

    def receive(self):
        """The next text; None: the end was said."""
        kind = self.reply.file.read(1)
        if kind == b"\x00":
            text = b""
            while (letter := self.reply.file.read(1)) != b"\xff":
                assert letter
                text += letter
            return text.decode()
        assert kind + self.reply.file.read(1) == b"\xff\x00"
        return None


@test()
def the_draft_s_messages(server):
    old = Old(server).proved()
    assert old.receive() == "o"
    for text in ["x", "é 😀", "y" * 70_000]:
        old.send(b"\x00" + json.dumps([text], ensure_ascii=False).encode() + b"\xff")
        assert json.loads(old.receive()[1:]) == [text]
    # In pieces, and several at once.
    for piece in [b"\x00[", b'"on', b'e"]', b"\xff\x00", b"\xff\x00[]\xff", b'\x00["two"]\xff\x00["three"]\xff']:
        old.send(piece)
    assert [json.loads(old.receive()[1:]) for _ in range(3)] == [["one"], ["two"], ["three"]]
    old.send(b"\xff\x00")
    assert old.receive() is None and old.reply.file.read() == b""


@test()
def the_draft_s_ends(server):
    old = Old(server, "/close/0/old/websocket").proved()
    assert (old.receive(), old.receive(), old.receive()) == ("o", 'c[3000,"Go away!"]', None)
    for bad in [b"\x80\x01x", b"x", b"\xff\x01", b'\x00["a\xff', b"\x00\xc3\xff", b"\x00" + b"x" * 1_000_001]:
        old = Old(server).proved()
        assert old.receive() == "o"
        old.send(bad)
        old.reply.socket.settimeout(3)
        assert old.receive() is None, bad[:9]
    raw = Old(server, "/echo/websocket").proved()
    raw.send(b"\x00raw\xff")
    assert raw.receive() == "raw"


@test(own=True)
def the_draft_s_clients_that_go_away(server):
    Old(server).reply.close()
    Old(server).proved().reply.close()
    half = Old(server)
    half.send(b"1234")
    half.reply.close()
    # Nor does who says nothing stay.
    assert Old(server).reply.file.read() == b""
    server.until(lambda: server.stats()["sessions"] == 0 and server.stats()["open_requests"] == 0)


# ---- events

def said(sock):
    return json.loads(sock.messages(1)[0])


@test(["xhr", "eventsource", "jsonp"])
def events_and_acks(server, way):
    sock = Sock(server, way, "/events").opened()
    assert said(sock) == {"event": "auth", "args": [None]}
    sock.send('{"event":"message-with-ack","args":["é",{"a":[1.5]}],"id":7}')
    assert said(sock) == {"ack": 7, "args": ["é", {"a": [1.5]}]}
    sock.send('{"event":"emit-with-ack","args":[1]}')
    asked = said(sock)
    assert (asked["event"], asked["args"]) == ("emit-with-ack", [1])
    sock.send(json.dumps({"ack": asked["id"], "args": [2, "b"]}))
    assert said(sock) == {"event": "emit-with-ack", "args": [2, "b"]}
    sock.send(json.dumps({"ack": asked["id"], "args": ["again"]}), json.dumps({"ack": 10**15, "args": []}))
    for name in ["no-such-event", "x" * 129, "", "disconnect"]:
        sock.send(json.dumps({"event": name, "args": [], "id": 8}))
        told = said(sock)
        assert told["id"] == 8 and told["error"]["code"] in ("bad_event", "no_handler", "reserved_event"), told
    # What describes no event is a message.
    for text in ["plain", "{", '{"event":1,"args":[]}', '{"event":"x"}', '{"event":"message","args":' + "[" * 70 + "]" * 70 + "}",
                 '{"event":"echo","args":[],"id":-1}']:
        sock.send(text)
        assert (got := said(sock)) == {"event": "message-back", "args": [text]}, (text, got)


@test()
def without_events_everything_is_a_message(server):
    sock = Sock(server).opened()
    text = '{"event":"message","args":["x"],"id":1}'
    sock.send(text)
    assert sock.messages(1) == [text]


@test()
def bytes_come_as_base64(server):
    native, sock = Client(server, "websocket").opened(), Sock(server, "xhr", "/events").opened()
    said(sock)
    sock.send('{"event":"join","args":["bytes"],"id":1}')
    assert said(sock) == {"ack": 1, "args": [True]}
    native.send(binary(r'e["say","bytes","\u00000","\u0000\u00000",{"\u00000":"\u00001"}]', b"\x00\xff", b""))
    assert said(sock) == {"event": "said", "args": ["bytes", {"base64": "AP8="}, "\u00000", {"\u00000": {"base64": ""}}]}
    sock.send('{"event":"say","args":["bytes","\\u00000"],"id":2}')
    assert said(sock) == {"ack": 2, "args": []}


@test()
def a_client_that_sends_faster_than_it_is_handled_waits(server):
    # While the handler sleeps, at most a window of events waits: the next body is not answered, and one more refused.
    def post(text):
        return sock.post(json.dumps([json.dumps({"event": "message", "args": [text]})]))

    sock = Sock(server, "xhr", "/events").opened()
    said(sock)
    sock.send('{"event":"sleep","args":[3000]}')
    assert post("x" * 700_000).status == 204
    held = post("y" * 700_000)
    # The first ones may overtake it.
    refused = server.until(lambda: next((reply for reply in [post("z")] if reply.status != 204), None), 3)
    assert (refused.status, refused.text()) == (429, "Too much, too fast.")
    assert held.status == 204
    lengths = []
    while lengths.count(700_000) < 2:
        lengths += [len(json.loads(text)["args"][0]) for text in sock.messages(1)]
    assert set(lengths) <= {1, 700_000}
    assert post("on it goes").status == 204


@test(own=True)
def a_body_that_waits_is_answered_when_its_session_ends(server):
    sock = Sock(server, "xhr", "/events").opened()
    said(sock)
    sock.send('{"event":"sleep","args":[60000]}')
    sock.send("x" * 700_000)
    held = sock.post(json.dumps(["y" * 700_000]))
    # Nobody polls: that is the end after 5 s.
    assert (held.status, held.text()) == (404, "Not found.\n")
