"""Makes the runs of a row, one contestant after the other, round by round."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass

from servers import HERE, LOAD_CORE, Running

sys.path.append(str(HERE / "instructions"))
from callgrind import count


@dataclass(frozen=True)
class Pace:
    rounds: int
    warm: float
    seconds: float
    # Share of the time for which idle sessions are looked at.
    idle: float
    whole: bool


WHOLE = Pace(rounds=3, warm=0.5, seconds=3, idle=1, whole=True)
QUICK = Pace(rounds=1, warm=0.2, seconds=0.8, idle=0.5, whole=False)


def measure(rows, pace, commands):
    """Row's id -> rounds, each contestant's name -> figures."""
    plans = [(row, number, each) for row in rows for number in range(pace.rounds) for each in chosen(row, pace)]
    progress = Progress(sum(expected(row, each, pace) for row, _, each in plans))
    results = {row.id: [{} for _ in range(pace.rounds)] for row in rows}
    for row, number, each in plans:
        progress.say(f"{row.id}: {each.name}, run {number + 1} of {pace.rounds}")
        try:
            figures = one(row, each, pace, commands)
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
            print(f"\n{row.id}: {each.name} failed: {error}", file=sys.stderr)
            figures = {"failed": 1}
        results[row.id][number][each.name] = figures
        progress.done(expected(row, each, pace))
    progress.end()
    return results


def chosen(row, pace):
    return [each for each in row.contestants if pace.whole or each not in row.whole_only]


def seconds(row, contestant, pace):
    """For how long it is measured."""
    if row.load.get("scenario") == "idle":
        return contestant.idle * pace.idle if row.watched else 0
    return pace.seconds


def expected(row, contestant, pace):
    """Roughly, in seconds: for the progress line."""
    phases = 2 if row.load.get("scenario") == "rooms" else 1
    opening = row.load.get("connections", 0) / 8000
    return phases * (pace.warm + seconds(row, contestant, pace)) + opening + 1


def one(row, contestant, pace, commands):
    if contestant.server == "instructions":
        instructions, _ = count([*commands["instructions"], contestant.dialect])
        return {"instructions": instructions}
    load = {
        **row.load,
        **dict(contestant.load),
        "dialect": contestant.dialect,
        "transport": contestant.transport,
        "warm": pace.warm,
        "seconds": seconds(row, contestant, pace),
    }
    with Running([*commands[contestant.server], *contestant.options], contestant.cores) as (address, pid):
        arguments = [f"{name}={value}" for name, value in load.items()]
        command = ["taskset", "-c", LOAD_CORE, *commands["load"], address, str(pid), *arguments]
        plain = {**os.environ, "RUST_BACKTRACE": "0"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, env=plain)
    if done.returncode != 0:
        raise RuntimeError(" ".join(done.stderr.split())[:400])
    return json.loads(done.stdout)


class Progress:
    """One line that says what is measured, and how long the rest will take."""

    def __init__(self, total):
        self.total, self.left, self.began = total, total, time.monotonic()

    def say(self, what):
        spent = time.monotonic() - self.began
        done = self.total - self.left
        left = self.left * (spent / done if done > 10 else 1)
        percent = 100 * done / self.total
        line = f"{percent:3.0f} %, {left / 60:4.1f} min left: {what}"
        print(f"\r{line:<90}" if sys.stderr.isatty() else line, end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)

    def done(self, weight):
        self.left -= weight

    def end(self):
        minutes = (time.monotonic() - self.began) / 60
        print(f"\rmeasured for {minutes:.1f} min{'':<70}", file=sys.stderr)
