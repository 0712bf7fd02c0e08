"""The protocol as a client speaks it: no threads, every step asked for, every count checked.

A `Client` is one session. It attaches over any transport by name, sends packets, and gives what comes down one packet at a
time. Text packets are `str`, those with binary are `bytes` (the binary form, protocol.md 2.2).
"""
import base64
import http.client
import json
import os
import re
import socket
import struct
import urllib.parse

PATIENCE = 20  # seconds after which a silent server has failed the test; longer than its longest pause
COUNTED = "eaxcodl"
FULL = ("session", "token", "attach", "ping", "timeout", "grace", "window", "max", "acks")


class Refused(Exception):
    """A refusal of the protocol: an `r` packet, a JSON answer, or a close frame."""

    def __init__(self, code, status=None, body=None):
        super().__init__(f"{status or ''} {code} {body or ''}")
        self.code, self.status, self.body = code, status, body or {}


class Cut(Exception):
    """The carrier ended without a word."""


class Closed(Exception):
    """A `z` came."""

    def __init__(self, body):
        super().__init__(json.dumps(body))
        self.body = body
        self.code = body["code"]


def random_key():
    return base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")


def binary(head, *parts):
    """The binary form."""
    return b"".join(struct.pack(">I", len(part)) + part for part in (head.encode(), *parts))


def unpack(form):
    """The pieces of a binary form: the head as text, then the attachments."""
    pieces = []
    while form:
        (size,) = struct.unpack(">I", form[:4])
        assert size <= len(form) - 4, "a piece is longer than the whole"
        pieces.append(form[4:4 + size])
        form = form[4 + size:]
    return [pieces[0].decode(), *pieces[1:]]


def head_of(packet):
    return unpack(packet)[0] if isinstance(packet, bytes) else packet


def size_of(packet):
    return len(packet) if isinstance(packet, bytes) else len(packet.encode())


def is_counted(packet):
    return isinstance(packet, bytes) and head_of(packet)[0] in COUNTED or isinstance(packet, str) and packet[0] in COUNTED


def to_line(packet):
    return "b" + base64.b64encode(packet).decode() if isinstance(packet, bytes) else packet


def from_line(line):
    return base64.b64decode(line[1:], validate=True) if line[0] == "b" else line


def event(name, *args, id=None, namespace=""):
    text = json.dumps([name, *args], separators=(",", ":"), ensure_ascii=False)
    return f"e{namespace + ',' if namespace else ''}{'' if id is None else id}{text}"


def split(packet):
    """Type, namespace, id and body of a text packet."""
    kind, namespace, id, body = re.fullmatch(r"([A-Za-z])(?:(/[^,]*),)?(\d*)(.*)", head_of(packet), re.S).groups()
    return kind, namespace or "/", int(id) if id else None, json.loads(body) if body else None


# ---- HTTP ----------------------------------------------------------------------------------------------------------------


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def text(self):
        return self.body.decode()

    def refusal(self):
        """The refusal of section 10.1, checked for its shape."""
        assert self.headers["content-type"] == "application/json", self.headers["content-type"]
        body = json.loads(self.body)
        assert isinstance(body["error"], str) and isinstance(body["message"], str), body
        return body


class Http:
    """A few connections that are kept open, and a count of the requests made."""

    def __init__(self, server):
        self.server, self.idle, self.requests, self.open = server, [], 0, []

    def start(self, method, path, body=None, headers=None):
        """Sends a request, and gives the connection that its answer will come on."""
        connection = self.idle.pop() if self.idle else self.connect()
        try:
            connection.request(method, "/everwire" + path, body.encode() if isinstance(body, str) else body, headers or {})
        except ConnectionError:
            pass  # refused before all of it was sent: the answer is there
        self.requests += 1
        return connection

    def connect(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.open.append(connection)
        return connection

    def finish(self, connection):
        answer = Answer(connection.getresponse())
        if connection.sock is not None:
            self.idle.append(connection)
        return answer

    def request(self, method, path, body=None, headers=None):
        reused = bool(self.idle)
        try:
            return self.finish(self.start(method, path, body, headers))
        except (http.client.RemoteDisconnected, ConnectionError):
            if not reused:
                raise
            # Closed by the server in the same moment, as any connection may be between two requests.
            self.idle.clear()
            return self.finish(self.start(method, path, body, headers))

    def post(self, path, body, headers=None):
        return self.request("POST", path, body, {"Content-Type": "text/plain", **(headers or {})})

    def close(self):
        for connection in self.open:
            connection.close()


def lines_of(answer):
    """The packets of a body going down; a refusal is raised."""
    if answer.status != 200:
        refusal = answer.refusal()
        raise Refused(refusal["error"], answer.status, refusal)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8", answer.headers["content-type"]
    return body_lines(answer.text())


def body_lines(text):
    lines = text.split("\n")
    assert lines.pop() == "", "the last line is cut off"
    return Body(from_line(line) for line in lines if line and line[0] != " ")


def unscript(string):
    """A JSON string inside a script, which must be harmless there (12.5)."""
    assert not re.search("[<>&'\u2028\u2029]", string), string
    return json.loads(string)


# ---- carriers ------------------------------------------------------------------------------------------------------------
# Siblings: `open(head, packets)` attaches, `send(packets)` brings packets up, `cut()` lets go, and `read()` gives the next packets
# down: a `Body` if they are one, which has a position of its own (3.1), else a list.


class Body(list):
    pass


class WebSocket:
    def __init__(self, client):
        self.client = client

    def open(self, head, packets):
        self.ws = Ws(self.client.server, self.client.headers)
        self.ws.send_all([head, *packets])

    def send(self, packets):
        self.ws.send_all(packets)

    def read(self):
        return [self.ws.receive()]

    def cut(self):
        self.ws.close()


class LongPolling:
    path = "/long_polling"

    def __init__(self, client):
        self.client, self.poll, self.waiting, self.batch = client, 0, None, []

    def open(self, head, packets):
        self.attach = self.client.attach_number
        self.waiting = self.client.http.start("POST", self.path, body_of(head, packets), self.client.post_headers())

    def send(self, packets):
        """Goes with the next poll: nothing hangs while a test does not wait."""
        self.batch += packets

    def read(self):
        if self.waiting is None:
            self.start_poll()
        connection, self.waiting = self.waiting, None
        return lines_of(self.client.http.finish(connection))

    def start_poll(self):
        """Lets a poll hang."""
        self.poll += 1
        packets, self.batch = self.batch, []
        head = self.client.post_head(packets, attach=self.attach, poll=self.poll)
        self.waiting = self.client.http.start("POST", self.path, body_of(head, packets), self.client.post_headers())
        return self.waiting

    def cut(self):
        if self.waiting is not None:
            self.waiting.close()
            self.waiting = None


class ByPost:
    """The way up of the streams."""

    def __init__(self, client):
        self.client, self.stream, self.pending = client, None, []

    def send(self, packets):
        head = self.client.post_head(packets)
        answer = self.client.http.post("/send", body_of(head, packets), self.client.headers)
        # Counts, and messages while a stream is awaited; for the client to take before what the stream brings.
        self.pending.append(lines_of(answer))

    def read(self):
        if self.pending:
            return self.pending.pop(0)
        return self.read_stream()

    def cut(self):
        if self.stream is not None:
            self.stream.close()


class Streaming(ByPost):
    def open(self, head, packets):
        self.stream = self.client.http.start("POST", "/streaming", body_of(head, packets), self.client.post_headers())
        self.response = None

    def begin(self):
        if self.response is None:
            self.response = self.stream.getresponse()
            if self.response.status != 200:
                lines_of(Answer(self.response))

    def read_stream(self):
        self.begin()
        while True:
            line = self.response.readline()
            if not line.endswith(b"\n"):
                raise Cut
            line = line[:-1].decode()
            if line and line[0] != " ":
                return [from_line(line)]


class EventSource(ByPost):
    path, kind = "/event_source", "text/event-stream"

    def open(self, head, packets):
        self.response = None
        self.pending.append(lines_of(self.client.http.post(self.path, body_of(head, packets), self.client.headers)))

    def url(self):
        return f"{self.path}?ticket={self.client.ticket}"

    def begin(self):
        """Asks for the stream."""
        self.stream = self.client.http.start("GET", self.url(), headers=self.client.headers)
        self.response = self.stream.getresponse()
        assert self.response.status == 200, self.response.status
        assert self.response.headers["content-type"].startswith(self.kind), self.response.headers["content-type"]

    def read_stream(self):
        if self.response is None:
            self.begin()
        data = self.response.readline()
        if not data:
            raise Cut
        assert data.startswith(b"data: ") and data.endswith(b"\n"), data
        assert self.response.readline() == b"\n", "an event ends with an empty line"
        return [from_line(data[6:-1].decode())]


class ForeverIframe(EventSource):
    path, kind = "/forever_iframe", "text/html"
    origin = "http://page.example"

    def url(self):
        return f"{self.path}?ticket={self.client.ticket}&origin={urllib.parse.quote(self.origin, safe='')}"

    def begin(self):
        super().begin()
        self.page = self.response.readline()

    def read_stream(self):
        if self.response is None:
            self.begin()
        block = self.response.readline().decode()
        if not block or block == "<script>e()</script>\n":
            raise Cut
        string = re.fullmatch(r'<script>m\((".*")\)</script>\n', block).group(1)
        return list(body_lines(unscript(string)))


class Jsonp:
    def __init__(self, client):
        self.client, self.poll, self.script = client, 0, None

    def open(self, head, packets):
        self.script = self.client.http.start("GET", f"/jsonp?c=take&ticket={self.client.drawn}")
        self.form(head, packets)

    def form(self, head, packets):
        body = urllib.parse.urlencode({"d": body_of(head, packets)})
        answer = self.client.http.post("/jsonp", body, {"Content-Type": "application/x-www-form-urlencoded"})
        assert (answer.status, answer.body) == (200, b""), (answer.status, answer.body)

    def send(self, packets):
        self.form(self.client.post_head(packets), packets)

    def read(self):
        if self.script is None:
            self.start_poll()
        script, self.script = self.script, None
        answer = self.client.http.finish(script)
        assert answer.status == 200, answer.status
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        string = re.fullmatch(r'/\*\*/take\((".*")\);', answer.text()).group(1)
        return body_lines(unscript(string))

    def start_poll(self):
        self.poll += 1
        client = self.client
        counts = f"poll={self.poll}&received={client.received}&consumed={client.consumed}"
        self.script = client.http.start("GET", f"/jsonp?c=take&ticket={client.ticket}&{counts}")

    def cut(self):
        if self.script is not None:
            self.script.close()
            self.script = None


CARRIERS = {
    "websocket": WebSocket,
    "event_source": EventSource,
    "streaming": Streaming,
    "long_polling": LongPolling,
    "forever_iframe": ForeverIframe,
    "jsonp": Jsonp,
}


def body_of(head, packets):
    return "\n".join([head, *map(to_line, packets)]) + "\n"


# ---- a session -----------------------------------------------------------------------------------------------------------


class Client:
    def __init__(self, server, transport=None, headers=None, window=1 << 20, confirms=True):
        self.server, self.http, self.headers, self.window = server, Http(server), headers or {}, window
        self.key, self.session, self.token = random_key(), None, None
        self.attach_number = self.serial = self.sent = self.confirmed = 0
        self.received = self.consumed = self.said = 0
        self.position = None  # the number of the next message on this carrier
        self.queue = []  # what the server has not confirmed: (number, packet)
        self.inbox, self.volatiles, self.former = [], [], []
        self.heartbeats, self.confirms, self.carrier = 0, confirms, None
        self.welcome = self.drawn = self.ticket = self.close_said = None
        server.clients.append(self)
        if transport:
            self.attach(transport, "c")

    # ---- up

    def number(self, packets):
        for packet in packets:
            if is_counted(packet):
                self.sent += 1
                self.queue.append((self.sent, packet))

    def attach_head(self, **more):
        """The next attach; a key of `None` leaves one out."""
        self.attach_number += 1
        fields = {"v": 1, "attach": self.attach_number, "received": self.received, "consumed": self.consumed,
                  "window": self.window}
        fields |= {"session": self.session, "token": self.token} if self.token else {"key": self.key}
        return "A" + json.dumps({k: v for k, v in {**fields, **more}.items() if v is not None})

    def attach(self, transport, *packets, **more):
        """Attaches, and sends what is not confirmed again, then `packets`."""
        if self.carrier:
            self.former.append(self.carrier)
        self.number(packets)
        again = [packet for _, packet in self.queue]
        again += [packet for packet in packets if not is_counted(packet)]
        more.setdefault("first", self.confirmed + 1 if self.queue or transport == "websocket" else None)
        if transport != "websocket" and again:
            self.serial += 1
            more.setdefault("serial", self.serial)
        if transport == "jsonp":
            self.drawn = random_key()
            more["ticket"] = self.drawn
        self.position = None
        self.carrier = CARRIERS[transport](self)
        self.carrier.open(self.attach_head(**more), again)
        return self

    def post_head(self, packets, **more):
        fields = {"session": self.session, "token": self.token, "received": self.received, "consumed": self.consumed}
        if packets:
            self.serial += 1
            fields["serial"] = self.serial
        messages = sum(map(is_counted, packets))
        if messages:
            fields["first"] = self.sent - self.waiting_for_poll(packets) - messages + 1
        return "P" + json.dumps({k: v for k, v in {**fields, **more}.items() if v is not None})

    def waiting_for_poll(self, packets):
        """Messages numbered already that go later than these."""
        return sum(map(is_counted, getattr(self.carrier, "batch", [])))

    def post_headers(self):
        return {"Content-Type": "text/plain", **self.headers}

    def send(self, *packets):
        self.number(packets)
        self.carrier.send(list(packets))

    def emit(self, name, *args, **how):
        self.send(event(name, *args, **how))

    def say_counts(self):
        self.said = self.consumed
        counts = f"n{self.received},{self.consumed}"
        if isinstance(self.carrier, WebSocket):
            self.carrier.send([counts])
        elif isinstance(self.carrier, ByPost):
            self.carrier.send([])  # the head says them

    # ---- down

    def receive(self):
        """The next packet for the application. Refusals, closes and cuts are raised."""
        while not self.inbox:
            if self.close_said and self.close_said["final"] <= self.received:
                raise Closed(self.close_said)
            self.step()
        return self.inbox.pop(0)

    def step(self):
        """Takes what the carrier brings next."""
        packets, before = self.carrier.read(), self.position
        if isinstance(packets, Body):
            self.position = None
        for packet in packets:
            self.take(packet)
        if isinstance(packets, Body):
            self.position = before

    def take(self, packet):
        kind, _, _, body = split(packet) if head_of(packet)[0] != "n" else ("n", None, None, None)
        if kind == "W":
            self.take_welcome(body)
        elif kind == "n":
            received, consumed = map(int, packet[1:].split(","))
            self.trim(received)
        elif kind == "h":
            self.heartbeats += 1
            if self.confirms:
                self.say_counts()
        elif kind == "r":
            raise Refused(body["error"], None, body)
        elif kind == "z":
            self.close_said = body
        elif kind == "v":
            self.inbox.append(packet)
        else:
            self.take_message(packet, kind)

    def take_message(self, packet, kind):
        assert self.position is not None, "a message before the welcome"
        number, self.position = self.position, self.position + 1
        if number <= self.received:
            return
        assert number == self.received + 1, f"a gap: {number} after {self.received}"
        self.received = number
        self.consumed += size_of(packet) if kind == "e" else 0
        self.inbox.append(packet)
        if self.confirms and self.consumed - self.said >= self.window // 4:
            self.say_counts()

    def take_welcome(self, body):
        if "session" in body:
            assert all(key in body for key in FULL), body
            assert body["attach"] == self.attach_number, body
            self.session, self.token, self.welcome = body["session"], body["token"], body
        self.ticket = body.get("ticket", self.ticket)
        self.position = body["first"]
        self.trim(body["received"])

    def trim(self, received):
        assert received <= self.sent, f"{received} confirmed of {self.sent}"
        self.confirmed = max(self.confirmed, received)
        self.queue = [(number, packet) for number, packet in self.queue if number > self.confirmed]

    def welcomed(self):
        """Waits for the welcome of the current attach."""
        while self.welcome is None or self.welcome["attach"] != self.attach_number:
            self.step()
        return self

    def opened(self):
        """Waits for the main namespace and the first event of the testbed."""
        assert (kind := split(self.receive()))[0] == "o" and kind[3]["id"]
        self.expect(event("auth", None))
        return self

    # ---- checks

    def expect(self, *packets):
        for packet in packets:
            got = self.receive()
            assert got == packet, f"got {got!r:.300}, not {packet!r:.300}"
        return self

    def refused(self):
        """Reads until the carrier is refused, and gives the code."""
        try:
            while True:
                self.receive()
        except Refused as refusal:
            return refusal.code

    def ended(self):
        """Reads until the session is over, and gives the code: of `z`, or of a refusal to a request that came later."""
        try:
            while True:
                self.receive()
        except (Closed, Refused) as end:
            return end.code

    def ask(self, name, *args, id=900):
        """Emits with an ack, and gives its values."""
        self.emit(name, *args, id=id)
        while True:
            kind, _, answered, body = split(self.receive())
            if kind in "ax" and answered == id:
                assert kind == "a", body
                return body

    def works(self):
        assert self.ask("message-with-ack", "still", 1, id=901) == ["still", 1]
        return self

    def close(self):
        self.http.close()
        for carrier in [*self.former, *([self.carrier] if self.carrier else [])]:
            carrier.cut()


# ---- WebSocket frames ----------------------------------------------------------------------------------------------------


class Ws:
    """RFC 6455 as a client, with every mistake possible."""

    def __init__(self, server, headers=None, path="/everwire/websocket"):
        self.socket = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        fields = {"Host": f"127.0.0.1:{server.port}", "Upgrade": "websocket", "Connection": "Upgrade",
                  "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
                  **(headers or {})}
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        status = self.file.readline().split()
        answered = http.client.parse_headers(self.file)
        if status[1] != b"101":
            body = json.loads(self.file.read(int(answered["content-length"])))
            raise Refused(body["error"], int(status[1]), body)

    def frame(self, opcode, data=b"", fin=True, rsv=0, masked=True, length=None):
        size = len(data) if length is None else length
        first = (0x80 if fin else 0) | rsv << 4 | opcode
        mark = 0x80 if masked else 0
        if size < 126:
            head = bytes([first, mark | size])
        elif size < 1 << 16:
            head = bytes([first, mark | 126]) + struct.pack(">H", size)
        else:
            head = bytes([first, mark | 127]) + struct.pack(">Q", size)
        if not masked:
            return head + data
        mask = os.urandom(4)
        spread = (mask * (len(data) // 4 + 1))[:len(data)]
        mixed = (int.from_bytes(data, "big") ^ int.from_bytes(spread, "big")).to_bytes(len(data), "big")
        return head + mask + mixed

    def send_all(self, packets):
        frames = (self.frame(2, packet) if isinstance(packet, bytes) else self.frame(1, packet.encode()) for packet in packets)
        self.send_bytes(b"".join(frames))

    def send_bytes(self, data):
        try:
            self.socket.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            pass  # closed meanwhile: what was said is still to be read

    def read_frame(self):
        head = self.file.read(2)
        if len(head) < 2:
            raise Cut
        size = head[1] & 127
        assert head[0] & 0x70 == 0 and head[1] & 0x80 == 0, "reserved bits, or a mask, from a server"
        if size > 125:
            size = int.from_bytes(self.file.read(2 if size == 126 else 8), "big")
        data = self.file.read(size)
        if len(data) < size:
            raise Cut
        return head[0] & 15, data

    def receive(self):
        """The next message. A close is raised."""
        while True:
            try:
                opcode, data = self.read_frame()
            except ConnectionResetError:
                raise Cut from None
            if opcode == 1:
                return data.decode()
            if opcode == 2:
                return data
            if opcode == 8:
                raise WsClosed(int.from_bytes(data[:2], "big") if data else 1005, data[2:].decode())

    def close(self):
        # Both hold the descriptor.
        self.file.close()
        self.socket.close()


class WsClosed(Exception):
    def __init__(self, number, reason):
        super().__init__(f"{number} {reason}")
        self.number, self.reason = number, reason
