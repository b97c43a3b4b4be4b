"""Tickets: a size in money, a limit that refuses, one that is nearly used up, the change of a working order."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import NamedTuple

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from core.domain.budgets import Budget, Unit
from core.domain.commands import Denial, DenialCode
from tests.snapshots.test_panes import SnapCompare
from tests.tui import sample
from tests.tui.desk_pilot import settle
from tests.tui.hands_desk import Core
from tui.app import DeskApp
from tui.panes.order_entry import OrderEntry
from tui.themes import DEFAULT_THEME

D = Decimal
PRESETS = replace(sample.SNAPSHOT, presets={"AAPL": ("50", "$10k", "25%bp", "$200r")})
VALUE = Budget(name="order_value", used=D(0), after=D(23_333), limit=D(20_000), unit=Unit.MONEY)
ORDERS = Budget(name="day_orders", used=D(180), after=D(181), limit=D(200), unit=Unit.ORDERS)
TOO_MUCH = Denial(code=DenialCode.VALUE_MAX, message="Value 23,333.00 is above your limit.", limit="order_value")
NO_STOP = Denial(
    code=DenialCode.QUANTITY,
    message="$200r is money at risk to a stop, and this order has none. Type a quantity.",
)


CHANGE = ("tab", "tab", "home", "m", "up", "up")
"""The price of the newest order, two ticks up."""


class TicketCase(NamedTuple):
    """One ticket on the whole desk."""

    size: tuple[int, int]
    press: tuple[str, ...]
    until: str
    """What the ticket says once it is to be pictured."""
    budgets: tuple[Budget, ...] = ()
    denied: Denial | None = None
    fits: Decimal | None = None


CASES: dict[str, TicketCase] = {
    "preset-80x24": TicketCase((80, 24), ("2",), "size 2:$10k"),
    "value-80x24": TicketCase((80, 24), ("2", "b"), "limits ok"),
    "no-stop-80x24": TicketCase((80, 24), ("4", "b"), "this order has none"),
    "refused-80x24": TicketCase((80, 24), ("plus", "b"), "REFUSED", (VALUE,), TOO_MUCH, D(85)),
    "refused-120x40": TicketCase((120, 40), ("plus", "b"), "REFUSED", (VALUE,), TOO_MUCH, D(85)),
    "tight-80x24": TicketCase((80, 24), ("b",), "181/200", (ORDERS,)),
    "tight-120x40": TicketCase((120, 40), ("b",), "181/200", (ORDERS,)),
    "change-80x24": TicketCase((80, 24), CHANGE, "597.90 → 597.92"),
    "change-120x40": TicketCase((120, 40), CHANGE, "597.90 → 597.92"),
}


@pytest.mark.parametrize("name", CASES)
def test_ticket(name: str, snap_compare: SnapCompare) -> None:
    case = CASES[name]
    core = Core(PRESETS)
    core.budgets, core.preview_denial, core.fits = case.budgets, case.denied, case.fits
    core.sizes["$200r"] = NO_STOP

    async def run(pilot: Pilot[None]) -> None:
        await settle(pilot)
        for key in case.press:
            await pilot.press(key)
        face = pilot.app.screen.query_one(OrderEntry).face
        async with asyncio.timeout(20):
            while case.until not in face.plain:
                await pilot.pause(0.01)
        await pilot.pause()

    app = DeskApp(core.connect, theme=DEFAULT_THEME, utc=lambda: sample.NOW)
    assert snap_compare(app, terminal_size=case.size, run_before=run)
