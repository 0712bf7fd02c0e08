"""The protocol as a client speaks it: no threads, every step asked for, every count checked.

A `Client` is one session. It attaches over any transport by name, sends packets, and gives what comes down one packet at a
time. Text packets are `str`, those with binary are `bytes` (the binary form, protocol.md 2.2).
"""
import json

from carriers import CARRIERS, ByPost, WebSocket
from exchange import Body, Http
from packets import Closed, Refused, event, head_of, is_counted, random_key, size_of, split

FULL = ("session", "token", "attach", "ping", "timeout", "grace", "window", "max", "acks")


class Client:
    def __init__(self, server, transport=None, headers=None, window=1 << 20, confirms=True):
        self.server, self.http, self.headers, self.window = server, Http(server), headers or {}, window
        self.key, self.session, self.token = random_key(), None, None
        self.attach_number = self.serial = self.sent = self.confirmed = 0
        self.received = self.consumed = self.said = 0
        self.position = None  # the number of the next message on this carrier
        self.queue = []  # what the server has not confirmed: (number, packet)
        self.inbox, self.volatiles, self.former = [], [], []
        self.heartbeats, self.confirms, self.carrier = 0, confirms, None
        self.welcome = self.drawn = self.ticket = self.close_said = None
        server.clients.append(self)
        if transport:
            self.attach(transport, "c")

    # ---- up

    def number(self, packets):
        for packet in packets:
            if is_counted(packet):
                self.sent += 1
                self.queue.append((self.sent, packet))

    def attach_head(self, **more):
        """The next attach; a key of `None` leaves one out."""
        self.attach_number += 1
        fields = {"v": 1, "attach": self.attach_number, "received": self.received, "consumed": self.consumed,
                  "window": self.window}
        fields |= {"session": self.session, "token": self.token} if self.token else {"key": self.key}
        return "A" + json.dumps({k: v for k, v in {**fields, **more}.items() if v is not None})

    def attach(self, transport, *packets, **more):
        """Attaches, and sends what is not confirmed again, then `packets`."""
        if self.carrier:
            self.former.append(self.carrier)
        self.number(packets)
        again = [packet for _, packet in self.queue]
        again += [packet for packet in packets if not is_counted(packet)]
        more.setdefault("first", self.confirmed + 1 if self.queue or transport == "websocket" else None)
        if transport != "websocket" and again:
            self.serial += 1
            more.setdefault("serial", self.serial)
        if transport == "jsonp":
            self.drawn = random_key()
            more["ticket"] = self.drawn
        self.position = None
        self.carrier = CARRIERS[transport](self)
        self.carrier.open(self.attach_head(**more), again)
        return self

    def post_head(self, packets, **more):
        fields = {"session": self.session, "token": self.token, "received": self.received, "consumed": self.consumed}
        if packets:
            self.serial += 1
            fields["serial"] = self.serial
        messages = sum(map(is_counted, packets))
        if messages:
            fields["first"] = self.sent - self.waiting_for_poll(packets) - messages + 1
        return "P" + json.dumps({k: v for k, v in {**fields, **more}.items() if v is not None})

    def waiting_for_poll(self, packets):
        """Messages numbered already that go later than these."""
        return sum(map(is_counted, getattr(self.carrier, "batch", [])))

    def post_headers(self):
        return {"Content-Type": "text/plain", **self.headers}

    def send(self, *packets):
        self.number(packets)
        self.carrier.send(list(packets))

    def emit(self, name, *args, **how):
        self.send(event(name, *args, **how))

    def say_counts(self):
        self.said = self.consumed
        counts = f"n{self.received},{self.consumed}"
        if isinstance(self.carrier, WebSocket):
            self.carrier.send([counts])
        elif isinstance(self.carrier, ByPost):
            self.carrier.send([])  # the head says them

    # ---- down

    def receive(self):
        """The next packet for the application. Refusals, closes and cuts are raised."""
        while not self.inbox:
            if self.close_said and self.close_said["final"] <= self.received:
                raise Closed(self.close_said)
            self.step()
        return self.inbox.pop(0)

    def step(self):
        """Takes what the carrier brings next."""
        packets, before = self.carrier.read(), self.position
        if isinstance(packets, Body):
            self.position = None
        for packet in packets:
            self.take(packet)
        if isinstance(packets, Body):
            self.position = before

    def take(self, packet):
        kind, _, _, body = split(packet) if head_of(packet)[0] != "n" else ("n", None, None, None)
        if kind == "W":
            self.take_welcome(body)
        elif kind == "n":
            received, consumed = map(int, packet[1:].split(","))
            self.trim(received)
        elif kind == "h":
            self.heartbeats += 1
            if self.confirms:
                self.say_counts()
        elif kind == "r":
            raise Refused(body["error"], None, body)
        elif kind == "z":
            self.close_said = body
        elif kind == "v":
            self.inbox.append(packet)
        else:
            self.take_message(packet, kind)

    def take_message(self, packet, kind):
        assert self.position is not None, "a message before the welcome"
        number, self.position = self.position, self.position + 1
        if number <= self.received:
            return
        assert number == self.received + 1, f"a gap: {number} after {self.received}"
        self.received = number
        self.consumed += size_of(packet) if kind == "e" else 0
        self.inbox.append(packet)
        if self.confirms and self.consumed - self.said >= self.window // 4:
            self.say_counts()

    def take_welcome(self, body):
        if "session" in body:
            assert all(key in body for key in FULL), body
            assert body["attach"] == self.attach_number, body
            self.session, self.token, self.welcome = body["session"], body["token"], body
        self.ticket = body.get("ticket", self.ticket)
        self.position = body["first"]
        self.trim(body["received"])

    def trim(self, received):
        assert received <= self.sent, f"{received} confirmed of {self.sent}"
        self.confirmed = max(self.confirmed, received)
        self.queue = [(number, packet) for number, packet in self.queue if number > self.confirmed]

    def welcomed(self):
        """Waits for the welcome of the current attach."""
        while self.welcome is None or self.welcome["attach"] != self.attach_number:
            self.step()
        return self

    def opened(self):
        """Waits for the main namespace and the first event of the testbed."""
        assert (kind := split(self.receive()))[0] == "o" and kind[3]["id"]
        self.expect(event("auth", None))
        return self

    # ---- checks

    def expect(self, *packets):
        for packet in packets:
            got = self.receive()
            assert got == packet, f"got {got!r:.300}, not {packet!r:.300}"
        return self

    def refused(self):
        """Reads until the carrier is refused, and gives the code."""
        try:
            while True:
                self.receive()
        except Refused as refusal:
            return refusal.code

    def ended(self):
        """Reads until the session is over, and gives the code: of `z`, or of a refusal to a request that came later."""
        try:
            while True:
                self.receive()
        except (Closed, Refused) as end:
            return end.code

    def ask(self, name, *args, id=900):
        """Emits with an ack, and gives its values."""
        self.emit(name, *args, id=id)
        while True:
            kind, _, answered, body = split(self.receive())
            if kind in "ax" and answered == id:
                assert kind == "a", body
                return body

    def works(self):
        assert self.ask("message-with-ack", "still", 1, id=901) == ["still", 1]
        return self

    def close(self):
        self.http.close()
        for carrier in [*self.former, *([self.carrier] if self.carrier else [])]:
            carrier.cut()
