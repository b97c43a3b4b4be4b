"""F9: it is sent before anything is drawn, and its panel tells how far it is and takes words."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual.widgets import Input, Static

from core.domain.commands import Ack, CloseAll, Denial, DenialCode, Kill, Resume
from core.domain.events import KillUpdated, TradingState
from core.domain.trading import Killed, KillScope
from tests.tui import sample
from tests.tui.desk_pilot import Desk, desk_on
from tests.tui.fake_desk import FakeDesk
from tui.screens.kill import KillScreen

ASKED = tuple(order.order_ref for order in sample.SNAPSHOT.orders if order.is_live and not order.external)
KILLED = Killed(scope=KillScope.ENTRIES, by="desk", since=sample.NOW, asked=ASKED[1:], kept=ASKED[:1])
HALTED = replace(
    sample.SNAPSHOT,
    trading_state=TradingState.HALTED,
    trading_reason="KILL at desk. Type resume to trade again.",
    killed=KILLED,
)


async def panel(desk: Desk) -> KillScreen:
    """The panel, once it is there."""
    await desk.until(lambda: isinstance(desk.app.screen, KillScreen))
    screen = desk.app.screen
    assert isinstance(screen, KillScreen)
    return screen


def text(screen: KillScreen, part: str = "#said") -> str:
    """What a part of it says."""
    return str(screen.query_one(part, Static).content)


@pytest.mark.parametrize("key", ["f9", "ctrl+backslash"])
async def test_it_is_sent_at_once_from_any_focus(key: str) -> None:
    async with desk_on() as desk:
        await desk.pilot.press("slash")
        await desk.pilot.press(key)
        await panel(desk)
        await desk.until(lambda: desk.core.sent == [Kill()])

        await desk.pilot.press(key)
        await desk.until(lambda: desk.core.sent == [Kill(), Kill()])


async def test_the_panel_says_how_far_it_is_and_what_stays() -> None:
    async with desk_on(HALTED) as desk:
        await desk.pilot.press("f9")
        screen = await panel(desk)
        await desk.until(lambda: "1 cancel sent, 0 confirmed, 1 waiting." in text(screen))
        assert "Not confirmed: #" in text(screen)
        assert "it only reduces" in text(screen)


async def test_more_is_cancelled_by_a_digit_and_the_whole_word_alone() -> None:
    async with desk_on(HALTED) as desk:
        await desk.pilot.press("f9")
        screen = await panel(desk)
        desk.core.sent.clear()
        await desk.pilot.press(*"everything", "enter")
        await desk.until(lambda: "That is not the word" in text(screen, "#hint"))
        assert desk.core.sent == [], "nothing was chosen"

        screen.query_one(Input).value = ""
        await desk.pilot.press("2")
        await desk.until(lambda: "Type everything" in text(screen, "#hint"))
        await desk.pilot.press(*"everything", "enter")
        await desk.until(lambda: desk.core.sent == [Kill(scope=KillScope.EVERYTHING)])
        await desk.pilot.press("1", *"protective", "enter")
        await desk.until(lambda: desk.core.sent[1:] == [Kill(scope=KillScope.OURS)])


async def test_all_is_closed_by_its_digit_and_word_and_the_panel_says_what_each_position_waits_for() -> None:
    async with desk_on(HALTED) as desk:
        await desk.pilot.press("f9")
        screen = await panel(desk)
        desk.core.sent.clear()
        await desk.pilot.press("3")
        await desk.until(lambda: "Type close and Enter to cancel every order of ours" in text(screen, "#hint"))
        await desk.pilot.press(*"close", "enter")
        await desk.until(lambda: desk.core.sent == [CloseAll()])

        waits = replace(KILLED, unclosed=("TSLA: waits for #8 to end",))
        desk.core.emit(KillUpdated(killed=waits), KillUpdated(killed=waits))
        await desk.until(lambda: "Close all: TSLA: waits for #8 to end." in text(screen))


async def test_resume_is_typed_and_escape_leaves_it_blocked() -> None:
    async with desk_on(HALTED) as desk:
        await desk.app.run_action("app.resume")
        await panel(desk)
        await desk.pilot.press("escape")
        await desk.until(lambda: not isinstance(desk.app.screen, KillScreen))
        assert desk.core.sent == []

        await desk.app.run_action("app.resume")
        await panel(desk)
        await desk.pilot.press(*"resume", "enter")
        await desk.until(lambda: desk.core.sent == [Resume()])


async def test_the_panel_leaves_by_itself_once_trading_goes_on() -> None:
    async with desk_on(HALTED) as desk:
        await desk.pilot.press("f9")
        screen = await panel(desk)
        await desk.until(lambda: "1 cancel sent" in text(screen))
        desk.core.emit(KillUpdated(killed=None), KillUpdated(killed=None))
        await desk.until(lambda: not isinstance(desk.app.screen, KillScreen))

        await desk.pilot.press("b")
        assert desk.app.is_running


async def test_a_refusal_is_shown() -> None:
    denied = Ack(ok=False, denied=Denial(code=DenialCode.LIVE_NOT_CONFIRMED, message="Type the live phrase first."))
    async with desk_on(FakeDesk(HALTED, answer=lambda _: denied)) as desk:
        await desk.app.run_action("app.resume")
        screen = await panel(desk)
        await desk.pilot.press(*"resume", "enter")
        await desk.until(lambda: "Type the live phrase first." in text(screen, "#hint"))


async def test_the_first_row_tells_halted_from_reducing() -> None:
    async with desk_on(HALTED, size=(80, 24)) as desk:
        assert "■ HALTED ■" in desk.lines()[0]
    reducing = replace(sample.SNAPSHOT, trading_state=TradingState.REDUCING, trading_reason="Daily loss.")
    async with desk_on(reducing, size=(80, 24)) as desk:
        assert "▽ REDUCING" in desk.lines()[0]
