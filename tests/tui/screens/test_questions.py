"""The boxes above the desk: start errors, the live phrase, the keys, and leaving."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.widgets import Input

from core.domain.authority import ConfirmLive
from core.domain.commands import Ack, Command, Denial, DenialCode, Leave
from core.domain.connection import LinkState, Mode
from core.domain.events import ConnectionChanged
from core.errors import ConfigError, DeskError, OtherBuildError
from tests.tui import sample
from tests.tui.desk_pilot import desk_on, settle, until, words_of
from tests.tui.fake_desk import FakeDesk
from tui.app import DeskApp
from tui.screens.confirm_live import ConfirmLiveScreen
from tui.screens.keys import KeysScreen
from tui.screens.quit import QuitScreen
from tui.screens.start_error import StartErrorScreen

QUESTION = (
    'LIVE account U…456. Orders from here use real money. Not connected. Type "trade live 456" at a desk to go on.'
)
WRONG = 'That is not the phrase for U…456. Type "trade live 456" to trade live, or Esc to stay unconnected.'
WAITING = sample.in_mode(
    sample.SNAPSHOT, Mode.LIVE, state=LinkState.AWAITING_CONFIRMATION, account="", accounts=(), problem=QUESTION
)


def judge(command: Command) -> Ack:
    """Answers to the phrase as core does."""
    if isinstance(command, ConfirmLive) and command.phrase != "trade live 456":
        return Ack(ok=False, denied=Denial(code=DenialCode.LIVE_NOT_CONFIRMED, message=WRONG))
    return Ack(ok=True)


class Unwilling(FakeDesk):
    """A core that can't be reached until `willing` is set."""

    willing = False
    attempts = 0
    error: DeskError = ConfigError("profiles/paper.toml: there is no setting 'prot'; did you mean 'port'?")

    async def connect(self) -> FakeDesk:
        self.attempts += 1
        if not self.willing:
            raise self.error
        return self


async def test_start_error_says_what_core_said_and_tries_again() -> None:
    core = Unwilling()
    app = DeskApp(core.connect, utc=lambda: sample.NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, StartErrorScreen))
        shown = words_of(app)
        assert "Settings" in shown
        assert "there is no setting 'prot'; did you mean 'port'?" in shown

        core.attempts = 0
        await pilot.press("r")
        await until(pilot, lambda: core.attempts == 1)
        assert "there is no setting 'prot'" in words_of(app)
        core.willing = True
        await pilot.press("r")
        await settle(pilot)
        await until(pilot, lambda: app.screen is app.screen_stack[0])

        assert "▸ AAPL" in words_of(app)


async def test_a_core_of_another_build_is_restarted_by_a_key_that_other_errors_do_not_have(tmp_path: Path) -> None:
    said = "Core runs ibdesk 9. 2 orders work and stay at the broker."
    core = Unwilling()
    core.error = OtherBuildError(said, socket=tmp_path / "gone.sock", working=2, in_flight=0)
    app = DeskApp(core.connect, utc=lambda: sample.NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, StartErrorScreen))
        assert "2 orders work and stay at the broker" in words_of(app)
        assert "c restart core · r try again" in words_of(app)

        core.error = ConfigError("profiles/paper.toml can't be read.")
        await pilot.press("c")
        await until(pilot, lambda: "can't be read" in words_of(app))
        assert "restart core" not in words_of(app)
        core.attempts = 0
        await pilot.press("c")
        await pilot.pause()
        assert core.attempts == 0
        core.willing = True
        await pilot.press("r")
        await until(pilot, lambda: app.screen is app.screen_stack[0])


async def test_start_error_leaves_on_request() -> None:
    app = DeskApp(Unwilling().connect, utc=lambda: sample.NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, StartErrorScreen))
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)

    assert app.return_code == 0


async def test_live_waits_for_the_phrase_typed_by_hand() -> None:
    core = FakeDesk(WAITING, answer=judge)
    async with desk_on(core, size=(80, 24)) as desk:
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmLiveScreen))
        assert "LIVE account U…456. Orders from here use real money." in desk.words()

        await desk.pilot.press(*"trade live 457", "enter")
        await desk.until(lambda: "That is not the phrase for U…456." in desk.words())
        assert desk.app.screen.query_one(Input).value == ""

        await desk.pilot.press(*"trade live 456", "enter")
        await desk.until(lambda: desk.app.screen is desk.screen)

    assert core.sent[:2] == [ConfirmLive(phrase="trade live 457"), ConfirmLive(phrase="trade live 456")]


async def test_a_pasted_phrase_does_not_count() -> None:
    core = FakeDesk(WAITING, answer=judge)
    async with desk_on(core, size=(80, 24)) as desk:
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmLiveScreen))
        field = desk.app.screen.query_one(Input)
        from textual.events import Paste

        field.post_message(Paste("trade live 456"))
        await desk.until(lambda: "Type the phrase by hand" in desk.words())
        await desk.pilot.press("enter")
        await desk.pilot.pause()

        assert field.value == ""
    assert not any(isinstance(command, ConfirmLive) for command in core.sent)


async def test_escape_stays_unconnected_until_it_is_asked_for_again() -> None:
    async with desk_on(FakeDesk(WAITING, answer=judge), size=(80, 24)) as desk:
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmLiveScreen))
        await desk.pilot.press("escape")
        await desk.until(lambda: desk.app.screen is desk.screen)
        assert "not confirmed" in desk.lines()[0]

        desk.core.emit(ConnectionChanged(connection=replace(WAITING.connection, attempt=1)))
        await desk.pilot.pause()
        assert desk.app.screen is desk.screen

        await desk.app.run_action("app.confirm_live", desk.screen)
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmLiveScreen))


async def test_there_is_nothing_to_confirm_on_paper() -> None:
    async with desk_on(size=(80, 24)) as desk:
        await desk.app.run_action("app.confirm_live", desk.screen)
        await desk.until(lambda: "not a live profile" in desk.lines()[22])


async def test_every_key_is_listed_from_the_declarations() -> None:
    async with desk_on(size=(100, 60)) as desk:
        await desk.pilot.press("question_mark")
        await desk.until(lambda: isinstance(desk.app.screen, KeysScreen))
        shown = "\n".join(desk.lines())
        for line in (
            "b           BUY ticket that joins the bid",
            "^Q          Quit: close the desk",
            "/           Find a symbol",
        ):
            assert line in shown

        await desk.pilot.press("escape")
        await desk.until(lambda: desk.app.screen is desk.screen)


async def test_leaving_with_orders_working_asks_first() -> None:
    async with desk_on(size=(80, 24)) as desk:
        await desk.pilot.press("ctrl+q")
        await desk.until(lambda: isinstance(desk.app.screen, QuitScreen))
        assert "BUY 200 SPY" in desk.words()

        await desk.pilot.press("escape")
        await desk.until(lambda: desk.app.screen is desk.screen)
    assert desk.core.sent == []


@pytest.mark.parametrize("link", ["up", "lost"])
async def test_leaving_without_orders_does_not_ask(link: str) -> None:
    core = FakeDesk(replace(sample.SNAPSHOT, orders=()))
    async with desk_on(core, size=(80, 24)) as desk:
        if link == "lost":
            core.lose()
            await desk.until(lambda: desk.app.replica.lost_since is not None)
        await desk.pilot.press("ctrl+q")
        await desk.until(lambda: not desk.app.is_running)

    assert core.sent == ([Leave(stop=False)] if link == "up" else [])
