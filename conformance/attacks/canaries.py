"""Clients that do what clients do, and tell how long it took."""
import asyncio
import struct
import time

import frames
from over_http1 import UPGRADE
from target import trusting

PAUSE = 0.1


class Canary:
    """One WebSocket that asks for an ack ten times a second."""

    def __init__(self, port, tls):
        self.port, self.tls = port, trusting("http/1.1") if tls else None
        self.times, self.late, self.lost, self.received = [], [], None, 0

    async def start(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls)
        self.writer.write(UPGRADE)
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head, head
        self.say(frames.opening())
        self.say("c")
        await self.hear("o")

    def say(self, packet):
        self.writer.write(frames.packet(packet))

    async def hear(self, kind):
        """The next packet of this kind; heartbeats are answered."""
        while True:
            first, size = await self.reader.readexactly(2)
            if size == 126:
                (size,) = struct.unpack(">H", await self.reader.readexactly(2))
            packet = await self.reader.readexactly(size)
            assert first == 0x81, packet
            if packet[:1] == b"h":
                self.say(f"n{self.received},0")
            elif packet[:1] in b"eaxodl":
                self.received += 1
            if packet[:1] == kind.encode():
                return packet

    async def sing(self):
        number = 0
        try:
            while True:
                began, number = time.monotonic(), number + 1
                self.say(f'e{number}["message-with-ack",{number}]')
                answer = await self.hear("a")
                assert answer == f"a{number}[{number}]".encode(), answer
                answered = time.monotonic()
                self.times.append(answered - began)
                await asyncio.sleep(PAUSE)
                # How long this machine keeps anybody waiting, whatever the server does.
                self.late.append(time.monotonic() - answered - PAUSE)
        except (OSError, EOFError, AssertionError) as error:
            self.lost = error

    def close(self):
        self.writer.transport.abort()


def percentile(times, share):
    """In milliseconds."""
    times = sorted(times) or [float("nan")]
    return times[int(len(times) * share)] * 1000
