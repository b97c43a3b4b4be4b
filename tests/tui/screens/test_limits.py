"""The limits: what core says of them, and what a person wants of one."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace
from textual.widgets import Input, Static

from core.domain.commands import Ack, Command, Denial, DenialCode
from core.domain.limit_changes import (
    AskLimits,
    LimitCommand,
    LimitShown,
    LimitsShown,
    LimitWaiting,
    SetLimit,
    WithdrawLimit,
)
from tests.tui import sample
from tests.tui.desk_pilot import Desk, desk_on
from tests.tui.fake_desk import FakeDesk
from tui.screens.limit_rows import limit_rows, limit_words
from tui.screens.limits import LimitsScreen
from tui.widgets.line_grid import LineGrid

SHOWN = LimitsShown(
    limits=(
        LimitShown(name="order_quantity", value="10000", source="default"),
        LimitShown(name="order_value", value="20000", source="/risk/paper.toml", used=sample.D("41.50")),
        LimitShown(name="accounts.DU1234567.daily_loss", value="none", source="MAX DU1234567"),
    )
)
WAITS = LimitWaiting(
    name="order_value",
    old="20000",
    new="30000",
    by="desk",
    asked=sample.NOW,
    due=sample.NOW + timedelta(minutes=9, seconds=12),
)
WAITING = LimitsShown(limits=SHOWN.limits, waiting=(WAITS,))


class Keeper:
    """Core, as far as limits go: a value above 20,000 asks for the word, and then waits."""

    def __init__(self) -> None:
        self.shown = SHOWN
        self.heard: list[LimitCommand] = []

    def answer(self, command: Command) -> Ack:
        match command:
            case AskLimits():
                pass
            case SetLimit(word=word):
                self.heard.append(command)
                if word != "loosen":
                    asks = "order_value lets more through. Type loosen to have it in 10 minutes."
                    denial = Denial(code=DenialCode.LIMIT_LOOSENS, message=asks)
                    if command.value == "much":
                        denial = Denial(code=DenialCode.LIMIT, message="order_value can't be 'much'.")
                    if command.value not in {"5", "none"}:
                        return Ack(ok=False, denied=denial, result=self.shown)
                else:
                    self.shown = WAITING
            case WithdrawLimit():
                self.heard.append(command)
                self.shown = SHOWN
            case _:
                return Ack(ok=True)
        return Ack(ok=True, result=self.shown)


async def opened(desk: Desk) -> LimitsScreen:
    """The screen, with its rows."""
    await desk.app.run_action("app.limits")
    await desk.until(lambda: isinstance(desk.app.screen, LimitsScreen))
    screen = desk.app.screen
    assert isinstance(screen, LimitsScreen)
    await desk.until(lambda: bool(screen.query_one(LineGrid).row_keys))
    return screen


def answer(screen: LimitsScreen) -> str:
    """What core answered, or the ways out."""
    return str(screen.query_one("#answer", Static).content)


def detail(screen: LimitsScreen) -> str:
    """What is said of the row under the cursor."""
    return str(screen.query_one("#detail", Static).content)


def test_a_row_says_value_use_source_and_what_waits() -> None:
    rows = limit_rows(WAITING, sample.NOW)

    assert list(rows) == [one.name for one in SHOWN.limits]
    texts = {column: cell.text for column, cell in rows["order_value"].items()}
    assert texts == {
        "name": "order_value",
        "value": "20,000",
        "used": "41.5",
        "waits": "30,000 in 9:12",
        "source": "risk/paper.toml",
    }
    assert rows["accounts.DU1234567.daily_loss"]["name"].text == "accounts.DU…567.daily_loss"
    assert rows["accounts.DU1234567.daily_loss"]["source"].text == "MAX DU…567"
    assert rows["order_quantity"]["used"].text == ""


def test_what_waits_for_nothing_that_is_said_yet_has_a_row_too() -> None:
    new = LimitsShown(limits=SHOWN.limits, waiting=(replace(WAITS, name="symbols.A.day"),))

    assert limit_rows(new, sample.NOW)["symbols.A.day"]["waits"].text == "30,000 in 9:12"
    assert "30,000 in 9:12, by desk. Del keeps it as it is." in limit_words(new, "symbols.A.day", sample.NOW)
    late = sample.NOW + timedelta(minutes=20)
    assert limit_rows(new, late)["symbols.A.day"]["waits"].text == "30,000 once nobody is armed"


async def test_a_tighter_value_is_typed_and_sent() -> None:
    core = Keeper()
    async with desk_on(FakeDesk(answer=core.answer)) as desk:
        screen = await opened(desk)
        await desk.pilot.press("down")
        await desk.until(lambda: "order_value = 20,000, 41.5 used · /risk/paper.toml" in detail(screen))
        await desk.pilot.press("enter", "5", "enter")
        await desk.until(lambda: answer(screen).startswith("Done."))

        assert core.heard == [SetLimit(name="order_value", value="5")]
        assert not screen.query_one(Input).display
        assert screen.query_one(LineGrid).has_focus
        await desk.pilot.press("escape")
        await desk.until(lambda: not isinstance(desk.app.screen, LimitsScreen))


async def test_a_looser_one_asks_for_the_word_and_is_shown_while_it_waits() -> None:
    core = Keeper()
    async with desk_on(FakeDesk(answer=core.answer)) as desk:
        screen = await opened(desk)
        await desk.pilot.press("down", "enter", *"30000", "enter")
        await desk.until(lambda: "Type loosen to have it in 10 minutes." in answer(screen))
        await desk.pilot.press(*"loosen", "enter")
        await desk.until(lambda: answer(screen).startswith("It counts in ten minutes."))

        wanted = SetLimit(name="order_value", value="30000")
        assert core.heard == [wanted, SetLimit(name="order_value", value="30000", word="loosen")]
        assert screen.query_one(LineGrid).row("order_value")["waits"].text == "30,000 in 9:12"
        await desk.pilot.press("delete")
        await desk.until(lambda: core.heard[-1:] == [WithdrawLimit(name="order_value")])
        await desk.until(lambda: screen.query_one(LineGrid).row("order_value")["waits"].text == "")
        await desk.pilot.press("delete")
        await desk.until(lambda: answer(screen) == "No change of this limit waits.")


async def test_escape_leaves_the_field_first_and_a_refusal_stays_in_it() -> None:
    core = Keeper()
    async with desk_on(FakeDesk(answer=core.answer)) as desk:
        screen = await opened(desk)
        await desk.pilot.press("enter", *"much", "enter")
        await desk.until(lambda: "can't be 'much'" in answer(screen))
        assert screen.query_one(Input).display
        await desk.pilot.press("enter", "escape")
        await desk.until(lambda: not screen.query_one(Input).display)
        assert isinstance(desk.app.screen, LimitsScreen)
        assert len(core.heard) == 1, "an empty line sends nothing"


async def test_without_core_nothing_is_shown() -> None:
    core = FakeDesk(answer=Keeper().answer)
    async with desk_on(core) as desk:
        screen = await opened(desk)
        core.lose()
        await desk.until(lambda: not screen.query_one(LineGrid).row_keys)
        assert "attaching again" in answer(screen) or "Core ended" in answer(screen)
