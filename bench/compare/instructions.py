"""Counts instructions with callgrind, which does not mind what else the machine does."""

import re
import shutil
import subprocess

FEW, MANY = 1_000, 11_000


def count(what, binaries):
    """Per message: what many need more than few."""
    if not shutil.which("valgrind"):
        raise RuntimeError("valgrind is not installed")
    program = f"{binaries[1]}/instructions"
    return {"instructions": (total(program, what, MANY) - total(program, what, FEW)) / (MANY - FEW)}


def total(program, what, messages):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, what, str(messages)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))
