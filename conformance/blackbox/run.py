#!/usr/bin/env python3
"""Runs the black-box suite against a testbed: `python3 conformance/blackbox/run.py --testbed PATH [-k NAME] [-j N] [-v] [--nginx]`."""
import argparse
import importlib
import os
import pathlib
import signal
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, TimeoutError, as_completed

import harness
from nginx import Nginx

HERE = pathlib.Path(__file__).parent
HELPERS = {"carriers", "eio", "exchange", "frames", "harness", "nginx", "packets", "run", "sock", "wire"}
LONGEST = 120  # seconds after which a run has hung


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--testbed", required=True, help="the binary to be tested")
    options.add_argument("-k", metavar="NAME", default="", help="only tests whose name contains this")
    options.add_argument("-j", metavar="N", type=int, default=8, help="tests at a time")
    options.add_argument("-v", action="store_true", help="names those that pass, too")
    options.add_argument("--nginx", action="store_true", help="what means something behind nginx, through it")
    options = options.parse_args()
    for path in sorted(HERE.glob("*.py")):
        if path.stem not in HELPERS:
            importlib.import_module(path.stem)
    tests = [test for test in harness.TESTS if options.k in test.name and (test.nginx or not options.nginx)]
    # Those with a process of their own take longest.
    tests.sort(key=lambda test: not test.own)
    testbeds = harness.Testbeds(options.testbed, Nginx if options.nginx else None)
    signal.signal(signal.SIGTERM, lambda *_: give_up(testbeds, "stopped"))
    left, failed = {test.name for test in tests}, 0
    with ThreadPoolExecutor(options.j) as pool:
        running = {pool.submit(timed, test, testbeds): test for test in tests}
        try:
            for done in as_completed(running, LONGEST):
                name, (seconds, error) = running[done].name, done.result()
                left.remove(name)
                failed += error is not None
                if error is not None or options.v:
                    print(f"{'FAILED' if error else 'passed'}  {name}  {seconds:.1f} s", flush=True)
                if error is not None:
                    print("".join(traceback.format_exception(type(error), error, error.__traceback__)), flush=True)
        except TimeoutError:
            give_up(testbeds, f"hung: {sorted(left)}")
    left = testbeds.left_over()
    if left:
        failed += 1
        print(f"FAILED  left over: {left}")
    testbeds.stop()
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed or not tests else 0


def give_up(testbeds, why):
    """Threads cannot be stopped; the process can, and takes its testbeds with it."""
    testbeds.stop()
    print(why, flush=True)
    os._exit(1)


def timed(test, testbeds):
    started = time.monotonic()
    try:
        test.run(testbeds)
        return time.monotonic() - started, None
    except Exception as error:  # whatever it is, it is this test's failure
        return time.monotonic() - started, error


if __name__ == "__main__":
    sys.exit(main())
