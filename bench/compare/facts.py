"""On what, and of what, a run was made."""

import json
import os
import platform
import re
import subprocess
import time

from servers import HERE


def facts(pace):
    return {
        "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "Everwire": said("git", "-C", str(HERE), "describe", "--always", "--dirty"),
        "machine": f"{os.cpu_count()} cores, {processor()}, {memory()}",
        "system": f"Linux {platform.release().split('-')[0]}, {open('/proc/sys/net/ipv4/tcp_congestion_control').read().strip()} congestion control",
        "load average at the start": f"{os.getloadavg()[0]:.2f}",
        "runs": f"{pace.rounds} of {pace.seconds:g} s each, after {pace.warm:g} s to warm up",
        "compiler": said("rustc", "--version").split(" (")[0] + ", release: thin LTO, one codegen unit",
        "crates": ", ".join(crates("hyper", "socketioxide", "tokio", "tokio-tungstenite")),
        "node": f"{said('node', '--version')[1:]} with " + ", ".join(packages("socket.io", "sockjs", "ws")),
    }


def said(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def processor():
    found = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    return found.group(1).strip() if found else platform.machine()


def memory():
    found = re.search(r"MemTotal:\s*(\d+)", open("/proc/meminfo").read())
    return f"{int(found.group(1)) / 2**20:.0f} GiB"


def crates(*names):
    lock = (HERE / "Cargo.lock").read_text()
    for name in names:
        versions = re.findall(rf'name = "{name}"\nversion = "([^"]*)"', lock)
        yield f"{name} {max(versions)}"


def packages(*names):
    for name in names:
        package = json.loads((HERE / f"node_modules/{name}/package.json").read_text())
        yield f"{name} {package['version']}"
