#!/usr/bin/env python3
"""Attacks on a testbed beside clients that must not notice: `run.py --testbed PATH [--seconds N] [--only NAME,NAME]`.

A row for each attack: how much memory the server took beyond what it had, how long the clients waited for an ack, and what the
server had left over afterwards. It fails when the server or a client was lost, memory passed the ceiling, or something stayed.
"""
import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import sys
import time
import urllib.request

from attacks import ATTACKS
from canaries import Canary

HERE = pathlib.Path(__file__).parent
CANARIES = 20
CEILING = 128  # MB that the server may take beyond what it has at rest; large bodies alone may have 64 MiB
# Answers that nobody reads are given up while somebody still looks.
FLAGS = ["--port", "0", "--write-ms", "5000"]
PATIENCE = 30  # seconds until everything must be as before


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--testbed", required=True, help="the binary to be attacked")
    options.add_argument("--seconds", type=float, default=3, help="for each attack")
    options.add_argument("--sockets", type=int, default=200, help="of each attack; of HTTP/2 mostly a tenth")
    options.add_argument("--only", default=",".join(ATTACKS), help="the names of attacks, with commas between them")
    options = options.parse_args()
    server = await Server.start(options.testbed)
    canaries = [Canary(server.port) for _ in range(CANARIES)]
    failed = []
    try:
        for canary in canaries:
            await canary.start()
        singing = [asyncio.ensure_future(canary.sing()) for canary in canaries]
        await asyncio.sleep(1)
        print(f"{'attack':28}{'peak':>8}{'after':>8}{'p50':>7}{'p99':>7}  connections, answers")
        print(row("(none)", server, server.rest(), percentiles(canaries), ""), flush=True)
        for name in options.only.split(","):
            trouble = await under(name, server, canaries, options)
            failed += [f"{name}: {what}" for what in trouble]
        for task in singing:
            task.cancel()
    finally:
        for canary in canaries:
            with contextlib.suppress(AttributeError):
                canary.close()
        await server.stop()
    print("\n".join(failed) or "nothing was lost, and nothing is left over")
    return 1 if failed else 0


async def under(name, server, canaries, options):
    """One attack. What went wrong."""
    before = server.rest()
    for canary in canaries:
        canary.times.clear()
    arguments = [str(HERE / "attacks.py"), name, str(server.port), str(options.seconds), str(options.sockets)]
    attacker = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    told = asyncio.ensure_future(attacker.stdout.read())
    peak = 0
    while not told.done():
        peak = max(peak, server.memory())
        await asyncio.sleep(0.05)
    await attacker.wait()
    waited = percentiles(canaries)
    trouble = [f"a client was lost: {canary.lost!r}" for canary in canaries if canary.lost]
    if peak - before["memory"] > CEILING:
        trouble.append(f"{peak - before['memory']:.0f} MB of memory")
    left = await server.settled(before)
    if left:
        trouble.append(f"left over: {left}")
    did = json.loads(told.result() or "{}")
    print(row(name, server, {"memory": peak}, waited, f"{did.get('opened')} {did.get('answers')}"), flush=True)
    return trouble


class Server:
    @classmethod
    async def start(cls, path):
        self = cls()
        self.process = await asyncio.create_subprocess_exec(path, *FLAGS, stdout=asyncio.subprocess.PIPE,
                                                            stderr=asyncio.subprocess.DEVNULL)
        line = (await self.process.stdout.readline()).decode()
        self.port, self.proc = int(line.rsplit(":", 1)[1]), pathlib.Path(f"/proc/{self.process.pid}")
        return self

    def memory(self):
        """Resident, in MB."""
        pages = int((self.proc / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def rest(self):
        return {"memory": self.memory(), "files": len(os.listdir(self.proc / "fd"))}

    async def settled(self, before):
        """Waits until nothing is left of an attack, and says what is left all the same."""
        end = time.monotonic() + PATIENCE
        while True:
            files = len(os.listdir(self.proc / "fd")) - before["files"]
            stats = await asyncio.to_thread(self.stats)
            left = {"files": files, "sessions": stats["sessions"] - CANARIES, "requests": stats["open_requests"]}
            left = {name: count for name, count in left.items() if count > 0}
            if not left or time.monotonic() > end:
                return left
            await asyncio.sleep(0.2)

    def stats(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats", timeout=10) as answer:
            return json.load(answer)

    async def stop(self):
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


def percentiles(canaries):
    times = sorted(time for canary in canaries for time in canary.times) or [float("nan")]
    return [times[int(len(times) * share)] * 1000 for share in (0.5, 0.99)]


def row(name, server, peak, waited, note):
    memory, after = peak["memory"], server.memory()
    return f"{name:28}{memory:5.0f} MB{after:5.0f} MB{waited[0]:4.0f} ms{waited[1]:4.0f} ms  {note}"


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
