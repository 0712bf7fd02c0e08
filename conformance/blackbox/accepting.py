"""What the accept loop bounds before there is a session (docs/limits.md)."""
import os
import socket

from frames import Ws
from harness import test
from packets import PATIENCE


class Raw:
    """A connection whose bytes are ours."""

    def __init__(self, server, text="", receive=None):
        self.socket = socket.socket()
        if receive:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.sendall(text.encode())
        server.clients.append(self)

    def to_the_end(self):
        parts = []
        try:
            while part := self.socket.recv(1 << 16):
                parts.append(part)
        except ConnectionResetError:
            pass
        return b"".join(parts).decode()

    def close(self):
        self.socket.close()


def get(path="/client/everwire.js", headers=""):
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n{headers}\r\n"


@test(own=True, max_per_address=3)
def an_address_with_too_many_connections_is_answered_429(server):
    kept = [Ws(server), Ws(server), Raw(server, get())]
    answer = Raw(server).to_the_end()
    assert answer.startswith("HTTP/1.1 429 "), answer
    assert "\r\nretry-after: 1\r\n" in answer and "\r\nconnection: close\r\n" in answer, answer
    assert '"error":"rate"' in answer, answer
    for client in kept:
        client.close()
    server.until(lambda: Raw(server, get(headers="Connection: close\r\n")).to_the_end().startswith("HTTP/1.1 200 "))


@test(own=True, max_per_address=1, trusted_proxy="127.0.0.1")
def behind_a_proxy_the_rightmost_stranger_is_counted(server):
    def ask(*headers):
        lines = "".join(f"{header}\r\n" for header in headers)
        answer = Raw(server, get("/stats", lines + "Connection: close\r\n")).to_the_end()
        return int(answer.split()[1])

    ours = "X-Forwarded-For: 203.0.113.7, 192.0.2.1"
    busy = Ws(server, {"X-Forwarded-For": "192.0.2.1"})
    assert ask(ours) == 429
    assert ask("X-Forwarded-For: 192.0.2.1, 127.0.0.1") == 429, "a proxy behind a proxy"
    assert ask("X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2") == 200
    assert ask("Forwarded: for=192.0.2.1") == 429
    assert ask('Forwarded: for="[2001:db8::1]:4711"') == 200
    other = Ws(server, {"X-Forwarded-For": "2001:db8:0:1::1"})
    assert ask("X-Forwarded-For: 2001:db8:0:1:ffff::2") == 429, "of one network"
    assert ask("X-Forwarded-For: 2001:db8:0:2::1") == 200
    other.close()
    busy.close()
    server.until(lambda: ask(ours) == 200)


@test(own=True, max_connections=4)
def beyond_the_limit_connections_wait(server):
    kept = [Ws(server) for _ in range(4)]
    waiting = Raw(server, get(headers="Connection: close\r\n"))
    waiting.socket.settimeout(0.3)
    try:
        assert not waiting.socket.recv(1), "it is answered"
    except TimeoutError:
        pass
    waiting.socket.settimeout(PATIENCE)
    kept[0].close()
    assert waiting.to_the_end().startswith("HTTP/1.1 200 ")


@test(own=True, write_ms=300)
def an_answer_that_nobody_reads_is_given_up(server):
    # The kernel takes some megabytes of it. Else the server waits 10 s for another request.
    def open_files():
        return len(os.listdir(f"/proc/{server.process.process.pid}/fd"))

    before = open_files()
    Raw(server, get() * 400, receive=4096)
    server.until(lambda: open_files() > before)
    server.until(lambda: open_files() == before, 8)
