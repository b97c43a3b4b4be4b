"""What is let through, in the first row: told apart by sign and look, in every mode, with colours and without."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace
from rich.style import Style
from rich.text import Text

from core.domain.connection import Mode
from core.domain.events import Snapshot, TradingState
from core.domain.trading import BREAKER_REASON, BreakerShown, BreakerState
from tests.tui import sample
from tests.tui.panes.pane_app import PaneApp
from tui.panes.connection import ConnectionPane
from tui.panes.status import StatusRow

WORDS = {
    TradingState.ACTIVE: "ACTIVE",
    TradingState.REDUCING: "▽ REDUCING",
    TradingState.HALTED: "■ HALTED ■",
}
OPEN = BreakerShown(name="orders", state=BreakerState.OPEN, until=sample.NOW + timedelta(seconds=23), last="#3")
CLOSED = BreakerShown(name="connection", state=BreakerState.CLOSED, until=None, last="")


def trading(state: TradingState, mode: Mode, **changes: object) -> Snapshot:
    """The quiet morning, with something else let through."""
    reason = "" if state is TradingState.ACTIVE else "the reason"
    connection = replace(sample.CONNECTION, mode=mode)
    given: dict[str, object] = {"trading_state": state, "trading_reason": reason, "connection": connection}
    return replace(sample.SNAPSHOT, **(given | changes))


async def first_row(snapshot: Snapshot) -> list[tuple[str, Style]]:
    """Text and look of each piece of the row, as they go to the terminal."""
    app = PaneApp(StatusRow, snapshot)
    async with app.run_test(size=(80, 1)) as pilot:
        await pilot.pause()
        (strip, *_) = app.screen._compositor.render_strips()
        return [(segment.text, segment.style or Style()) for segment in strip]


def look(pieces: list[tuple[str, Style]], word: str) -> tuple[object, ...]:
    """How a word stands on the screen: its colours as they are seen, and whether it is reversed."""
    style = next(style for text, style in pieces if word in text)
    return style.color, style.bgcolor, bool(style.reverse)


@pytest.mark.parametrize("colourless", [False, True])
@pytest.mark.parametrize("mode", list(Mode))
async def test_each_state_has_its_sign_and_stands_out_of_the_row(
    mode: Mode, colourless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if colourless:
        monkeypatch.setenv("NO_COLOR", "1")
    for state, word in WORDS.items():
        pieces = await first_row(trading(state, mode))
        stands_out = look(pieces, word) != look(pieces, "day")
        assert stands_out is (state is not TradingState.ACTIVE), (state, pieces)
        line = Text("").join(Text(text) for text, _ in pieces).plain
        assert [one in line for one in WORDS.values()] == [one == word for one in WORDS.values()]


async def test_while_a_breaker_alone_reduces_it_says_how_long_until_the_next_try() -> None:
    health = replace(sample.HEALTH, breakers=(OPEN, CLOSED))
    only = trading(
        TradingState.REDUCING, Mode.PRACTICE, health=health, trading_reason=f"{BREAKER_REASON} orders: 5 refusals."
    )
    besides = replace(only, trading_reason=f"Daily loss limit reached. {only.trading_reason}")

    assert any("▽ REDUCING 0:23" in text for text, _ in await first_row(only))
    assert not any("0:23" in text for text, _ in await first_row(besides)), "that one does not end then"


async def test_the_connection_pane_shows_the_breakers_and_what_ibkr_does_not_offer() -> None:
    tried = replace(CLOSED, state=BreakerState.HALF_OPEN, until=sample.NOW)
    health = replace(sample.HEALTH, breakers=(OPEN, tried))
    app = PaneApp(ConnectionPane, replace(sample.SNAPSHOT, health=health))
    async with app.run_test(size=(70, 24)) as pilot:
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        lines = ["".join(segment.text for segment in strip) for strip in strips]
    told = [" ".join(line.split()) for line in lines]

    assert any("breaker orders OPEN · tries in 0:23" in line for line in told), told
    assert any("breaker connection half open · the next try decides" in line for line in told)
    assert any("if cut off orders stay: IBKR offers no cancel-on-disconnect" in line for line in told)
    (one, other) = next((a, b) for a, b in pairwise(told) if "breaker orders" in a)
    assert "breaker connection" in other, one
