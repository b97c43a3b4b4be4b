"""The box that ends REDUCING: a typed word, judged by core."""

from __future__ import annotations

from msgspec.structs import replace
from textual.widgets import Static

from core.domain.commands import Ack, Denial, DenialCode, Resume
from core.domain.events import TradingState
from tests.tui import sample
from tests.tui.desk_pilot import Desk, desk_on
from tests.tui.fake_desk import FakeDesk
from tui.screens.resume import ResumeScreen

REASON = "OVERFILL: #1 BUY 10 AAPL @ 233.33 filled 13 of 10, 3 too many. Look into TWS."
REDUCING = replace(sample.SNAPSHOT, trading_state=TradingState.REDUCING, trading_reason=REASON)


async def asked(desk: Desk) -> ResumeScreen:
    """The box, opened as the palette opens it."""
    await desk.app.run_action("app.resume")
    await desk.until(lambda: isinstance(desk.app.screen, ResumeScreen))
    screen = desk.app.screen
    assert isinstance(screen, ResumeScreen)
    return screen


def said(screen: ResumeScreen) -> str:
    """What stands above the field."""
    return str(screen.query_one("#said", Static).content)


async def test_the_word_is_sent_and_anything_else_is_not() -> None:
    async with desk_on(REDUCING) as desk:
        screen = await asked(desk)
        assert REASON in said(screen)
        await desk.pilot.press(*"yes", "enter")
        await desk.until(lambda: "That is not the word" in said(screen))
        assert desk.core.sent == []

        await desk.pilot.press("backspace", "backspace", "backspace", *"resume", "enter")
        await desk.until(lambda: not isinstance(desk.app.screen, ResumeScreen))
        assert desk.core.sent == [Resume()]


async def test_a_refusal_is_shown() -> None:
    denied = Ack(ok=False, denied=Denial(code=DenialCode.HALTED, message="Trading is halted: the disk is full."))
    async with desk_on(FakeDesk(REDUCING, answer=lambda _: denied)) as desk:
        screen = await asked(desk)
        await desk.pilot.press(*"resume", "enter")
        await desk.until(lambda: "the disk is full" in said(screen))


async def test_there_may_be_nothing_to_resume() -> None:
    async with desk_on() as desk:
        await desk.app.run_action("app.resume")
        await desk.until(lambda: "Trading is active: there is nothing to resume." in desk.words())


async def test_the_first_row_shows_it() -> None:
    async with desk_on(REDUCING, size=(120, 40)) as desk:
        assert "REDUCING" in desk.lines()[0]
