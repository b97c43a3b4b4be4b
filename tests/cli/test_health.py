"""The lines of `ibdesk health`, for people."""

from __future__ import annotations

from core.cli.figures import fields
from core.cli.health import figure_lines
from core.domain.trading import BreakerShown, BreakerState


def test_a_breaker_has_a_line_of_its_own_with_its_name() -> None:
    shown = [
        BreakerShown(name="orders", state=BreakerState.CLOSED, until=None, last=""),
        BreakerShown(name="connection", state=BreakerState.CLOSED, until=None, last="The gateway closed it."),
    ]

    lines = list(figure_lines({"state": "READY", "breakers": [fields(one) for one in shown]}))

    assert lines == [
        ("state", "READY"),
        ("breaker orders", "CLOSED"),
        ("breaker connection", "CLOSED, last The gateway closed it."),
    ]
