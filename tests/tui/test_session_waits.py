"""A ticket outside the session says what its order waits for."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from core.domain.commands import OrderPreview
from core.domain.orders import OrderRequest
from tests.tui import sample
from tests.tui.hands_desk import Core, desk


class BeforeTheOpen(Core):
    """Core while the market is closed."""

    def __init__(self, opens: datetime) -> None:
        super().__init__()
        self.opens = opens

    def _preview(self, request: OrderRequest) -> OrderPreview:
        shown = super()._preview(request)
        return shown if request.outside_rth else replace(shown, waits_until=self.opens, outside_helps=True)


@pytest.mark.parametrize(
    ("size", "later", "words"),
    [
        ((120, 40), timedelta(), "WAITS for 09:30 (add ext)"),
        ((80, 24), timedelta(), "WAITS for 09:30 (add ext)"),
        ((120, 40), timedelta(days=3), "WAITS for Mon 09:30 (add ext)"),
    ],
)
async def test_it_says_when_the_session_opens_and_that_ext_does_not_wait(
    size: tuple[int, int], later: timedelta, words: str
) -> None:
    eastern = datetime.fromisoformat("2026-11-20T09:30-05:00")
    assert sample.NOW.astimezone(eastern.tzinfo).date() == eastern.date()
    async with desk(size=size, core=BeforeTheOpen(eastern + later)) as hands:
        await hands.press("b")
        await hands.see(words)
        await hands.press("shift+tab", "up")
        await hands.until(lambda: not any("WAITS" in line for line in hands.lines))
        await hands.see(" ext ", "pos ")
