"""The application around the desk: themes, window title, palette, and the end on an error."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from core.domain.commands import AcceptTailLoss, Ack, Denial, DenialCode, Reconnect
from core.domain.connection import Mode
from core.domain.events import Incident, Severity
from tests.tui import sample
from tests.tui.desk_pilot import desk_on, settle, words_of
from tests.tui.fake_desk import FakeDesk
from tui.app import DeskApp
from tui.crash import crash_report
from tui.themes import DEFAULT_THEME, DOMAIN_DEFAULTS

MINE = """
name = "mine"
primary = "#ff00ff"
"""


@pytest.mark.parametrize(
    ("mode", "title"),
    [(Mode.PRACTICE, "ibdesk PRACTICE DU…123"), (Mode.PAPER, "ibdesk PAPER DU…123"), (Mode.LIVE, "ibdesk LIVE U…456")],
)
async def test_the_window_is_named_after_mode_and_account(mode: Mode, title: str) -> None:
    async with desk_on(sample.in_mode(sample.SNAPSHOT, mode)) as desk:
        assert desk.app.title == title


async def test_an_unknown_theme_is_reported_and_the_default_taken() -> None:
    async with desk_on(theme="nosuch") as desk:
        assert desk.app.theme == DEFAULT_THEME
        assert "There is no theme nosuch." in desk.lines()[22]


async def test_themes_of_the_user_are_there_and_broken_ones_reported(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE)
    (tmp_path / "broken.toml").write_text("primary = 3")
    app = DeskApp(FakeDesk().connect, theme="mine", theme_folder=tmp_path, utc=lambda: sample.NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)

        assert app.theme == "mine"
        assert app.theme_variables["quote-up"] == DOMAIN_DEFAULTS["quote-up"]
        assert "broken.toml is left out" in words_of(app)


async def test_the_next_theme_is_another_one() -> None:
    async with desk_on() as desk:
        await desk.app.run_action("app.next_theme", desk.screen)

        assert desk.app.theme == "ibdesk-light"


async def test_the_palette_offers_the_declared_commands() -> None:
    async with desk_on() as desk:
        titles = [command.title for command in desk.app.get_system_commands(desk.screen)]
        await desk.pilot.press("ctrl+p", *"reach the broker")
        await desk.until(lambda: "Reconnect: try to reach the broker now" in desk.words())
        await desk.pilot.press("down", "enter")
        await desk.until(lambda: desk.core.sent == [Reconnect()])

        assert "BUY ticket that joins the bid" in titles
        assert "Choose a theme by name" in titles


async def test_reconnect_goes_to_core() -> None:
    async with desk_on() as desk:
        await desk.app.run_action("app.reconnect", desk.screen)

        assert desk.core.sent == [Reconnect()]


async def test_accepting_what_the_journal_lost_goes_to_core_and_its_refusal_is_shown() -> None:
    denied = Denial(code=DenialCode.HALTED, message="Not accepted: the disk is full.")
    async with desk_on(FakeDesk(answer=lambda _command: Ack(ok=False, denied=denied))) as desk:
        await desk.app.run_action("app.accept_tail_loss", desk.screen)
        await desk.until(lambda: denied.message in desk.words())

        assert desk.core.sent == [AcceptTailLoss()]


async def test_reconnect_without_core_says_so() -> None:
    async with desk_on() as desk:
        desk.core.lose()
        await desk.until(lambda: not desk.app.desk.is_attached)
        await desk.app.run_action("app.reconnect", desk.screen)
        await desk.until(lambda: "The desk is not attached to core: nothing was sent." in desk.words())


@pytest.mark.row(71)
async def test_news_from_outside_is_shown_literally() -> None:
    text = "[bold red]not markup[/] [link=x]"
    snapshot = replace(
        sample.SNAPSHOT, incidents=(Incident(severity=Severity.INFO, text=text, time=sample.NOW, order_ref=""),)
    )
    async with desk_on(snapshot) as desk:
        assert text in desk.lines()[22]


def test_a_crash_report_names_no_account_and_no_values() -> None:
    secret = "value of a variable"
    try:
        raise ValueError(f"account DU4567123 is not there \x1b]0;evil\x07{len(secret)}")
    except ValueError as error:
        report = crash_report(error)

    assert "DU4567123" not in report
    assert "DU…123" in report
    assert "value of a variable" not in report.replace('secret = "value of a variable"', "")
    assert "\x1b" not in report
    assert "core holds them" in report


async def test_an_error_of_the_desk_ends_it_with_the_report() -> None:
    class Broken(FakeDesk):
        async def connect(self) -> FakeDesk:
            raise RuntimeError("bug")

    app = DeskApp(Broken().connect, utc=lambda: sample.NOW)
    with pytest.raises(Exception, match="bug"):
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause(0.5)

    assert app.return_code == 1
