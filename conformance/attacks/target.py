"""What an attack is made of: where it goes, its connections, and the table of all attacks."""
import asyncio
import contextlib
import inspect
import socket
import ssl
import time

ATTACKS = {}
PLAIN, TLS = "plain", "tls"


def attack(function=None, *, over=(PLAIN, TLS)):
    """Enters a function into the table; `over`: where it makes sense."""
    if function is None:
        return lambda function: attack(function, over=over)
    function.over = over
    ATTACKS[function.__name__] = function
    return function


def names(over):
    return [name for name, function in ATTACKS.items() if over in function.over]


def explain(name):
    return inspect.getdoc(ATTACKS[name]) or name.replace("_", " ")


def trusting(*protocols):
    """TLS with whoever it is."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


class Target:
    """Where to, until when, and what came back."""

    def __init__(self, port, seconds, over=PLAIN):
        self.port, self.end, self.tls = port, time.monotonic() + seconds, over == TLS
        self.opened = self.closed = self.sent = 0
        self.answers = {}
        self.contexts = {}

    @property
    def on(self):
        return time.monotonic() < self.end

    @property
    def left(self):
        return max(0.1, self.end - time.monotonic())

    async def connect(self, receive=None, protocol="http/1.1", raw=False):
        """`receive`: bytes that the system takes ahead; `raw`: without TLS in any case."""
        connection = socket.socket()
        if receive:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", self.port))
        self.opened += 1
        tls = {"ssl": self.context(protocol), "server_hostname": "a"} if self.tls and not raw else {}
        return Victim(self, await asyncio.open_connection(sock=connection, limit=1 << 16, **tls))

    def context(self, protocol):
        if protocol not in self.contexts:
            self.contexts[protocol] = trusting(protocol)
        return self.contexts[protocol]

    def count(self, answer):
        self.answers[answer] = self.answers.get(answer, 0) + 1


class Victim:
    """One connection."""

    def __init__(self, target, streams):
        self.target, (self.reader, self.writer) = target, streams

    async def send(self, data):
        self.writer.write(data)
        self.target.sent += len(data)
        await self.writer.drain()

    async def drip(self, data, pause=1.0):
        """A byte at a time, for as long as it is taken."""
        for byte in data:
            await self.send(bytes([byte]))
            await asyncio.sleep(pause)
            if not self.target.on or self.reader.at_eof():
                return

    async def status(self):
        """The next answer's status, or how the connection ended."""
        line = await asyncio.wait_for(self.reader.readline(), self.target.left)
        status = line.split()[1].decode() if line.startswith(b"HTTP/") else "end"
        self.target.count(status)
        return status

    async def answer(self):
        """The next answer's status and, where its length is said, its body."""
        status = await self.status()
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        return status, await self.reader.readexactly(int(length)) if length else b""

    async def until_the_end(self):
        """Reads and throws away."""
        with contextlib.suppress(OSError):
            while self.target.on and await self.reader.read(1 << 16):
                pass

    async def unread(self):
        """Reads nothing any more, until the connection breaks."""
        self.writer.transport.pause_reading()
        while self.target.on and not self.writer.transport.is_closing():
            await asyncio.sleep(0.2)

    def abort(self):
        self.writer.transport.abort()


async def over_and_over(target, sockets, one, **how):
    """`one(victim)` on so many connections, each made anew when it ends."""
    async def go():
        while target.on:
            victim = None
            try:
                victim = await asyncio.wait_for(target.connect(**how), target.left)
                await asyncio.wait_for(one(victim), target.left)
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError):
                pass
            finally:
                if victim:
                    target.closed += target.on
                    victim.abort()
            await asyncio.sleep(0.005)
    await asyncio.gather(*(go() for _ in range(sockets)))
