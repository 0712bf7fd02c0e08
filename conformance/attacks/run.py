#!/usr/bin/env python3
"""Attacks on a testbed beside clients that must not notice: `run.py --testbed PATH [--seconds N] [--together N] [--tls] [--only NAME,NAME]`.

The testbed may have 256 MiB of memory. A row for each attack: how much it took, how long the clients waited for an ack, and what it had left over afterwards; then the same
for all attacks at once. It fails when the server or a client was lost, or when something stayed. How long clients waited is told, and
nobody's fault: `late` is how long this machine kept them waiting by itself.
"""
import argparse
import asyncio
import contextlib
import json
import pathlib
import sys

import attack  # noqa: F401 (fills the table)
from canaries import Canary, percentile
from ceiling import Ceiling
from server import Server
from target import ATTACKS, PLAIN, TLS, names

HERE = pathlib.Path(__file__).parent
GOAL = 250  # ms within which 99 of 100 acks should come


def arguments():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--testbed", required=True, help="the binary to be attacked")
    options.add_argument("--seconds", type=float, default=3, help="for each attack; 0: none alone")
    options.add_argument("--together", type=float, default=0, help="seconds for all of them at once; 0: not at all")
    options.add_argument("--sockets", type=int, default=200, help="of each attack; some take fewer, and each a quarter when all are at work together")
    options.add_argument("--canaries", type=int, default=50, help="clients that must not notice")
    options.add_argument("--memory", type=int, default=256, help="MiB that the testbed may have")
    options.add_argument("--tls", action="store_true", help="over TLS")
    options.add_argument("--only", help="the names of attacks, with commas between them")
    options = options.parse_args()
    options.over = TLS if options.tls else PLAIN
    options.only = options.only.split(",") if options.only else names(options.over)
    unknown = set(options.only) - set(ATTACKS)
    assert not unknown, f"no such attack: {unknown}"
    return options


async def main(options):
    ceiling = Ceiling.of(options.memory)
    print(f"{len(options.only)} attacks over {options.over}, {options.sockets} sockets each, beside {options.canaries} clients; memory: {ceiling}")
    server = await Server.start(options.testbed, ceiling, options.tls)
    canaries = [Canary(server.port, options.tls) for _ in range(options.canaries)]
    failed, slow = [], []
    try:
        for canary in canaries:
            await canary.start()
        singing = [asyncio.ensure_future(canary.sing()) for canary in canaries]
        await asyncio.sleep(3)
        at_rest = await server.rest()
        print(f"{'attack':26}{'peak':>7}{'after':>7}{'cpu':>6}{'p50':>8}{'p99':>8}{'late':>8}  connections, answers")
        print(row("(none)", server.memory(), server, 0, waited(canaries)), flush=True)
        runs = [([name], options.seconds) for name in options.only] if options.seconds else []
        if options.together:
            runs.append((options.only, options.together))
        for together, seconds in runs:
            trouble, p99 = await under(together, seconds, server, canaries, options)
            title = title_of(together)
            failed += [f"{title}: {what}" for what in trouble]
            slow += [f"{title} ({p99:.0f} ms)"] if p99 > GOAL else []
            if trouble and not server.lives:
                break
        if server.lives:
            tasks = await server.tasks_settled(at_rest)
            failed += [f"left over: {tasks} tasks"] if tasks > 0 else []
            print(f"at the end: {server.memory():.0f} MB, {max(0, tasks)} tasks more than before the first attack")
        for task in singing:
            task.cancel()
    finally:
        for canary in canaries:
            with contextlib.suppress(AttributeError):
                canary.close()
        await server.stop()
    if slow:
        print(f"99 of 100 acks within {GOAL} ms: not under {', '.join(slow)}")
    print("\n".join(failed) or "nothing was lost, and nothing is left over")
    return 1 if failed else 0


async def under(together, seconds, server, canaries, options):
    """Some attacks at once. What went wrong, and how long 99 of 100 acks took."""
    before, spent = await server.rest(), server.cpu()
    for canary in canaries:
        canary.times.clear()
        canary.late.clear()
    sockets = options.sockets if len(together) == 1 else max(10, options.sockets // 4)
    attackers = [await start(name, seconds, sockets, server, options) for name in together]
    told = asyncio.gather(*(attacker.stdout.read() for attacker in attackers))
    peak = 0
    while not told.done() and server.lives:
        peak = max(peak, server.memory())
        await asyncio.sleep(0.05)
    if not server.lives:
        await end(attackers, told)
        return ["the server was killed: its memory" if server.ceiling.kills() else "the server ended"], float("nan")
    did = [json.loads(text or "{}") for text in await told]
    await end(attackers, told)
    acks, cpu = waited(canaries), (server.cpu() - spent) / seconds
    trouble = [f"a client was lost: {canary.lost!r}" for canary in canaries if canary.lost]
    if peak * 1e6 > options.memory << 20:
        trouble.append(f"{peak:.0f} MB of memory")
    trouble += [f"attackers failed: {did.count({})}"] if {} in did else []
    left = await server.settled(before, len(canaries))
    trouble += [f"left over: {left}"] if left else []
    opened, answers = sum(one.get("opened", 0) for one in did), did[0].get("answers") if len(did) == 1 else ""
    print(row(title_of(together), peak, server, cpu, acks, f"{opened} {answers}"), flush=True)
    return trouble, acks["p99"]


async def start(name, seconds, sockets, server, options):
    command = [str(HERE / "attack.py"), name, str(server.port), str(seconds), str(sockets), options.over]
    return await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)


async def end(attackers, told):
    if not told.done():
        for attacker in attackers:
            with contextlib.suppress(ProcessLookupError):
                attacker.kill()
    await told
    for attacker in attackers:
        await attacker.wait()


def title_of(together):
    return together[0] if len(together) == 1 else "(all of them together)"


def waited(canaries):
    """How long for acks, and how long anybody waits for anything on this machine."""
    acks, late = [time for canary in canaries for time in canary.times], [time for canary in canaries for time in canary.late]
    return {"p50": percentile(acks, 0.5), "p99": percentile(acks, 0.99), "late": percentile(late, 0.99)}


def row(name, peak, server, cpu, acks, note=""):
    waits = "".join(f"{acks[what]:5.0f} ms" for what in ("p50", "p99", "late"))
    return f"{name:26}{peak:4.0f} MB{server.memory():4.0f} MB{cpu:6.0%}{waits}  {note}"


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
