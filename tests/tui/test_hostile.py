"""Every place of the desk that shows a text: whatever stands in it, nothing crashes, and no click acts.

What core tells is clean already; here it is not, so that each sink is proven by itself.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.screen import ModalScreen

from core.domain.commands import Ack, Command, Denial, DenialCode, SearchSymbols, SymbolMatches
from core.domain.connection import LinkState, Mode
from core.domain.events import Incident, Severity, TradingState
from core.domain.instruments import SecType, SymbolMatch
from core.domain.limit_changes import AskLimits
from core.domain.trading import Killed, KillScope
from core.errors import ConfigError
from tests.hostile import CORPUS, MARKUP, poison, unclean
from tests.snapshots.cases import LIMITS
from tests.tui import sample
from tests.tui.desk_pilot import Desk, desk_on, lines_of, until
from tests.tui.fake_desk import FakeDesk
from tests.tui.screens.test_questions import Unwilling
from tui.app import DeskApp
from tui.panes.blotter import BlotterPane
from tui.screens.arm import ArmScreen, GrantScreen
from tui.screens.confirm_live import ConfirmLiveScreen
from tui.screens.enable_script import EnableScriptScreen
from tui.screens.kill import KillScreen
from tui.screens.limits import LimitsScreen
from tui.screens.quit import QuitScreen
from tui.screens.resume import ResumeScreen
from tui.screens.start_error import StartErrorScreen
from tui.screens.symbol_search import LONGEST_TEXT, SymbolField, SymbolSearch
from tui.screens.unknown import UnknownScreen

KINDS = ("C1 string", "line feeds", "right to left", "surrogates", "markup", "broken markup", "long")
TEXTS = {kind: CORPUS[kind] for kind in KINDS}
JOINED = " ".join(text for kind, text in CORPUS.items() if kind != "long")
"""For what shows a text whole."""
SPARED = frozenset({"session"})
"""What is compared, not shown."""

every_text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


def wrong(app: App[None]) -> list[str]:
    """What stands on the terminal and may not: characters that drive it, and clicks that would act."""
    found = []
    for strip in app.screen._compositor.render_strips(app.size):
        for segment in strip:
            if reason := unclean(segment.text):
                found.append(reason)
            if segment.style is not None and "@click" in segment.style.meta:
                found.append(f"{segment.style.meta} behind {segment.text!r}")
    return found


async def click_texts(pilot: Pilot[None]) -> None:
    """Wherever a letter of a hostile text stands: the first place in each row."""
    for y, line in enumerate(lines_of(pilot.app)):
        x = line.find("[@click")
        if x >= 0:
            await pilot.click(offset=(min(x + 16, pilot.app.size.width - 1), y))
    await pilot.pause()


@every_text
@pytest.mark.row(71)
async def test_the_whole_desk(text: str) -> None:
    snapshot = poison(sample.TROUBLE, text, spared=SPARED)
    async with desk_on(snapshot, size=(120, 40)) as desk:
        screen = desk.app.screen
        assert wrong(desk.app) == []
        await desk.pilot.press("b")
        await desk.pilot.pause(0.1)
        assert wrong(desk.app) == []
        await desk.pilot.press("escape")
        desk.core.sent.clear()
        await click_texts(desk.pilot)

        assert desk.app.is_running
        assert desk.app.screen is screen
        assert desk.core.sent == []


@pytest.mark.parametrize("text", [MARKUP, JOINED], ids=["markup", "joined"])
async def test_what_core_tells_later(text: str) -> None:
    async with desk_on() as desk:
        for severity in Severity:
            desk.core.emit(Incident(severity=severity, text=text, time=sample.NOW))
        desk.app.say(text, Severity.ALARM)
        await desk.pilot.pause(0.2)

        assert wrong(desk.app) == []
        if text == MARKUP:
            assert MARKUP in desk.words()


BOXES = (
    KillScreen,
    ResumeScreen,
    ConfirmLiveScreen,
    QuitScreen,
    UnknownScreen,
    LimitsScreen,
    EnableScriptScreen,
    GrantScreen,
    ArmScreen,
)


async def box(desk: Desk, name: type[ModalScreen[object]], text: str) -> None:
    """Open one of the boxes, with a hostile text in it."""
    match name.__name__:
        case "KillScreen":
            await desk.pilot.press("f9")
        case "ResumeScreen":
            await desk.app.push_screen(ResumeScreen(text))
        case "ConfirmLiveScreen":
            await desk.app.push_screen(ConfirmLiveScreen(text))
        case "ArmScreen":
            await desk.app.push_screen(ArmScreen(text))
        case "LimitsScreen" | "EnableScriptScreen" | "GrantScreen":
            boxes = {one.__name__: one for one in (LimitsScreen, EnableScriptScreen, GrantScreen)}
            await desk.app.push_screen(boxes[name.__name__]())
        case "QuitScreen":
            await desk.app.push_screen(QuitScreen(desk.app.replica.live_orders()))
        case "UnknownScreen":
            desk.screen.query_one(BlotterPane).grid.focus()
            await desk.pilot.press("space")
    await desk.until(lambda: type(desk.app.screen) is name)
    await desk.pilot.pause()


@pytest.mark.parametrize("text", [MARKUP + JOINED], ids=["joined"])
@pytest.mark.parametrize("name", BOXES)
async def test_every_box(name: type[ModalScreen[object]], text: str) -> None:
    killed = Killed(scope=KillScope.OURS, by=text, since=sample.NOW, problem=text)
    hostile = replace(poison(sample.TROUBLE, text, spared=SPARED), killed=killed, trading_state=TradingState.HALTED)

    def answer(command: Command) -> Ack:
        if isinstance(command, AskLimits):
            return Ack(ok=True, result=poison(LIMITS, text))
        return Ack(ok=False, denied=Denial(code=DenialCode.HALTED, message=text))

    async with desk_on(FakeDesk(hostile, answer=answer)) as desk:
        await box(desk, name, text)
        assert wrong(desk.app) == []
        await desk.pilot.press(*"resume", "enter")
        await desk.pilot.pause()
        assert wrong(desk.app) == []
        await click_texts(desk.pilot)

        assert desk.app.is_running


@pytest.mark.parametrize("text", [MARKUP, JOINED], ids=["markup", "joined"])
async def test_what_keeps_core_from_starting(text: str) -> None:
    core = Unwilling()
    core.error = ConfigError(f"profile: {text}")
    core.error.title = text
    app = DeskApp(core.connect, utc=lambda: sample.NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, StartErrorScreen))
        assert wrong(app) == []
        await click_texts(pilot)

        assert app.is_running


@pytest.mark.parametrize("text", [MARKUP, JOINED, CORPUS["long"]], ids=["markup", "joined", "long"])
async def test_what_a_search_finds(text: str) -> None:
    match = SymbolMatch(con_id=1, symbol=text, sec_type=SecType.STK, primary_exchange=text, currency=text, name=text)

    def answer(command: Command) -> Ack:
        if isinstance(command, SearchSymbols):
            return Ack(ok=True, result=SymbolMatches(pattern=command.pattern, matches=(match,)))
        return Ack(ok=False, denied=Denial(code=DenialCode.BROKER, message=text))

    async with desk_on(FakeDesk(answer=answer)) as desk:
        await desk.pilot.press("slash")
        await desk.until(lambda: isinstance(desk.app.screen, SymbolSearch))
        await desk.pilot.press("x")
        await desk.until(lambda: any(isinstance(command, SearchSymbols) for command in desk.core.sent))
        await desk.pilot.pause(0.1)
        await desk.pilot.press("down")
        assert wrong(desk.app) == []
        await desk.pilot.press("tab", "enter")
        await desk.pilot.pause(0.1)

        assert wrong(desk.app) == []
        assert desk.app.is_running


async def test_pastes_into_the_search() -> None:
    async with desk_on() as desk:
        await desk.pilot.press("slash")
        await desk.until(lambda: isinstance(desk.app.screen, SymbolSearch))
        field = desk.app.screen.query_one(SymbolField)
        for text in CORPUS.values():
            field.value = ""
            field.post_message(events.Paste(text))
            await desk.until(lambda: field.value != "")
            assert unclean(field.value) == ""
            assert len(field.value) <= LONGEST_TEXT
            assert wrong(desk.app) == []
        await desk.pilot.pause(0.2)

        assert all(unclean(one.pattern) == "" for one in desk.core.sent if isinstance(one, SearchSymbols))


@pytest.mark.parametrize("text", [MARKUP, JOINED], ids=["markup", "joined"])
async def test_the_palette_with_keys_and_themes_of_a_users_own(text: str) -> None:
    app = DeskApp(FakeDesk().connect, theme=text, keymap={"desk.next_theme": text}, utc=lambda: sample.NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.replica.is_loaded)
        await pilot.pause()
        assert wrong(app) == []
        await pilot.press("ctrl+p")
        await until(pilot, lambda: any("BUY ticket that joins the bid" in line for line in lines_of(app)))
        assert wrong(app) == []
        await pilot.press(*"theme")
        await until(pilot, lambda: not any("BUY ticket" in line for line in lines_of(app)))

        assert wrong(app) == []


async def test_the_live_profile_waits_with_a_hostile_question() -> None:
    waits = sample.in_mode(
        sample.SNAPSHOT, Mode.LIVE, state=LinkState.AWAITING_CONFIRMATION, account="", accounts=(), problem=MARKUP
    )
    async with desk_on(waits) as desk:
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmLiveScreen))

        assert wrong(desk.app) == []
        assert MARKUP in desk.words()
