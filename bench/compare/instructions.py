"""Counts instructions with callgrind, which does not mind what else the machine does."""

import re
import shutil
import subprocess

FEW, MANY = 1_000, 11_000


def count(command):
    """Per message: what many need more than few."""
    if not shutil.which("valgrind"):
        raise RuntimeError("valgrind is not installed")
    return {"instructions": (total(command, MANY) - total(command, FEW)) / (MANY - FEW)}


def total(command, messages):
    callgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = subprocess.run(
        [*callgrind, *command, str(messages)], capture_output=True, text=True, timeout=180, check=True
    )
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))
