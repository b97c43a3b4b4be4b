"""An hour of trading in minutes: `python -m tests.warp`; `--minutes` and `--seed` choose another one."""

from __future__ import annotations

import argparse
import asyncio

from tests.warp.loop import WarpLoop
from tests.warp.session import Outcome, trade
from tests.warp.trading import BURST, Plan


def main() -> None:
    """Trade, check, and say what it came to. Raises AssertionError where something is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.warp", description=__doc__)
    parser.add_argument("--minutes", type=int, default=60, help="of market time (default 60)")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same trading (default 1)")
    options = parser.parse_args()
    bursts = options.minutes // 5
    plan = Plan(
        seconds=options.minutes * 60,
        orders=options.minutes * 4000 // 60 - bursts * BURST,
        instruments=200,
        at_a_time=50,
        turns=max(4, options.minutes // 10),
        comings=options.minutes * 2,
        bursts=bursts,
        seed=options.seed,
    )
    with asyncio.Runner(loop_factory=WarpLoop) as runner:
        show(options.minutes, runner.run(trade(plan, listed=220)))


def show(minutes: int, outcome: Outcome) -> None:
    """Say what a session came to."""
    print(
        f"{minutes} minutes of market in {outcome.real_seconds:.1f} s; the books are equal and nothing is left behind"
    )
    for name, figures in (("commands", outcome.done), ("orders by state", outcome.states)):
        print(f"  {name}: {', '.join(f'{number} {what}' for what, number in sorted(figures.items()))}")
    print(
        f"  the gateway's orders: {outcome.booked}, executions: {outcome.executions}, frames: {outcome.frames}, "
        f"in the busiest second {outcome.busiest_second}"
    )
    print(f"  slowest cancel: {outcome.slowest_cancel:.3f} s of market time, behind cancels alone")
    print(f"  screens at once: {outcome.screens}")


if __name__ == "__main__":
    main()
