"""WebSocket frames."""
import base64
import http.client
import json
import os
import socket
import struct

from packets import PATIENCE, Cut, Refused


class Ws:
    """RFC 6455 as a client, with every mistake possible."""

    def __init__(self, server, headers=None, path="/everwire/websocket"):
        self.socket = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        fields = {"Host": f"127.0.0.1:{server.port}", "Upgrade": "websocket", "Connection": "Upgrade",
                  "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
                  **(headers or {})}
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        status = self.file.readline().split()
        answered = http.client.parse_headers(self.file)
        if status[1] != b"101":
            body = json.loads(self.file.read(int(answered["content-length"])))
            raise Refused(body["error"], int(status[1]), body)

    def frame(self, opcode, data=b"", fin=True, rsv=0, masked=True, length=None):
        size = len(data) if length is None else length
        first = (0x80 if fin else 0) | rsv << 4 | opcode
        mark = 0x80 if masked else 0
        if size < 126:
            head = bytes([first, mark | size])
        elif size < 1 << 16:
            head = bytes([first, mark | 126]) + struct.pack(">H", size)
        else:
            head = bytes([first, mark | 127]) + struct.pack(">Q", size)
        if not masked:
            return head + data
        mask = os.urandom(4)
        spread = (mask * (len(data) // 4 + 1))[:len(data)]
        mixed = (int.from_bytes(data, "big") ^ int.from_bytes(spread, "big")).to_bytes(len(data), "big")
        return head + mask + mixed

    def send_all(self, packets):
        frames = (self.frame(2, packet) if isinstance(packet, bytes) else self.frame(1, packet.encode()) for packet in packets)
        self.send_bytes(b"".join(frames))

    def send_bytes(self, data):
        try:
            self.socket.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            pass  # closed meanwhile: what was said is still to be read

    def read_frame(self):
        head = self.file.read(2)
        if len(head) < 2:
            raise Cut
        size = head[1] & 127
        assert head[0] & 0x70 == 0 and head[1] & 0x80 == 0, "reserved bits, or a mask, from a server"
        if size > 125:
            size = int.from_bytes(self.file.read(2 if size == 126 else 8), "big")
        data = self.file.read(size)
        if len(data) < size:
            raise Cut
        return head[0] & 15, data

    def receive(self):
        """The next message. A close is raised."""
        while True:
            try:
                opcode, data = self.read_frame()
            except ConnectionResetError:
                raise Cut from None
            if opcode == 1:
                return data.decode()
            if opcode == 2:
                return data
            if opcode == 8:
                raise WsClosed(int.from_bytes(data[:2], "big") if data else 1005, data[2:].decode())

    def close(self):
        # Both hold the descriptor.
        self.file.close()
        self.socket.close()


class WsClosed(Exception):
    def __init__(self, number, reason):
        super().__init__(f"{number} {reason}")
        self.number, self.reason = number, reason
