"""Sessions over WebSockets, and what can be said in them."""
import asyncio
import functools
import random

import frames
from over_http1 import UPGRADE
from target import attack, over_and_over

WINDOW = 1 << 20
MAX = 1_000_000


async def in_sessions(target, sockets, one, **how):
    """`one(victim)` in so many sessions that are open."""
    async def opened(victim):
        await victim.send(UPGRADE)
        await victim.answer()
        await victim.send(frames.packet(frames.opening()) + frames.packet("c"))
        await one(victim)
    await over_and_over(target, sockets, opened, **how)


async def flood(target, sockets, rounds, reads=True, **how):
    """Says what `rounds` gives, for as long as it is taken."""
    async def one(victim):
        if not reads:
            victim.writer.transport.pause_reading()
        reading = asyncio.ensure_future(victim.until_the_end() if reads else victim.unread())
        for data in rounds():
            await victim.send(data)
            await asyncio.sleep(0)
            if reading.done() or not target.on:
                break
        await reading
    await in_sessions(target, sockets, one, **how)


def again(data):
    while True:
        yield data


def numbered(text, count=1):
    """The same event over and over, each with an id of its own."""
    number = 1
    while True:
        yield b"".join(frames.packet(f"e{number + more}{text}") for more in range(count))
        number += count


unread = functools.partial(flood, reads=False, receive=4096)


@attack
async def ws_pings(target, sockets):
    await flood(target, sockets, lambda: again(frames.frame(b"x" * 100, frames.PING) * 100))


@attack
async def ws_pongs_unread(target, sockets):
    await unread(target, sockets, lambda: again(frames.frame(b"x" * 100, frames.PING) * 100))


@attack
async def ws_empty_fragments(target, sockets):
    def rounds():
        yield frames.frame(b"", end=False)
        yield from again(frames.frame(b"", kind=0, end=False) * 100)
    await flood(target, sockets, rounds)


@attack
async def ws_crumbs(target, sockets):
    """An event in frames of a byte, and these in pieces of a byte."""
    def rounds():
        event = b'e["message","x"]'
        while True:
            for at, byte in enumerate(event):
                piece = frames.frame(bytes([byte]), kind=0 if at else frames.TEXT, end=at == len(event) - 1)
                yield from (bytes([byte]) for byte in piece)
    await flood(target, sockets, rounds)


@attack
async def ws_messages_never_ended(target, sockets):
    """The largest there may be, all but their last byte."""
    async def one(victim):
        await victim.send(frames.frame(b"x" * (MAX - 1), announced=MAX))
        await victim.until_the_end()
    await in_sessions(target, sockets, one)


@attack
async def ws_echoes_unread(target, sockets):
    await unread(target, sockets, lambda: again(frames.packet(f'e["message","{"x" * 10_000}"]')))


@attack
async def ws_acks_unread(target, sockets):
    await unread(target, sockets, lambda: numbered(f'["message-with-ack","{"x" * 10_000}"]'))


@attack
async def ws_broadcasts_unread(target, sockets):
    """All in one room, where all say much; every other one does not listen."""
    speech = frames.packet(f'e["say","crowd","{"x" * 1000}"]')
    def rounds():
        yield frames.packet('e["join","crowd"]')
        yield from again(speech)
    half = sockets // 8
    await asyncio.gather(flood(target, half, rounds), unread(target, half, rounds))


@attack
async def ws_slow_handlers(target, sockets):
    """A handler at work, and behind it as much as credit allows."""
    async def one(victim):
        event = frames.packet(f'e["message","{"x" * 1000}"]')
        await victim.send(frames.packet('e["sleep",60000]') + event * (WINDOW // len(event) - 1))
        await victim.until_the_end()
    await in_sessions(target, sockets, one)


@attack
async def ws_beyond_credit(target, sockets):
    event = frames.packet(f'e["message","{"x" * 100}"]') * 1000
    await flood(target, sockets, lambda: iter([frames.packet('e["sleep",60000]')] + [event] * 20))


@attack
async def ws_handlers_at_work(target, sockets):
    """Acks that are long in coming, on the server's side and on the client's."""
    def rounds():
        for event in (numbered('["emit-with-ack",1]', 100), numbered('["sleep",60000]', 100)):
            yield from (next(event) for _ in range(20))
    await flood(target, sockets, rounds)


@attack
async def ws_rooms(target, sockets):
    def rounds():
        while True:
            names = [f"{random.random()}".ljust(250, "x") for _ in range(100)]
            yield b"".join(frames.packet(f'e["join","{name}"]') for name in names)
    await flood(target, sockets, rounds)


@attack
async def ws_namespaces(target, sockets):
    def rounds():
        while True:
            names = [f"/any/{random.randrange(1 << 60)}" for _ in range(120)]
            yield b"".join(frames.packet(f"c{name},") for name in names)
            yield b"".join(frames.packet(f'l{name},{{"code":"client_disconnect"}}') for name in names)
    await flood(target, sockets // 4, rounds)


@attack
async def ws_wide_json(target, sockets):
    await flood(target, sockets // 4, lambda: again(frames.packet('e["nobody",' + "[]," * 300_000 + "1]")))


@attack
async def ws_deep_json(target, sockets):
    await flood(target, sockets, lambda: again(frames.packet('e["nobody",' + "[" * 400_000 + "]")))
