#!/usr/bin/env python3
"""A client of the Everwire protocol, written from protocol.md alone.

Opens a session over WebSocket and one over long-polling, and exchanges events with the testbed:
    python3 conformance/client.py http://127.0.0.1:3000
"""
import base64, http.client, json, os, socket, struct, sys, urllib.parse

def binary(head, *parts):                                   # 2.2: a head, then the bytes it points to
    return b"".join(struct.pack(">I", len(p)) + p for p in (head.encode(), *parts))

def pieces(data):                                           # the reverse: text, then the bytes
    found = []
    while data:
        size = struct.unpack(">I", data[:4])[0]
        found, data = found + [data[4:4 + size]], data[4 + size:]
    return [found[0].decode(), *found[1:]]

class Session:                                              # 4.1 and 3.1: the counts of one session
    def __init__(self):
        self.key = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
        self.received = self.consumed = self.sent = 0
    def attach(self, **more):
        return "A" + json.dumps({"v": 1, "attach": 1, "key": self.key, "window": 1 << 20, "received": 0, "consumed": 0, "first": 1, **more})
    def take(self, packet):                                 # counted packets raise a position, `e` alone is credited
        text, *parts = pieces(packet) if isinstance(packet, bytes) else [packet]
        self.received += text[0] in "eaxodl"
        self.consumed += len(packet) if text[0] == "e" else 0
        return text, *parts

class WebSocket(Session):                                   # 12.1
    def __init__(self, host, port):
        super().__init__()
        self.socket = socket.create_connection((host, port), 10)
        self.file = self.socket.makefile("rb")
        self.socket.sendall(f"GET /everwire/websocket HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode())
        assert b" 101 " in self.file.readline()
        while self.file.readline() > b"\r\n": pass          # the headers; less than that is the end of them, or of the line
        self.send(self.attach(), "c")                       # one flight: nothing is awaited before the first events
    def send(self, *packets):
        for packet in packets:                              # text form in a text frame, binary form in a binary one
            data, opcode = (packet, 2) if isinstance(packet, bytes) else (packet.encode(), 1)
            length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
            self.socket.sendall(bytes([0x80 | opcode]) + length + bytes(4) + data)   # a mask of zeros is a mask
    def receive(self):
        while True:
            opcode, size = self.file.read(2)
            size = struct.unpack(">H", self.file.read(2))[0] if size == 126 else size
            data = self.file.read(size)
            if opcode == 0x88: raise EOFError(data[2:].decode())
            if data == b"h": self.send(f"n{self.received},{self.consumed}")          # 7: each heartbeat is answered
            elif opcode & 15 in (1, 2): return [self.take(data if opcode & 15 == 2 else data.decode())]

class LongPolling(Session):                                 # 12.2: the answers of a loop of polls
    def __init__(self, host, port):
        super().__init__()
        self.http, self.poll, self.batch, self.serial = http.client.HTTPConnection(host, port, 10), 0, ["c"], 1
    def send(self, *packets):                               # 2.3: binary is base64 on a line of text
        self.batch += ["b" + base64.b64encode(p).decode() if isinstance(p, bytes) else p for p in packets]
    def receive(self):
        head = self.attach(serial=1)
        if self.poll:                                       # every request after the first is a poll
            head = {**self.proof, "attach": 1, "poll": self.poll, "received": self.received, "consumed": self.consumed}
            if self.batch: self.serial, head = self.serial + 1, {**head, "serial": self.serial + 1, "first": self.sent + 1}
            head = "P" + json.dumps(head)
        self.http.request("POST", "/everwire/long_polling", "\n".join([head, *self.batch]), {"Content-Type": "text/plain"})
        self.sent, self.batch, self.poll = self.sent + len(self.batch), [], self.poll + 1
        answer = self.http.getresponse()
        body = answer.read().decode()
        assert answer.status == 200, (answer.status, body)
        welcome, *lines = body.split("\n")[:-1]             # a line without its end was cut off
        if "token" in (said := json.loads(welcome[1:])): self.proof = {k: said[k] for k in ("session", "token")}
        return [self.take(base64.b64decode(l[1:]) if l[0] == "b" else l) for l in lines if l and l[0] != " "]

EXPECTED = ['e["auth",null]', 'e["echo","hello",1]', 'a7["ask",2]', ('e["echo","\\u00000"]', b"\x00\xff\n"), 'a8["again"]']

def check(client):
    expected = list(EXPECTED)
    client.send('e["echo","hello",1]', 'e7["message-with-ack","ask",2]', binary('e["echo","\\u00000"]', b"\x00\xff\n"))
    while True:
        for packet, *parts in client.receive():
            print("  " + packet + "".join(f" + {len(p)} bytes" for p in parts))
            if packet[0] == "z": return expected and f"closed before {expected}"
            if packet[0] in "rxdl": return f"the server answered {packet}"
            if packet[0] not in "ea": continue
            if ((packet, *parts) if parts else packet) != expected.pop(0): return "that was not expected"
            if len(expected) == 1: client.send('e8["message-with-ack","again"]')
            if not expected: client.send('z{"code":"client_disconnect","final":5}')      # 9.2: five messages were sent

def main():
    url = urllib.parse.urlparse(sys.argv[1])
    for transport in (WebSocket, LongPolling):
        print(transport.__name__)
        if failed := check(transport(url.hostname, url.port)): return failed
    print("both exchanged events")

if __name__ == "__main__":
    sys.exit(main())
