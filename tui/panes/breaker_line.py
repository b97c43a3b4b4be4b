"""A breaker in a line, wherever one is shown."""

from __future__ import annotations

from datetime import datetime

from core.domain.trading import BreakerShown, BreakerState
from tui import format as fmt
from tui.panes.line_row import Part
from tui.panes.lines_pane import Line, labelled


def breaker_line(breaker: BreakerShown, now: datetime) -> Line:
    """Its name and state, and how long until it lets orders through again."""
    if breaker.state is BreakerState.CLOSED or breaker.until is None:
        return labelled("breaker", f"{breaker.name} closed")
    left = (breaker.until - now).total_seconds()
    if breaker.state is BreakerState.OPEN and left > 0:
        return labelled("breaker", f"{breaker.name} ", Part(f"OPEN · tries in {fmt.age(left)}", "bold $attention"))
    return labelled("breaker", f"{breaker.name} ", Part("half open · the next try decides", "$attention"))
