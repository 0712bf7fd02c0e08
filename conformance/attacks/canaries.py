"""Clients that do what clients do, and tell how long it took."""
import asyncio
import base64
import os
import struct
import time


class Canary:
    """One WebSocket that asks for an ack ten times a second."""

    def __init__(self, port):
        self.port, self.times, self.lost = port, [], None

    async def start(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(b"GET /everwire/websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                          b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head, head
        key = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
        self.say(f'A{{"v":1,"attach":1,"key":"{key}","received":0,"consumed":0,"window":1048576,"first":1}}')
        self.say("c")
        await self.hear("o")

    def say(self, packet):
        data, mask = packet.encode(), os.urandom(4)
        head = bytes([0x81, 0x80 | len(data)]) if len(data) < 126 else struct.pack(">BBH", 0x81, 0xFE, len(data))
        self.writer.write(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))

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

    received = 0

    async def sing(self):
        number = 0
        try:
            while True:
                began, number = time.monotonic(), number + 1
                self.say(f'e{number}["message-with-ack",{number}]')
                answer = await self.hear("a")
                assert answer == f"a{number}[{number}]".encode(), answer
                self.times.append(time.monotonic() - began)
                await asyncio.sleep(0.1)
        except (OSError, EOFError, AssertionError) as error:
            self.lost = error

    def close(self):
        self.writer.transport.abort()
