"""Counts instructions and allocations with callgrind, which does not mind what else the machine does."""

import re
import subprocess
import tempfile
from pathlib import Path

FEW, MANY = 1_000, 11_000
ALLOCATE = {"calloc", "malloc", "posix_memalign", "realloc"}


def count(command):
    """Per message, what many need more than few: instructions, and calls that allocate."""
    few, many = total(command, FEW), total(command, MANY)
    return tuple((more - less) / (MANY - FEW) for more, less in zip(many, few))


def total(command, messages):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        # Nothing in the environment may move the stack, and so what is aligned.
        subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command, str(messages)],
            capture_output=True, timeout=180, check=True, env={"PATH": "/usr/bin:/bin"},
        )
        text = out.read_text()
    instructions = int(re.search(r"^(?:summary|totals): (\d+)", text, re.M).group(1))
    return instructions, allocations(text)


def allocations(text):
    """Names stand once, at their first use: `cfn=(7) malloc`, then `cfn=(7)`."""
    names, called, calls = {}, "", 0
    for line in text.splitlines():
        if match := re.match(r"c?fn=\((\d+)\)(?: (.*))?", line):
            number, name = match.groups()
            names.setdefault(number, name)
            called = names[number]
        elif line.startswith("calls=") and called in ALLOCATE:
            calls += int(line[6:].split()[0])
    return calls
