"""Measures Everwire beside other servers, and writes `docs/performance.md`.

A quick run, or one of some rows only, is written into `target/performance` and printed.
"""

import argparse
import json
from pathlib import Path

import facts
import report
import runs
from rows import ROWS, pick
from servers import HERE, commands


def main():
    options = arguments()
    pace = runs.QUICK if options.quick else runs.WHOLE
    rows = list(pick(options.row, options.server, options.other))
    whole = not (options.quick or options.row or options.server or options.other)
    folder = HERE.parent / "docs" if whole else Path(options.scratch)
    saved = folder / "performance" / "runs.json"
    if options.again:
        run = json.loads(saved.read_text())
    else:
        about = facts.facts(pace)
        started = commands(options.ours, options.bench, options.other)
        run = {"facts": about, "results": runs.measure(rows, pace, started)}
        saved.parent.mkdir(parents=True, exist_ok=True)
        saved.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n")
    page = report.write(run, rows, folder)
    if not whole:
        print(page[page.index("## ") :])
    print(f"written to {folder / 'performance.md'}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", required=True, help="the folder with the testbed")
    parser.add_argument("--bench", required=True, help="the folder with the generator and the other servers")
    parser.add_argument("--scratch", required=True, help="the folder for what is not the whole")
    parser.add_argument("--quick", action="store_true", help="one short run of each")
    parser.add_argument("--row", action="append", choices=[row.id for row in ROWS], help="only this one")
    parser.add_argument("--server", action="append", choices=commands("", ""), help="only this one")
    parser.add_argument("--other", help="another build of the testbed, to be run beside it")
    parser.add_argument("--again", action="store_true", help="measure nothing: write the last whole run's page again")
    return parser.parse_args()


main()
