"""RFC 6455 as a table, over a raw WebSocket that gives back what it gets: what is sent, and what comes of it."""
import struct

from harness import test
from sock import WebSock

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
EURO = "κόσμε€😀".encode()


class Row:
    """Frames in the order in which they go out, and what is to come back; `chop` cuts the bytes into pieces of that size."""

    def __init__(self, name, sent, *expected, chop=None):
        self.name, self.sent, self.expected, self.chop = name, sent, list(expected), chop


def frame(opcode, data=b"", **how):
    return opcode, data, how


def pieces(opcode, data, size, between=()):
    """A message in fragments of `size` bytes, with other frames `between` them."""
    cuts = [data[at:at + size] for at in range(0, len(data), size)] or [b""]
    for number, cut in enumerate(cuts):
        yield frame(opcode if number == 0 else 0, cut, fin=number == len(cuts) - 1)
        if number < len(cuts) - 1:
            yield from between


def closing(number, reason=b""):
    return frame(CLOSE, struct.pack(">H", number) + reason)


def lengths():
    for size in [0, 1, 125, 126, 127, 128, 65535, 65536, 65537, 999_999]:
        for opcode, letter in [(TEXT, b"*"), (BINARY, b"\xfe")]:
            yield Row(f"{size} bytes, opcode {opcode}", [frame(opcode, letter * size)], (opcode, letter * size))
    for size in [1, 997, 4096]:
        yield Row(f"65,536 bytes in writes of {size}", [frame(BINARY, b"\xfe" * 65536)], (BINARY, b"\xfe" * 65536), chop=max(size, 97))
    for size in [64, 256, 4096, 65536]:
        for opcode, letter in [(TEXT, b"*"), (BINARY, b"\xfe")]:
            data = letter * 500_000
            yield Row(f"500,000 bytes in fragments of {size}, opcode {opcode}", list(pieces(opcode, data, size)), (opcode, data))


def pings():
    for payload in [b"", b"hello", bytes(range(125)), b"\xff\xfe\x00"]:
        yield Row(f"a ping of {len(payload)} bytes", [frame(PING, payload)], (PONG, payload))
    yield Row("a ping too long", [frame(PING, b"x" * 126)], (CLOSE, 1002))
    yield Row("a ping byte by byte", [frame(PING, bytes(range(125)))], (PONG, bytes(range(125))), chop=1)
    yield Row("ten pings", [frame(PING, b"%d" % n) for n in range(10)], *[(PONG, b"%d" % n) for n in range(10)])
    yield Row("pongs that nobody asked for", [frame(PONG), frame(PONG, b"x"), frame(PING, b"y")], (PONG, b"y"))


def reserved():
    for rsv in range(1, 8):
        for opcode in [TEXT, BINARY, PING, CLOSE]:
            yield Row(f"reserved bits {rsv}, opcode {opcode}", [frame(TEXT, b"before"), frame(opcode, b"\x03\xe8", rsv=rsv), frame(PING)],
                      (TEXT, b"before"), (CLOSE, 1002))
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]:
        for data in [b"", b"x"]:
            yield Row(f"opcode {opcode}, {len(data)} bytes", [frame(TEXT, b"before"), frame(opcode, data), frame(PING)],
                      (TEXT, b"before"), (CLOSE, 1002))
    for opcode in [TEXT, BINARY, PING, CLOSE]:
        yield Row(f"without a mask, opcode {opcode}", [frame(opcode, b"\x03\xe8", masked=False)], (CLOSE, 1002))


def fragments():
    for opcode in [PING, PONG, CLOSE]:
        yield Row(f"a control frame in fragments, opcode {opcode}", [frame(opcode, b"", fin=False), frame(0, b"")], (CLOSE, 1002))
    for chop in [None, 1]:
        for opcode in [TEXT, BINARY]:
            how = f"opcode {opcode}, {'at once' if chop is None else 'byte by byte'}"
            yield Row(f"two fragments, {how}", list(pieces(opcode, b"abcd", 2)), (opcode, b"abcd"), chop=chop)
            yield Row(f"empty fragments, {how}", [frame(opcode, fin=False), frame(0, fin=False), frame(0)], (opcode, b""), chop=chop)
            yield Row(f"an empty one between, {how}", [frame(opcode, b"a", fin=False), frame(0, fin=False), frame(0, b"b")], (opcode, b"ab"), chop=chop)
            yield Row(f"a ping between, {how}", list(pieces(opcode, b"abcdef", 2, [frame(PING, b"p")])),
                      (PONG, b"p"), (PONG, b"p"), (opcode, b"abcdef"), chop=chop)
            yield Row(f"a continuation of nothing, {how}", [frame(0, b"x"), frame(opcode, b"y")], (CLOSE, 1002), chop=chop)
            yield Row(f"a continuation after the end, {how}", [*pieces(opcode, b"abcd", 2), frame(0, b"x", fin=False)],
                      (opcode, b"abcd"), (CLOSE, 1002), chop=chop)
            yield Row(f"a message within a message, {how}", [frame(opcode, b"a", fin=False), frame(opcode, b"b")], (CLOSE, 1002), chop=chop)


def characters():
    good = [b"", b"Hello", EURO, "\0\x7f\x80\u07ff\u0800\uffff\U00010000\U0010ffff".encode(), "\ud7ff\ue000\ufffd\ufffe".encode(), "\ufeffmark".encode()]
    for data in good:
        yield Row(f"good text {data[:12].hex()}", [frame(TEXT, data)], (TEXT, data))
        yield Row(f"good text in fragments of a byte {data[:12].hex()}", list(pieces(TEXT, data, 1)), (TEXT, data))
        yield Row(f"good text byte by byte {data[:12].hex()}", [frame(TEXT, data)], (TEXT, data), chop=1)
    bad = ["80", "bf", "8080", "c0", "c1bf", "c3", "c328", "e0", "e08080", "e09fbf", "e28228", "e282", "eda080", "edafbf", "edb080", "edbfbf", "eda080edb080",
           "f0", "f0808080", "f08fbfbf", "f09f98", "f0288cbc", "f4908080", "f5808080", "f888808080", "fc8480808080", "fe", "ff", "fffe"]
    for code in bad:
        data = EURO + bytes.fromhex(code)
        yield Row(f"bad text {code}", [frame(TEXT, data)], (CLOSE, 1007))
        yield Row(f"bad text {code} in fragments of a byte", list(pieces(TEXT, data, 1)), (CLOSE, 1007))
        yield Row(f"as binary {code}", [frame(BINARY, data)], (BINARY, data))
    yield Row("bad text is seen before its end", [frame(TEXT, EURO + b"\xed\xa0\x80", fin=False)], (CLOSE, 1007))
    yield Row("bad text is seen before its frame's end", [frame(TEXT, EURO + b"\xf4\x90", length=1000)], (CLOSE, 1007))


def closes():
    yield Row("a close without a number", [frame(CLOSE)], (CLOSE, 1000))
    yield Row("a close of one byte", [frame(CLOSE, b"\x03")], (CLOSE, 1002))
    yield Row("what comes after a close is not looked at", [closing(1000), frame(PING), frame(TEXT, b"x")], (CLOSE, 1000))
    yield Row("what came before a close is answered", [frame(TEXT, b"x"), closing(1000)], (TEXT, b"x"), (CLOSE, 1000))
    yield Row("a close within a message", [frame(TEXT, b"x", fin=False), closing(1000)], (CLOSE, 1000))
    yield Row("the longest reason", [closing(1000, b"*" * 123)], (CLOSE, 1000))
    yield Row("a reason too long", [closing(1000, b"*" * 124)], (CLOSE, 1002))
    yield Row("a reason that is no text", [closing(1000, b"\xce\xba\xed\xa0\x80")], (CLOSE, 1007))
    for number in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]:
        yield Row(f"a close with {number}", [closing(number)], (CLOSE, number))
    for number in [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535]:
        yield Row(f"a close with {number}", [closing(number)], (CLOSE, 1002))


def seen(ws):
    """What comes next: a message, a pong, or the number of a close."""
    opcode, data = ws.read_frame()
    return opcode, int.from_bytes(data[:2], "big") if opcode == CLOSE else data


def play(server, row):
    ws = WebSock(server, raw=True)
    data = b"".join(ws.frame(opcode, data, **how) for opcode, data, how in row.sent)
    step = row.chop or len(data)
    for at in range(0, len(data), step):
        ws.send_bytes(data[at:at + step])
    came = []
    while len(came) < len(row.expected):
        came.append(seen(ws))
        if came[-1][0] == CLOSE:
            break
    assert came == row.expected, f"{[(opcode, data[:40] if isinstance(data, bytes) else data) for opcode, data in came]}"
    if came[-1][0] == CLOSE:
        assert ws.file.read() == b"", "something after the close"
    else:
        ws.send_bytes(ws.frame(TEXT, b"still here"))
        assert seen(ws) == (TEXT, b"still here")


def register(row):
    def run(server):
        play(server, row)
    run.__name__ = row.name
    test()(run)


for group in (lengths, pings, reserved, fragments, characters, closes):
    for each in group():
        register(each)
