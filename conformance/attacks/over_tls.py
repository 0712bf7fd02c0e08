"""TLS before anything is said in it."""
import asyncio
import os
import ssl

from target import TLS, attack, over_and_over, trusting


def hello():
    """The first flight of a client."""
    sent = ssl.MemoryBIO()
    client = trusting("h2", "http/1.1").wrap_bio(ssl.MemoryBIO(), sent, server_hostname="a")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return sent.read()


@attack(over=[TLS])
async def tls_hello_and_silence(target, sockets):
    async def one(victim):
        await victim.send(hello())
        await victim.until_the_end()
    await over_and_over(target, sockets, one, raw=True)


@attack(over=[TLS])
async def tls_slow_hello(target, sockets):
    async def one(victim):
        await victim.drip(hello())
    await over_and_over(target, sockets, one, raw=True)


@attack(over=[TLS])
async def tls_garbage(target, sockets):
    async def one(victim):
        await victim.send(b"\x16\x03\x01\x02\x00" + os.urandom(512))
        await victim.until_the_end()
    await over_and_over(target, sockets, one, raw=True)


@attack(over=[TLS])
async def tls_broken_records(target, sockets):
    """A handshake, then records that nobody has encrypted."""
    async def one(victim):
        sock = victim.writer.get_extra_info("socket")
        await asyncio.sleep(0.01)
        os.write(sock.fileno(), b"\x17\x03\x03\x00\x40" + os.urandom(64))
        await victim.until_the_end()
    await over_and_over(target, sockets, one)


@attack(over=[TLS])
async def tls_handshakes(target, sockets):
    """As many as it goes, and nothing after."""
    async def one(_):
        target.count("shaken")
    await over_and_over(target, sockets, one)


@attack(over=[TLS])
async def plain_text(target, sockets):
    async def one(victim):
        await victim.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await victim.until_the_end()
    await over_and_over(target, sockets, one, raw=True)
