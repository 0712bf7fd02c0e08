"""SockJS as its client speaks it: requests whose answers are read chunk by chunk, and WebSockets."""
import http.client
import json
import re
import socket
import uuid

from frames import Ws
from packets import PATIENCE, Cut

DOWN = ["xhr", "xhr_streaming", "eventsource", "htmlfile", "jsonp"]
STREAMS = ["xhr_streaming", "eventsource", "htmlfile"]
JSON = {"Content-Type": "text/plain"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Reply:
    """An answer that is still coming."""

    def __init__(self, server, method, path, body=None, headers=None, version="HTTP/1.1"):
        self.socket = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
        self.file = self.socket.makefile("rb")
        self.known = None
        server.clients.append(self)
        body = body.encode() if isinstance(body, str) else body
        fields = {"Host": f"127.0.0.1:{server.port}", **(headers or {})}
        if body is not None:
            fields["Content-Length"] = len(body)
        lines = [f"{method} {path} {version}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self.socket.sendall("\r\n".join(lines).encode() + (body or b""))

    @property
    def head(self):
        if self.known is None:
            first = self.file.readline().split()
            if not first:
                raise Cut
            self.known = int(first[1]), http.client.parse_headers(self.file)
        return self.known

    @property
    def status(self):
        return self.head[0]

    @property
    def headers(self):
        return self.head[1]

    def chunk(self):
        """The next chunk; empty at the end."""
        assert self.headers["transfer-encoding"] == "chunked", self.headers
        size = int(self.file.readline(), 16)
        data = self.file.read(size)
        assert self.file.read(2) == b"\r\n"
        return data.decode()

    def text(self):
        if self.headers["transfer-encoding"] == "chunked":
            return "".join(iter(self.chunk, ""))
        if self.headers["content-length"] is None and self.status not in (204, 304):
            return self.file.read().decode()
        return self.file.read(int(self.headers["content-length"] or 0)).decode()

    def close(self):
        self.file.close()
        self.socket.close()


class Sock:
    """One session. Its frames come one at a time, out of whatever they are wrapped in."""

    def __init__(self, server, way="xhr", mount="/echo", headers=None):
        self.server, self.way, self.mount, self.headers = server, way, mount, headers or {}
        self.path = f"{mount}/{uuid.uuid4().hex[:3]}/{uuid.uuid4()}"
        self.reply = None

    def url(self, way):
        return f"{self.path}/{way}" + ("?c=cb" if way in ("htmlfile", "jsonp") else "")

    def start(self, way=None):
        """A request that waits for what goes down; of a stream the prelude is read."""
        way = way or self.way
        method = "POST" if way.startswith("xhr") else "GET"
        reply = Reply(self.server, method, self.url(way), "" if method == "POST" else None, self.headers)
        if way in STREAMS:
            check_prelude(way, reply.chunk())
        return reply

    def opened(self):
        assert (frame := self.frame()) == "o", frame
        return self

    def frame(self):
        if self.way not in STREAMS:
            return unwrap(self.way, self.start().text())
        while True:
            self.reply = self.reply or self.start()
            if chunk := self.reply.chunk():
                return unwrap(self.way, chunk)
            self.reply = None

    def messages(self, count):
        found = []
        while len(found) < count:
            frame = self.frame()
            assert frame[0] == "a", frame
            found += json.loads(frame[1:])
        return found

    def send(self, *messages):
        reply = self.post(json.dumps(messages))
        assert reply.status == (200 if self.way == "jsonp" else 204), (reply.status, reply.text())
        assert reply.text() == ("ok" if self.way == "jsonp" else "")

    def post(self, body, headers=JSON):
        way = "jsonp_send" if self.way == "jsonp" else "xhr_send"
        return Reply(self.server, "POST", f"{self.path}/{way}", body, {**headers, **self.headers})

    def ended(self):
        """The close frame's number and reason."""
        frame = self.frame()
        assert frame[0] == "c", frame
        return json.loads(frame[1:])


def check_prelude(way, chunk):
    if way == "xhr_streaming":
        assert chunk == "h" * 2048 + "\n"
    elif way == "eventsource":
        assert chunk == "\r\n"
    else:
        assert len(chunk) > 1024 and chunk.endswith("\r\n\r\n") and "var c = parent.cb;" in chunk


def unwrap(way, text):
    """A chunk, or the answer to a poll, is exactly one frame."""
    kind = {"xhr": r"(.*)\n", "xhr_streaming": r"(.*)\n", "eventsource": r"data: (.*)\r\n\r\n",
            "htmlfile": r'<script>\np\((".*")\);\n</script>\r\n', "jsonp": r'/\*\*/cb\((".*")\);\r\n'}[way]
    match = re.fullmatch(kind, text)
    assert match, text
    return json.loads(match[1]) if way in ("htmlfile", "jsonp") else match[1]


class WebSock(Ws):
    """A WebSocket with SockJS's frames, or a raw one."""

    def __init__(self, server, mount="/echo", raw=False):
        path = f"{mount}/websocket" if raw else f"{mount}/0/{uuid.uuid4()}/websocket"
        super().__init__(server, path=path)
        server.clients.append(self)

    def send(self, *messages):
        self.send_all([json.dumps(messages)])
