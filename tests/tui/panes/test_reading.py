"""What the connection pane says of the last reading of the broker's books."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from core.domain.orders import OrderState
from core.domain.reconciliation import Book, Difference, Reading
from tests.tui import sample
from tests.tui.panes.pane_app import PaneApp
from tests.tui.panes.test_rows import shown
from tui.panes.blotter import BlotterPane
from tui.panes.connection import ConnectionPane

READING = Reading(
    time=sample.NOW,
    took_ms=sample.D("1.5"),
    counts=tuple((book, 1) for book in Book),
    next_due=sample.NOW + timedelta(seconds=17),
)
ORDER = Difference(
    what="#7 BUY 100 NVDA @ 141.20",
    where=Book.OPEN_ORDERS,
    ours="UNKNOWN",
    theirs="Submitted",
    order_ref=sample.UNKNOWN.order_ref,
)


async def said(reading: Reading) -> str:
    """The pane as running text."""
    lines = await shown(PaneApp(ConnectionPane, replace(sample.SNAPSHOT, reading=reading)), 60, 24)
    return " ".join(" ".join(lines).split())


async def test_agreement_and_when_the_next_one_is_due() -> None:
    assert "reconciled 10:31:07 ok · next 0:17" in await said(READING)


async def test_every_difference_by_name() -> None:
    text = await said(replace(READING, differences=(ORDER,)))

    assert "10:31:07 · 1 difference · next 0:17" in text
    assert "#7 BUY 100 NVDA @ 141.20: open orders say Submitted, we had UNKNOWN" in text


async def test_many_differences_are_counted() -> None:
    text = await said(replace(READING, differences=(ORDER,) * 9))

    assert "9 differences" in text
    assert text.count("we had UNKNOWN") == 6
    assert "and 3 more" in text


async def test_books_that_are_missing_are_named() -> None:
    counts = ((Book.OPEN_ORDERS, None), (Book.COMPLETED_ORDERS, 2), (Book.EXECUTIONS, 3), (Book.POSITIONS, None))

    assert "10:30:24 · no open orders, no positions" in await said(replace(READING, counts=counts, problem="no end"))


async def test_an_order_with_a_time_limit_says_when_it_is_up() -> None:
    limited = replace(sample.HELD, cancel_at=sample.NOW + timedelta(seconds=53))
    ended = replace(limited, order_ref="done", state=OrderState.CANCELLED)
    snapshot = replace(sample.SNAPSHOT, orders=(limited, ended))
    lines = await shown(PaneApp(BlotterPane, snapshot), 160, 8)

    assert sum("locate · until 10:32:00" in line for line in lines) == 1
