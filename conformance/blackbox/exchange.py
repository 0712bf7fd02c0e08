"""HTTP requests, and the bodies that carry packets."""
import http.client
import json
import re
import socket

from packets import PATIENCE, Refused, from_line, to_line


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


class Body(list):
    """The packets of one body."""


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


def body_of(head, packets):
    return "\n".join([head, *map(to_line, packets)]) + "\n"
