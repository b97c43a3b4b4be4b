"""The entry keeps a number as typed, refuses everything else in sight of the trader, and sends nothing."""

import asyncio
from decimal import Decimal
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Key, Paste
from textual.widgets import Input, Static

from tui.widgets.number_input import NumberInput


def cents(value: Decimal | None, steps: int) -> Decimal | None:
    """Steps of one cent; there is none below zero, and from nowhere the first is at 10."""
    moved = Decimal("10.00") if value is None else value + Decimal("0.01") * steps
    return moved if moved >= 0 else None


class Ticket(App[None]):
    """The entry inside a line of text, with keys outside that must not steal from it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("5", "steal"), Binding("a", "steal"), Binding("enter", "steal")]

    def __init__(self, entry: NumberInput) -> None:
        super().__init__()
        self.entry = entry
        self.changed: list[str] = []
        self.refused: list[tuple[str, str]] = []
        self.stolen = 0
        self.heard: list[str] = []

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static("BUY 100 AAPL @ ", classes="text")
            yield self.entry
            yield Static(" LMT", classes="text")
        yield Input()

    def on_mount(self) -> None:
        for text in self.query(".text"):
            text.styles.width = "auto"
        self.entry.focus()

    def on_number_input_changed(self, message: NumberInput.Changed) -> None:
        assert message.control is self.entry
        self.changed.append(message.text)

    def on_number_input_refused(self, message: NumberInput.Refused) -> None:
        assert message.control is self.entry
        self.refused.append((message.entered, message.reason))

    def on_key(self, event: Key) -> None:
        self.heard.append(event.key)

    def action_steal(self) -> None:
        self.stolen += 1

    def line(self) -> str:
        return self.entry.render_line(0).text


async def test_digits_replace_a_suggestion_and_stay_as_typed() -> None:
    app = Ticket(NumberInput("233.33"))
    async with app.run_test(size=(60, 5)) as pilot:
        suggested = [app.entry.suggested]
        await pilot.press("2", "3", "5", ".", "5", "0")
        assert app.entry.text == "235.50"
        assert app.entry.value == Decimal("235.50")
        suggested.append(app.entry.suggested)
        assert suggested == [True, False]
        assert app.changed == ["2", "23", "235", "235.", "235.5", "235.50"]
        assert app.stolen == 0


@pytest.mark.parametrize(
    ("keys", "text", "value"),
    [
        ([], "233.33", Decimal("233.33")),
        (["backspace"], "", None),
        (["1", "backspace"], "", None),
        (["1", "2", "backspace"], "1", Decimal(1)),
        (["full_stop"], ".", None),
        (["full_stop", "3", "3"], ".33", Decimal("0.33")),
        (["5", "full_stop"], "5.", Decimal(5)),
        (["0", "full_stop", "5"], "0.5", Decimal("0.5")),
    ],
)
async def test_the_value_is_what_the_text_says(keys: list[str], text: str, value: Decimal | None) -> None:
    app = Ticket(NumberInput("233.33"))
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.press(*keys)
        assert app.entry.text == text
        assert app.entry.value == value


@pytest.mark.parametrize(
    "keys", [["a"], ["5", "B"], ["minus"], ["5", "comma"], ["5", "full_stop", "full_stop"], ["0", "0"]]
)
async def test_what_is_no_number_is_refused_and_marked(keys: list[str]) -> None:
    app = Ticket(NumberInput("7"))
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.press(*keys[:-1])
        before = app.entry.text
        assert app.line() == f"{before} "
        await pilot.press(keys[-1])
        assert app.entry.text == before
        assert app.line() == f"{before}!"
        assert len(app.refused) == 1
        assert app.refused[0][1].endswith(".")
        assert app.stolen == 0
        await pilot.press("backspace")
        assert "!" not in app.line()


async def test_the_mark_of_a_refusal_goes_by_itself() -> None:
    gone = asyncio.Event()

    class Brief(NumberInput):
        REFUSAL_SECONDS = 0.01

        def _end_refusal(self) -> None:
            if self._refusal is not None:
                super()._end_refusal()
                gone.set()

    app = Ticket(Brief("7"))
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.press("x")
        async with asyncio.timeout(5):
            await gone.wait()
        assert app.line() == "7 "


async def test_steps_come_from_the_owner() -> None:
    app = Ticket(NumberInput("233.33", step=cents))
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.press("up", "up", "down", "pageup", "pagedown", "pagedown")
        assert app.changed == ["233.34", "233.35", "233.34", "233.44", "233.34", "233.24"]
        assert app.entry.suggested
        await pilot.press("backspace", "up")
        assert app.entry.text == "10.00"
        app.entry.set_text("0.01")
        await pilot.press("pagedown")
        assert app.entry.text == "0.01"
        assert app.refused == [("", "There is no step from here: type the number.")]


async def test_without_steps_the_arrows_are_refused() -> None:
    app = Ticket(NumberInput("5"))
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.press("up")
        assert app.entry.text == "5"
        assert app.line() == "5!"


@pytest.mark.parametrize(
    ("pasted", "text", "refused"),
    [("  412.50\n", "412.50", 0), ("412,50", "7", 1), ("1\n2", "7", 1), ("\n", "7", 1), ("buy 5", "7", 1)],
)
async def test_a_paste_is_a_number_or_nothing(pasted: str, text: str, refused: int) -> None:
    app = Ticket(NumberInput("7"))
    async with app.run_test(size=(60, 5)) as pilot:
        app.entry.post_message(Paste(pasted))
        await pilot.pause()
        assert app.entry.text == text
        assert len(app.refused) == refused


async def test_decimals_are_limited_where_the_owner_says_so() -> None:
    app = Ticket(NumberInput(decimals=2))
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.press("1", "full_stop", "2", "5", "5")
        assert app.entry.text == "1.25"
        assert app.refused == [("5", "At most 2 digits go after the point here.")]
    whole = Ticket(NumberInput(decimals=0))
    async with whole.run_test(size=(60, 5)) as pilot:
        await pilot.press("1", "0", "full_stop")
        assert whole.entry.text == "10"
        assert whole.refused == [(".", "Only whole numbers go here.")]


async def test_characters_of_the_owner_and_enter_pass_through() -> None:
    app = Ticket(NumberInput("7", pass_through="ax"))
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.press("a", "enter")
        assert app.stolen == 2
        await pilot.press("5")
        assert app.heard == ["a", "enter"]
        assert app.stolen == 2
        assert app.entry.text == "5"
        assert app.refused == []


async def test_it_stands_in_a_line_of_text_and_widens_with_it() -> None:
    app = Ticket(NumberInput(placeholder="price"))
    async with app.run_test(size=(60, 5)) as pilot:
        assert app.line() == "price "
        assert app.entry.region.size == (6, 1)
        for key in "1234567":
            await pilot.press(key)
        await pilot.pause()
        assert app.line() == "1234567 "
        assert app.entry.region.size == (8, 1)
        assert app.entry.region.x == len("BUY 100 AAPL @ ")
        assert app.query(".text").last().region.x == app.entry.region.right


async def test_a_return_of_the_focus_makes_the_text_a_suggestion() -> None:
    app = Ticket(NumberInput())
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.press("5")
        assert [part.text for part in app.entry.render_line(0) if part.style and part.style.reverse] == [" "]
        await pilot.press("tab")
        assert app.line() == "5 "
        assert not any(part.style.reverse for part in app.entry.render_line(0) if part.style)
        await pilot.press("shift+tab")
        assert [part.text for part in app.entry.render_line(0) if part.style and part.style.reverse] == ["5", " "]
        await pilot.press("6")
        assert app.entry.text == "6"


def test_a_suggestion_must_be_a_number() -> None:
    with pytest.raises(ValueError, match="'12x'"):
        NumberInput("12x")


@given(st.text(alphabet="0123456789.", max_size=25))
def test_every_text_it_takes_is_a_number_to_the_letter(text: str) -> None:
    try:
        entry = NumberInput(text)
    except ValueError:
        return
    assert entry.text == text
    assert entry.value is None or entry.value == Decimal(text)
    assert entry.value is not None or text in ("", ".")
