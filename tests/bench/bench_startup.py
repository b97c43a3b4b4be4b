"""From the start of the process to the first paint, and to quotes on the screen, against a bare Textual application.

Each run has a home of its own, so core and the practice gateway start with it. Both programs draw into a real
pseudo-terminal of 120x40; a picture counts when its text stands on the screen.
"""

from __future__ import annotations

import sys
from statistics import median

from tests.architecture.sources import ROOT
from tests.bench.result import BenchResult
from tests.desk_home import DeskHome
from tests.terminal import Terminal

RUNS, SHORT_RUNS = 7, 2
PATIENCE = 20.0
"""Seconds after which a start counts as failed."""

FIRST_PAINT = r"\bWATCH\b"
QUOTES = r"\bAAPL\s+\d+\.\d{2}\b"
"""A row of the watchlist: symbol, then the bid."""

BARE = [sys.executable, str(ROOT / "tests/bench/bare_app.py")]
DESK = [sys.executable, "-m", "tui"]
CTRL_Q = "\x11"


def start_bare() -> float:
    """Milliseconds to the first paint of a bare Textual application."""
    with DeskHome() as home, Terminal(BARE, env=home.env, cwd=ROOT) as terminal:
        seconds = terminal.wait_for(r"^bare", PATIENCE)
        terminal.send(CTRL_Q)
        terminal.wait_end(2.0)
        return seconds * 1000


def start_desk() -> tuple[float, float]:
    """Milliseconds to the first paint of the desk, and to the first quote on it."""
    with DeskHome() as home, Terminal(DESK, env=home.env, cwd=ROOT) as terminal:
        painted = terminal.wait_for(FIRST_PAINT, PATIENCE)
        quoted = terminal.wait_for(QUOTES, PATIENCE)
        terminal.send(CTRL_Q)
        terminal.wait_end(2.0)
        return painted * 1000, quoted * 1000


def run(short: bool) -> BenchResult:
    """Medians over interleaved starts; the first of each warms the caches and is not counted."""
    start_bare()
    start_desk()
    bare: list[float] = []
    desk: list[tuple[float, float]] = []
    for turn in range(SHORT_RUNS if short else RUNS):
        if turn % 2:
            desk.append(start_desk())
            bare.append(start_bare())
        else:
            bare.append(start_bare())
            desk.append(start_desk())
    first_paint = median(painted for painted, _ in desk)
    quotes = median(quoted for _, quoted in desk)
    baseline = median(bare)
    return BenchResult(
        values={
            "first_paint_ms": first_paint,
            "quotes_ms": quotes,
            "first_paint_ratio": first_paint / baseline,
            "quotes_ratio": quotes / baseline,
        },
        baseline={"bare_first_paint_ms": baseline},
    )
