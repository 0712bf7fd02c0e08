"""Packets in both forms, and the ways in which a carrier or a session ends."""
import base64
import json
import os
import re
import struct

PATIENCE = 20  # seconds after which a silent server has failed the test; longer than its longest pause
COUNTED = "eaxcodlq"


class Refused(Exception):
    """A refusal of the protocol: an `r` packet, a JSON answer, or a close frame."""

    def __init__(self, code, status=None, body=None):
        super().__init__(f"{status or ''} {code} {body or ''}")
        self.code, self.status, self.body = code, status, body or {}


class Cut(Exception):
    """The carrier ended without a word."""


class Closed(Exception):
    """A `z` came."""

    def __init__(self, body):
        super().__init__(json.dumps(body))
        self.body = body
        self.code = body["code"]


def random_key():
    return base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")


def binary(head, *parts):
    """The binary form."""
    return b"".join(struct.pack(">I", len(part)) + part for part in (head.encode(), *parts))


def unpack(form):
    """The pieces of a binary form: the head as text, then the attachments."""
    pieces = []
    while form:
        (size,) = struct.unpack(">I", form[:4])
        assert size <= len(form) - 4, "a piece is longer than the whole"
        pieces.append(form[4:4 + size])
        form = form[4 + size:]
    return [pieces[0].decode(), *pieces[1:]]


def head_of(packet):
    return unpack(packet)[0] if isinstance(packet, bytes) else packet


def size_of(packet):
    return len(packet) if isinstance(packet, bytes) else len(packet.encode())


def is_counted(packet):
    return isinstance(packet, bytes) and head_of(packet)[0] in COUNTED or isinstance(packet, str) and packet[0] in COUNTED


def to_line(packet):
    return "b" + base64.b64encode(packet).decode() if isinstance(packet, bytes) else packet


def from_line(line):
    return base64.b64decode(line[1:], validate=True) if line[0] == "b" else line


def event(name, *args, id=None, namespace=""):
    text = json.dumps([name, *args], separators=(",", ":"), ensure_ascii=False)
    return f"e{namespace + ',' if namespace else ''}{'' if id is None else id}{text}"


def split(packet):
    """Type, namespace, id and body of a text packet."""
    kind, namespace, id, body = re.fullmatch(r"([A-Za-z])(?:(/[^,]*),)?(\d*)(.*)", head_of(packet), re.S).groups()
    return kind, namespace or "/", int(id) if id else None, json.loads(body) if body else None
