#!/usr/bin/env python3
"""A client of the Everwire protocol, written from protocol.md alone: it opens a session over WebSocket and one over long-polling,
and exchanges events with the testbed: `python3 conformance/client.py http://127.0.0.1:3000`."""
import base64, http.client, json, os, socket, struct, sys, urllib.parse

def binary(head, *parts):                                    # 2.2: lengths and pieces, the head first
    return b"".join(struct.pack(">I", len(piece)) + piece for piece in (head.encode(), *parts))

def attach(**more):                                          # 4.1
    key = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
    return "A" + json.dumps({"v": 1, "attach": 1, "key": key, "received": 0, "consumed": 0, "window": 1 << 20, "first": 1, **more})

class WebSocket:                                             # 12.1
    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), 10)
        self.file = self.socket.makefile("rb")
        self.socket.sendall(f"GET /everwire/websocket HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode())
        assert b" 101 " in self.file.readline()
        while self.file.readline() > b"\r\n": pass           # the other headers
        self.send(attach())                                  # one flight: what follows is sent before anything is answered
    def send(self, *packets):
        for packet in packets:                               # text in text frames, the binary form in binary ones
            data, opcode = (packet, 2) if isinstance(packet, bytes) else (packet.encode(), 1)
            length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
            self.socket.sendall(bytes([0x80 | opcode]) + length + bytes(4) + data)     # a mask of zeros is a mask
    def receive(self):
        opcode, size = self.file.read(2)
        data = self.file.read(struct.unpack(">H", self.file.read(2))[0] if size == 126 else size)
        return [data if opcode == 0x82 else data.decode()]

class LongPolling:                                           # 12.2: what goes up waits for the next poll
    def __init__(self, host, port):
        self.http, self.polls, self.batch = http.client.HTTPConnection(host, port, timeout=10), 0, []
        self.sent = self.received = self.consumed = 0        # 3.1, 3.3
    def send(self, *packets):                                # 2.3: binary is a line of base64
        self.batch += ["b" + base64.b64encode(p).decode() if isinstance(p, bytes) else p for p in packets]
    def receive(self):
        numbers = {"serial": self.polls + 1, "first": self.sent + 1} if self.batch else {}
        counts = {"received": self.received, "consumed": self.consumed}
        head = "P" + json.dumps({**self.proof, "attach": 1, "poll": self.polls, **counts, **numbers}) if self.polls else attach(**numbers)
        self.http.request("POST", "/everwire/long_polling", "\n".join([head, *self.batch]), {"Content-Type": "text/plain"})
        self.sent, self.batch, self.polls = self.sent + len(self.batch), [], self.polls + 1
        welcome, *lines = self.http.getresponse().read().decode().split("\n")[:-1]     # a line without its end was cut off
        said = json.loads(welcome[1:])                       # 4.3
        self.proof = {"session": said["session"], "token": said["token"]} if "token" in said else self.proof
        packets = [base64.b64decode(line[1:]) if line[0] == "b" else line for line in lines]
        self.received += sum(isinstance(p, bytes) or p[0] in "eaxodlq" for p in packets)
        self.consumed += sum(len(p) for p in packets if isinstance(p, bytes) or p[0] == "e")      # 6.2
        return packets

def check(client):
    picture = binary('e["echo","\\u00000"]', b"\x00\xff\n")
    expected = ['e["auth",null]', 'e["echo","hello",1]', 'a7["ask",2]', picture, 'a8["again"]']
    client.send("c", 'e["echo","hello",1]', 'e7["message-with-ack","ask",2]', picture)
    while True:
        for packet in client.receive():
            print(" ", packet)
            if packet in expected[:1]: expected.pop(0)
            elif packet[0] == "z": return not expected
            elif packet[0] not in "Wonh": return False
            if packet == picture: client.send('e8["message-with-ack","again"]')
            if packet == 'a8["again"]': client.send('z{"code":"client_disconnect","final":5}')    # 9.2: five messages were sent

url = urllib.parse.urlparse(sys.argv[1])
for transport in (WebSocket, LongPolling):
    print(transport.__name__)
    if not check(transport(url.hostname, url.port)): sys.exit("that was not expected")
print("both exchanged events")
