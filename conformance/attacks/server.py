"""The testbed under attack, and what is known of it from outside."""
import asyncio
import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.request

from target import trusting

# Answers that nobody reads are given up, and sessions that nobody comes back to are forgotten, while somebody still looks.
FLAGS = ["--port", "0", "--write-ms", "5000", "--grace-ms", "1000"]
PATIENCE = 30  # seconds until everything must be as before
REMEMBERED = 75  # seconds in which the last poller is missed (ping and time-out), given up (grace), and its end remembered (30)
# Bytes that a client who is well may have on their way to it at any moment; of its replay, what it has not confirmed since the last heartbeat.
ON_THE_WAY = 8 << 10


class Server:
    @classmethod
    async def start(cls, path, ceiling, tls):
        self = cls()
        self.ceiling, self.tls, self.folder = ceiling, tls, tempfile.TemporaryDirectory()
        flags = FLAGS + (self.certificate() if tls else [])
        self.process = await asyncio.create_subprocess_exec(path, *flags, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                                                            preexec_fn=ceiling.enter)
        line = (await self.process.stdout.readline()).decode()
        self.port, self.proc = int(line.rsplit(":", 1)[1]), pathlib.Path(f"/proc/{self.process.pid}")
        return self

    def certificate(self):
        cert, key = (f"{self.folder.name}/{name}.pem" for name in ("cert", "key"))
        kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        subprocess.run(["openssl", "req", *kind, "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
        return ["--cert", cert, "--key", key]

    @property
    def lives(self):
        return self.process.returncode is None and not self.ceiling.kills()

    def memory(self):
        """Resident, in MB."""
        try:
            pages = int((self.proc / "statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def cpu(self):
        """Seconds."""
        try:
            fields = (self.proc / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    async def rest(self):
        """What `settled` compares with."""
        return {"files": len(os.listdir(self.proc / "fd")), **flat(await asyncio.to_thread(self.stats))}

    async def settled(self, before, clients):
        """Waits until nothing is left of an attack, and says what is left all the same."""
        slack = {"queued_bytes": clients * ON_THE_WAY, "replay_bytes": clients * ON_THE_WAY}
        end = time.monotonic() + PATIENCE
        while True:
            left = {name: count - before[name] for name, count in (await self.rest()).items()
                    if name in before and name != "tasks" and count > before[name] + slack.get(name, 0)}
            if not left or time.monotonic() > end:
                return left
            await asyncio.sleep(0.2)

    async def tasks_settled(self, before):
        """A session that has ended has its task for as long as it must tell why."""
        end = time.monotonic() + REMEMBERED
        while True:
            left = (await self.rest())["tasks"] - before["tasks"]
            if left <= 0 or time.monotonic() > end:
                return left
            await asyncio.sleep(1)

    def stats(self):
        scheme, context = ("https", trusting()) if self.tls else ("http", None)
        with urllib.request.urlopen(f"{scheme}://127.0.0.1:{self.port}/stats", timeout=10, context=context) as answer:
            return json.load(answer)

    async def stop(self):
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        self.ceiling.remove()
        self.folder.cleanup()


def flat(stats):
    """What a server holds at the moment: what only counts up is no such thing."""
    held = {name: value for name, value in stats.items() if isinstance(value, int)}
    return held | {f"carriers.{name}": count for name, count in stats["carriers"].items()}
