"""Runs servers in turn against the load generator and prints tables: median (min-max) of interleaved runs."""

import argparse
import json
import statistics
import subprocess
import sys

# Name, then what `load` wants: scenario, connections, window, rate; and the figures to show.
SETS = {
    "spike": [
        ("echo 100 x 16", ("echo", 100, 16, 0), ("cpu_us", "per_s", "p50_ms", "p99_ms")),
        ("echo 1,000 x 1", ("echo", 1000, 1, 0), ("cpu_us", "per_s", "p50_ms", "p99_ms")),
        ("fan-out 1,000 at 50/s", ("fanout", 1000, 1, 50), ("cpu_us", "p50_ms", "p99_ms")),
        ("fan-out 1,000, 4 in flight", ("fanout", 1000, 4, 0), ("cpu_us", "per_s", "p50_ms", "p99_ms")),
        ("fan-out 10,000, 2 in flight", ("fanout", 10000, 2, 0), ("cpu_us", "per_s", "p50_ms", "p99_ms")),
        ("opening 5,000 sessions", ("idle", 5000, 0, 0), ("open_us", "rss_kib")),
    ],
}

HEADS = {
    "cpu_us": "server CPU µs/message",
    "open_us": "server CPU µs/session",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "per_s": "messages/s",
    "rss_kib": "RSS KiB/session",
}


def run(path, dialect, load, plan, seconds):
    """One server, one load, both ended when this returns."""
    port = [] if dialect == "bare" else ["--port", "0"]
    server = subprocess.Popen(["taskset", "-c", "0", path, *port], stdout=subprocess.PIPE, text=True)
    try:
        address = server.stdout.readline().strip().rpartition("//")[2]
        command = [load, address, server.pid, dialect, *plan, seconds]
        done = subprocess.run(
            ["taskset", "-c", "1", *map(str, command)], capture_output=True, text=True, timeout=60
        )
        if done.returncode != 0:
            raise SystemExit(f"{path}: {done.stderr}")
        return json.loads(done.stdout)
    finally:
        server.kill()
        server.wait()


def cell(values):
    def short(value):
        return f"{value:.3g}" if value < 1000 else f"{value / 1000:.0f} k"

    return f"{short(statistics.median(values))} ({short(min(values))}–{short(max(values))})"


def table(title, figures, results):
    print(f"\n### {title}\n")
    print("| server |", " | ".join(HEADS[figure] for figure in figures), "| beside the floor |")
    print("|---" * (len(figures) + 2) + "|")
    floor = statistics.median(run[figures[0]] for run in results["floor"])
    for name, runs in results.items():
        cells = [cell([run[figure] for run in runs]) for figure in figures]
        ratio = statistics.median(run[figures[0]] for run in runs) / floor if floor else 0
        print(f"| {name} |", " | ".join(cells), f"| {ratio:.2f} |")
    waited = [run["wait_pct"] for runs in results.values() for run in runs if "wait_pct" in run]
    if waited:
        print(f"\nServers waited for their core {cell(waited)} % of the time.")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--server", action="append", default=[])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.5)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    servers = {name: (path, "native") for name, path in (server.split("=", 1) for server in options.server)}
    servers["floor"] = (f"{options.bin}/floor", "bare")
    for title, plan, figures in SETS[options.set]:
        if options.only not in title:
            continue
        results = {name: [] for name in servers}
        for number in range(options.runs):
            for name, (path, dialect) in servers.items():
                print(f"{title}: {name}, run {number + 1}", file=sys.stderr)
                results[name].append(run(path, dialect, f"{options.bin}/load", plan, options.seconds))
        table(title, figures, results)


main()
