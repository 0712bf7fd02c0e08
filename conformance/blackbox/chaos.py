"""Sessions that are cut, moved and resumed at random, with numbered events both ways: nothing lost, doubled or out of order."""
import os
import random

from carriers import CARRIERS, LongPolling
from harness import test
from packets import Cut, Refused, binary, event, split, unpack
from wire import Client

SEEDS = int(os.environ.get("EVERWIRE_CHAOS", "6"))
FIRST = int(os.environ.get("EVERWIRE_SEED", "1"))


class Chaos:
    def __init__(self, server, seed, transports):
        self.dice, self.transports = random.Random(seed), transports
        self.client = Client(server, window=self.dice.choice([3_000, 100_000, 1 << 20]))
        self.asked = self.heard = 0

    def run(self):
        self.client.attach(self.dice.choice(self.transports), "c")
        for _ in range(60):
            self.dice.choice([self.say, self.say, self.hear, self.hear, self.cut, self.move, self.abort, self.overlap])()
        self.client.attach("websocket")
        while self.heard < self.asked:
            self.take(self.client.receive())
        report = self.client.ask("seq-report")
        assert report == [{"received": self.asked, "duplicates": 0, "reordered": 0, "missing": 0}], report

    def say(self):
        # One batch at a time: what the attach brought comes first.
        self.client.welcomed()
        packets = []
        for _ in range(self.dice.randrange(1, 8)):
            packets += [event("seq", self.asked), self.echo(self.asked)]
            self.asked += 1
        self.client.send(*packets)

    def echo(self, number):
        if number % 5 == 0:
            return binary(f'e["echo",{number},"\\u00000"]', bytes([number % 256]) * self.dice.randrange(500))
        return event("echo", number, "x" * self.dice.randrange(500))

    def hear(self):
        """Takes some of what must come."""
        for _ in range(self.dice.randrange(1, 10)):
            if self.heard < self.asked:
                try:
                    self.take(self.client.receive())
                except Cut:
                    self.move()

    def take(self, packet):
        head = unpack(packet)[0] if isinstance(packet, bytes) else packet
        kind, _, _, body = split(head)
        if kind == "e" and body[0] == "echo":
            assert body[1] == self.heard, f"heard {body[1]}, not {self.heard}"
            assert not isinstance(packet, bytes) or set(unpack(packet)[1]) <= {self.heard % 256}
            self.heard += 1
        else:
            assert kind == "o" or body[0] == "auth", packet

    def cut(self):
        self.client.carrier.cut()
        self.move()

    def move(self):
        self.client.attach(self.dice.choice(self.transports))
        if self.dice.random() < 0.7:
            self.client.welcomed()

    def overlap(self):
        """Two polls at a time, the newer with messages."""
        carrier = self.client.carrier
        if not isinstance(carrier, LongPolling):
            return
        self.client.welcomed()
        if self.client.queue:
            return  # one batch at a time
        older = carrier.waiting or carrier.start_poll()
        self.say()
        newer = carrier.start_poll()
        carrier.waiting = older
        try:
            self.client.step()
        except Refused as refusal:
            assert refusal.code == "stale_poll", refusal  # it came later than the newer
        carrier.waiting = newer
        while self.heard < self.asked:
            self.take(self.client.receive())
        # Nothing may hang while this client, which has one hand, does something else; and a poll that failed costs the carrier.
        self.cut()

    def abort(self):
        """Lets the answer to a request be lost."""
        carrier = self.client.carrier
        if hasattr(carrier, "start_poll"):
            self.client.welcomed()
            if getattr(carrier, "waiting", None) is None and getattr(carrier, "script", None) is None:
                carrier.start_poll()
            carrier.cut()
            self.move()


def register(seed):
    def run(server):
        Chaos(server, seed, list(CARRIERS)).run()
    run.__module__, run.__name__ = __name__, f"seed {seed}"
    test()(run)


for each in range(FIRST, FIRST + SEEDS):
    register(each)
