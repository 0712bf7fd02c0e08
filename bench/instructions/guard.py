"""Fails if a message costs more instructions or allocations than limits.json says, and tells if it costs less.

    guard.py PROGRAM COMPILER [--write]

`--write` makes what is counted now the limits: in a change that is meant to cost more, or has made something cheaper.
"""

import json
import sys
from pathlib import Path

from callgrind import count

LIMITS = Path(__file__).resolve().parent / "limits.json"
# Alignment, and the C library's way to copy, differ a little between machines.
TOLERANCE = 0.02
WHAT = ("instructions", "allocations")


def main():
    program, compiler = sys.argv[1:3]
    limits = json.loads(LIMITS.read_text())
    if "--write" in sys.argv:
        limits = {"compiler": compiler, "work": {name: counted(program, name) for name in limits["work"]}}
        LIMITS.write_text(json.dumps(limits, indent=2) + "\n")
        return 0
    if limits["compiler"] != compiler:
        # Another compiler counts otherwise, and nobody has become slower by it.
        print(f"not compared: the limits are those of {limits['compiler']}, and this is {compiler}")
        return 0
    verdicts = [judge(name, limit, counted(program, name)) for name, limit in limits["work"].items()]
    price(limits["work"])
    return 0 if all(verdicts) else 1


def counted(program, name):
    instructions, allocations = count([program, name])
    return {"instructions": round(instructions), "allocations": round(allocations, 2)}


def judge(name, limit, now):
    fits = True
    for what in WHAT:
        most, least = limit[what] * (1 + TOLERANCE), limit[what] * (1 - TOLERANCE)
        verdict = "too many" if now[what] > most else "fewer: write it down with --write" if now[what] < least else "as before"
        fits = fits and now[what] <= most
        print(f"{name:10} {now[what]:8} {what}, limit {limit[what]}: {verdict}")
    return fits


def price(work):
    codec, session = (work[name]["instructions"] for name in ("codec", "session"))
    print(f"reliability's price: {session / codec:.2f} times the codec alone")


sys.exit(main())
