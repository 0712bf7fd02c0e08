"""WebSocket frames of a client (RFC 6455), and the packets that open a session."""
import base64
import json
import os
import struct

TEXT, BINARY, PING = 1, 2, 9
END = 0x80


def frame(payload, kind=TEXT, end=True, announced=None):
    """`announced`: the length that the header says, if it is not the true one. The mask is zero, which is one like others."""
    length = len(payload) if announced is None else announced
    first = bytes([kind | (END if end else 0)])
    if length < 126:
        head = bytes([0x80 | length])
    elif length < 1 << 16:
        head = struct.pack(">BH", 0xFE, length)
    else:
        head = struct.pack(">BQ", 0xFF, length)
    return first + head + b"\0\0\0\0" + payload


def packet(text):
    return frame(text.encode())


def opening(window=1 << 20, **more):
    """The attach of a new session."""
    key = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
    fields = {"v": 1, "attach": 1, "key": key, "received": 0, "consumed": 0, "window": window, "first": 1, **more}
    return "A" + json.dumps(fields)
