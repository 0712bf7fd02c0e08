"""The carriers of a session, one class for each transport.

Siblings: `open(head, packets)` attaches, `send(packets)` brings packets up, `cut()` lets go, and `read()` gives the next packets down: a
`Body` if they are one, which has a position of its own (3.1), else a list.
"""
import re
import urllib.parse

from exchange import Answer, body_lines, body_of, lines_of, unscript
from frames import Ws
from packets import Cut, from_line


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
