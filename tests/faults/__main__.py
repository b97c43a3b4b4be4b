"""The fault suite: `python -m tests.faults --table`, or `--full` for every offset and seed."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys


def main() -> int:
    """Do what is asked; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--table", action="store_true", help="prove every row and print the table (minutes)")
    what.add_argument("--full", action="store_true", help="the same, with every offset and 20,000 seeds (hours)")
    what.add_argument("--prove", action="store_true", help="break a guarded line at a time and demand that a row fails")
    what.add_argument("--soak", type=int, metavar="SEEDS", help="so many seeds of the soak, from --seed on")
    what.add_argument("--kills", type=int, metavar="N", help="kill -9 of core with 50 orders working, N times")
    parser.add_argument("--seed", type=int, default=1, help="of --kills; the first one of --soak (default 1)")
    parser.add_argument("--rows", default="", help="only these rows, 1,2,3 ")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    options = parser.parse_args()
    numbers = [int(word) for word in options.rows.split(",") if word]
    if options.soak:
        from tests.faults.soak import run_seeds

        print(dict(run_seeds(range(options.seed, options.seed + options.soak))))
        return 0
    if options.kills:
        from tests.faults.storm import show, storm

        return 0 if show(asyncio.run(storm(options.kills, options.seed, tell=True))) else 1
    if options.prove:
        from tests.faults.mutations import MUTATIONS
        from tests.faults.proving import prove

        wanted = [mutation for mutation in MUTATIONS if not numbers or mutation.row in numbers]
        return 0 if prove(wanted, options.workers) else 1
    from tests.faults import table

    return table.run(numbers, full=options.full, workers=options.workers)


if __name__ == "__main__":
    sys.exit(main())
