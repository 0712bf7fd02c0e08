"""HTTP/2 frames (RFC 9113), as much as an attacker needs."""
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 8, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
INITIAL_WINDOW_SIZE = 4


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def settings(**values):
    """`settings(window=0)`."""
    payload = b"".join(struct.pack(">HI", INITIAL_WINDOW_SIZE, value) for value in values.values())
    return PREFACE + frame(SETTINGS, 0, 0, payload)


def block(method="GET", path="/", extra=()):
    """A header block without compression."""
    fields = [(":method", method), (":scheme", "http"), (":authority", "a"), (":path", path), *extra]
    return b"".join(b"\0" + text(name) + text(value) for name, value in fields)


def text(value):
    data = value.encode()
    assert len(data) < 127 + 128, "longer ones need more than one byte behind the first"
    length = bytes([len(data)]) if len(data) < 127 else bytes([127, len(data) - 127])
    return length + data


def request(stream, method="GET", path="/", extra=(), end=True):
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, block(method, path, extra))


def streams():
    """The numbers of a client's streams."""
    return range(1, 1 << 31, 2)
