"""The page: what was measured, on what, each table with its plot, and each goal."""

import re

import plot
from table import cell, table
from servers import HERE

NAMES = {
    "cpu_us": "server CPU µs per message",
    "heartbeats": "heartbeats per session",
    "idle_pct": "CPU %",
    "instructions": "instructions per message",
    "join_us": "CPU µs per join or leave",
    "open_us": "server CPU µs per session",
    "opens_per_s": "sessions/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "per_s": "messages/s",
    "room_kib": "KiB per room",
    "rss_kib": "RSS KiB per session",
    "say_us": "CPU µs per delivery",
}

HEAD = """# Performance

Everwire beside other servers, in one run of `make bench`, which also wrote this page. *CPU* is what the server's process used, from
`/proc/PID/stat`; the server has one core and the load generator another, both on one machine, over loopback. The *floor* is a WebSocket server by hand that has no features at all
(no sessions, counts, limits, handlers or time-outs), *floor, Socket.IO* the same with Socket.IO's packets parsed: lower bounds, no products. Everwire runs as users
run it, with resume, acks and limits: it is the testbed of the black-box suites, with all its handlers. [bench/README.md](../bench/README.md) says how each load works and what every server does.

Cells are the median (least–most) of runs made in turn, and goals are looked at within each round of them. Differences below a quarter are not established by so few runs. On loopback the
sender also pays for TCP's receiving half, so absolute costs of a write are too high and ratios understate what is saved elsewhere. Latencies at saturation are queue length by throughput: they compare fairness.
*Waited* is how long servers waited for their core while they could have run: above a few percent, something else was running, and the figures are too high.
"""


def write(run, rows, folder):
    """`run`: as `__main__` saves it. Returns the page, and writes the plots beside it."""
    pictures = folder / "performance"
    pictures.mkdir(parents=True, exist_ok=True)
    parts = [HEAD, facts(run), goals(rows, run["results"])]
    for row in rows:
        for each in row.tables:
            parts.append(section(row, each, run["results"][row.id], pictures))
    page = "\n".join(parts)
    (folder / "performance.md").write_text(page)
    return page


def facts(run):
    lines = [f"| {name} | {value} |" for name, value in run["facts"].items()]
    return "\n".join(["| | |", "| --- | --- |", *lines, ""])


def goals(rows, results):
    lines = ["## Goals", "", "| load | goal | measured | |", "| --- | --- | --- | --- |"]
    for row in rows:
        for each in row.tables:
            for goal in each.goals:
                lines.append(f"| [{each.title}](#{anchor(each.title)}) | {goal.says} | {outcome(goal, results[row.id])} |")
    return "\n".join([*lines, ""])


def outcome(goal, rounds):
    found = goal.outcome(rounds)
    if found is None:
        return "not measured | –"
    values, met = found
    return f"{cell(values)} {goal.unit} | {'met' if met else '**missed**'}"


def section(row, each, rounds, pictures):
    shown = contestants(row, each.figures[0], rounds)
    figure = each.figures[0]
    values = {name: [figures[name][figure] for figures in rounds if name in figures] for name in shown}
    (pictures / f"{each.id}.svg").write_text(plot.bars(each.title, NAMES[figure], values))
    parts = [
        f"## {each.title}",
        each.says,
        f"![{each.title}](performance/{each.id}.svg)",
        table(shown, each, rounds, NAMES),
        failed(rounds),
        waited(rounds),
        "\n".join(f"- {goal.says}: {outcome(goal, rounds).replace(' | ', ', ')}" for goal in each.goals),
        note(each.id),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def failed(rounds):
    names = sorted({name for figures in rounds for name in figures if "failed" in figures[name]})
    return f"Runs failed of: {', '.join(names)}." if names else ""


def waited(rounds):
    shares = [each["wait_pct"] for figures in rounds for each in figures.values() if "wait_pct" in each]
    return f"Servers waited {cell(shares)} % of the time." if shares else ""


def contestants(row, figure, rounds):
    """Those that have the figure, in the row's order."""
    return [
        each.name for each in row.contestants if any(figure in figures.get(each.name, {}) for figures in rounds)
    ]


def note(id):
    """What was written by hand about a table."""
    text = (HERE / "notes.md").read_text()
    found = re.search(rf"^## {re.escape(id)}\n(.*?)(?=^## |\Z)", text, re.S | re.M)
    return found.group(1).strip() if found else ""


def anchor(title):
    return re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
