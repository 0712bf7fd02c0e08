"""Engine.IO as a client, revisions 3 and 4, one step at a time."""
import base64
import http.client
import json
import socket

from exchange import Answer
from frames import Ws
from packets import PATIENCE

MESSAGE = b"\x04"  # what precedes bytes in revision 3


def utf16(text):
    return len(text.encode("utf-16-le")) // 2


def encode(revision, packets, binary=False):
    """A body. `binary`: of revision 3, with bytes as they are."""
    if binary:
        body = b""
        for packet in packets:
            kind, data = (b"\1", MESSAGE + packet) if isinstance(packet, bytes) else (b"\0", packet.encode())
            body += kind + bytes(map(int, str(len(data)))) + b"\xff" + data
        return body
    texts = [packet if isinstance(packet, str) else coded(revision, packet) for packet in packets]
    text = "\x1e".join(texts) if revision == 4 else "".join(f"{utf16(text)}:{text}" for text in texts)
    return text.encode()


def coded(revision, data):
    return ("b" if revision == 4 else "b4") + base64.b64encode(data).decode()


def decode(revision, answer):
    if answer.headers["content-type"] == "application/octet-stream":
        return decode_binary(answer.body)
    assert answer.headers["content-type"] == "text/plain; charset=UTF-8", answer.headers["content-type"]
    if revision == 4:
        return [packet_of(4, text) for text in answer.text().split("\x1e")]
    units, packets = answer.text().encode("utf-16-le"), []
    while units:
        length, _, rest = units.decode("utf-16-le").partition(":")
        rest = rest.encode("utf-16-le")
        packets.append(packet_of(3, rest[:2 * int(length)].decode("utf-16-le")))
        units = rest[2 * int(length):]
    return packets


def decode_binary(body):
    packets = []
    while body:
        end = body.index(b"\xff")
        length = int("".join(map(str, body[1:end])))
        data = body[end + 1:end + 1 + length]
        assert len(data) == length and body[0] in (0, 1), body
        if body[0] == 1:
            assert data[:1] == MESSAGE, data
        packets.append(data[1:] if body[0] == 1 else data.decode())
        body = body[end + 1 + length:]
    return packets


def packet_of(revision, text):
    prefix = "b" if revision == 4 else "b4"
    return base64.b64decode(text[len(prefix):], validate=True) if text.startswith(prefix) else text


def begin(server, method, url, body=None, headers=None, patience=PATIENCE, **more):
    """Sends a request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=patience)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        connection.request(method, url, body, headers or {}, **more)
    except ConnectionError:
        pass  # refused before all of it was sent: the answer is there
    return connection


def ask(server, method, url, body=None, headers=None, patience=PATIENCE, **more):
    connection = begin(server, method, url, body, headers, patience, **more)
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


class Eio:
    """One session. Bytes are messages, text is whole packets."""

    def __init__(self, server, revision=4, transport="polling", path="/socket.io/", b64=False, patience=PATIENCE, headers=None):
        self.server, self.revision, self.path, self.patience = server, revision, path, patience
        self.ws, self.sid, self.inbox, self.b64, self.connections = None, None, [], b64, []
        server.clients.append(self)
        if transport == "websocket":
            self.ws = self.socket()
        else:
            answer = self.request("GET", "&b64=1" if b64 else "", headers=headers)
            assert answer.status == 200, (answer.status, answer.body)
            self.opening, self.inbox = answer, decode(revision, answer)
        first = self.read()
        assert first[0] == "0", first
        self.welcome = json.loads(first[1:])
        self.sid = self.welcome["sid"]

    def url(self, transport, more=""):
        return f"{self.path}?EIO={self.revision}&transport={transport}" + (f"&sid={self.sid}" if self.sid else "") + more

    def start(self, method, more="", body=None, headers=None):
        """Sends a request, and gives the connection that the answer will come on."""
        connection = begin(self.server, method, self.url("polling", more), body, headers, self.patience)
        self.connections.append(connection)
        return connection

    def finish(self, connection):
        answer = Answer(connection.getresponse())
        connection.close()
        return answer

    def request(self, method, more="", body=None, headers=None):
        return self.finish(self.start(method, more, body, headers))

    def post(self, body, binary=False):
        return self.request("POST", body=body, headers={"Content-Type": "application/octet-stream" if binary else "text/plain;charset=UTF-8"})

    def poll(self):
        answer = self.request("GET")
        assert answer.status == 200, (answer.status, answer.body)
        return decode(self.revision, answer)

    def socket(self):
        ws = Ws(self.server, path=self.url("websocket"))
        ws.socket.settimeout(self.patience)
        return ws

    def send(self, *packets):
        if self.ws is None:
            answer = self.post(encode(self.revision, packets))
            assert (answer.status, answer.body) == (200, b"ok"), (answer.status, answer.body)
            return
        for packet in packets:
            typed = MESSAGE if self.revision == 3 else b""
            self.ws.send_bytes(self.ws.frame(2, typed + packet) if isinstance(packet, bytes) else self.ws.frame(1, packet.encode()))

    def read(self):
        """The next packet; heartbeats are answered on the way."""
        while True:
            if not self.inbox:
                self.inbox = [self.read_frame()] if self.ws else self.poll()
            packet = self.inbox.pop(0)
            if packet == "2":
                self.send("3")
            elif packet != "3":
                return packet

    def read_frame(self):
        packet = self.ws.receive()
        if isinstance(packet, bytes) and self.revision == 3:
            assert packet[:1] == MESSAGE, packet
            return packet[1:]
        return packet

    def expect(self, *packets):
        for packet in packets:
            got = self.read()
            assert got == packet, f"got {got!r:.300}, not {packet!r:.300}"
        return self

    def is_gone(self):
        """Does a poll say that there is no such session?"""
        answer = self.request("GET")
        return answer.status == 400 and json.loads(answer.body)["code"] == 1

    def close(self):
        for connection in self.connections:
            connection.close()
        if self.ws:
            self.ws.close()
