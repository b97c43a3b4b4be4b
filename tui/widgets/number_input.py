"""An entry for one number inside a line of text, which keeps what is typed to the letter."""

import re
from collections.abc import Callable, Container
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from tui.widgets.columns import fit

Step = Callable[[Decimal | None, int], Decimal | None]
"""Takes the present value (None while there is none) and a number of steps, upwards when positive.

Returns the value that many steps away, or None where there is no such value.
"""

BEGINNING = re.compile(r"(0|[1-9][0-9]*)?(\.[0-9]*)?")
LONGEST = 20
REFUSED_MARK = "!"


class NumberInput(Widget, can_focus=True):
    """An entry for digits and one decimal point, one line high and without a border. It sends nothing.

    A text given by the program, or entered before the focus left, is a suggestion: it shows reversed and the
    next digit replaces it. Characters that do not belong to a number are refused with a mark after the text.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(1)", "One step up", show=False, id="number.up"),
        Binding("down", "step(-1)", "One step down", show=False, id="number.down"),
        Binding("pageup", "step(10)", "Ten steps up", show=False, id="number.page_up"),
        Binding("pagedown", "step(-10)", "Ten steps down", show=False, id="number.page_down"),
        Binding("backspace", "erase", "Erase", show=False, id="number.erase"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"number-input--placeholder", "number-input--refused"}
    DEFAULT_CSS = """
    NumberInput {
        width: auto;
        height: 1;
        & > .number-input--placeholder { color: $text-muted; }
        & > .number-input--refused { color: $text-error; text-style: bold reverse; }
    }
    """
    ALLOW_SELECT = False

    REFUSAL_SECONDS: ClassVar[float] = 0.8
    """How long the mark of a refusal stays, unless the next key takes it away."""

    @dataclass
    class Changed(Message):
        """The trader changed the text; changes by the program send nothing."""

        number_input: "NumberInput"
        """The entry that sent the message."""
        text: str
        """The text as it is now; may be empty."""

        @property
        def control(self) -> "NumberInput":
            """The entry that sent the message."""
            return self.number_input

    @dataclass
    class Refused(Message):
        """A key, a paste or a step was refused and the text is as before."""

        number_input: "NumberInput"
        """The entry that sent the message."""
        entered: str
        """What was typed or pasted; empty for a step."""
        reason: str
        """What to do instead, as a sentence for the trader."""

        @property
        def control(self) -> "NumberInput":
            """The entry that sent the message."""
            return self.number_input

    def __init__(
        self,
        text: str = "",
        *,
        step: Step | None = None,
        decimals: int | None = None,
        placeholder: str = "",
        min_width: int = 1,
        pass_through: Container[str] = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Create an entry.

        Args:
            text: The first suggestion; empty for none.
            step: Finds the value for the arrow and page keys; None refuses them.
            decimals: Most digits after the point, 0 for whole numbers; None for any.
            placeholder: What stands there while the text is empty.
            min_width: Least width of the text in cells; the mark after it takes one more.
            pass_through: Characters that are left to the owner instead of being refused.
            id: Names the widget in queries and style sheets.
            classes: Style-sheet classes, separated by blanks.

        Raises:
            ValueError: The text is no number.
        """
        super().__init__(id=id, classes=classes)
        self.auto_links = False
        self._step = step
        self._decimals = decimals
        self._placeholder = placeholder
        self._min_width = min_width
        self._pass_through = pass_through
        self._text = ""
        self._suggested = False
        self._refusal: Timer | None = None
        self.set_text(text)

    @property
    def text(self) -> str:
        """The text exactly as typed; may be empty."""
        return self._text

    @property
    def value(self) -> Decimal | None:
        """The number that the text says; None while it holds no digit."""
        return Decimal(self._text) if self._text.strip(".") else None

    @property
    def suggested(self) -> bool:
        """Whether the next digit replaces the text instead of being added to it."""
        return self._suggested

    def set_text(self, text: str) -> None:
        """Suggest a text; sends no message.

        Raises:
            ValueError: The text is no number.
        """
        reason = self._objection(text)
        if reason:
            raise ValueError(f"{text!r}: {reason}")
        self._show(text, suggested=True)

    def action_step(self, steps: int) -> None:
        """Replace the number by the one some steps away, upwards when positive."""
        value = None if self._step is None else self._step(self.value, steps)
        text = "" if value is None else format(value, "f")
        if not text or self._objection(text):
            self._refuse("", "There is no step from here: type the number.")
        else:
            self._change(text, suggested=True)

    def action_erase(self) -> None:
        """Erase the last character, or a suggestion as a whole."""
        if self._text:
            self._change("" if self._suggested else self._text[:-1], suggested=False)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is taken here, so that no binding further out gets it."""
        return character is not None and character.isprintable() and character not in self._pass_through

    def on_key(self, event: events.Key) -> None:
        """Take a character, or refuse it."""
        if event.character is not None and self.check_consume_key(event.key, event.character):
            event.stop()
            event.prevent_default()
            self._enter(event.character, ("" if self._suggested else self._text) + event.character)

    def on_paste(self, event: events.Paste) -> None:
        """Take a pasted number as a whole, or refuse it as a whole."""
        event.stop()
        event.prevent_default()
        self._enter(event.text, event.text.strip() or event.text)

    def on_focus(self) -> None:
        """Make what stands here a suggestion."""
        self._show(self._text, suggested=True)

    def on_blur(self) -> None:
        """Drop the mark of a refusal."""
        self._end_refusal()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Return the width of the text and the mark after it."""
        return max(len(self._text or self._placeholder), self._min_width) + 1

    def render_line(self, y: int) -> Strip:
        """Draw the text and, with the focus, a cursor or the mark of a refusal after it."""
        width, base = self.size.width, self.rich_style
        reverse = base + Style(reverse=True)
        if self._text:
            style = reverse if self._suggested and self.has_focus else base
        else:
            style = self.get_component_rich_style("number-input--placeholder")
        _, shown, _ = fit(self._text or self._placeholder, max(1, width - 1), "left")
        segments = [Segment(shown, style)] if shown else []
        if self._refusal is not None:
            segments.append(Segment(REFUSED_MARK, self.get_component_rich_style("number-input--refused")))
        elif self.has_focus:
            segments.append(Segment(" ", reverse))
        return Strip(segments).crop_extend(0, width, base)

    def _objection(self, text: str) -> str:
        """Say why a text can't be the beginning of a number; empty when it can."""
        if "," in text:
            return "Write 1234.56: a point before the decimals, nothing between thousands."
        if not BEGINNING.fullmatch(text):
            return "Only digits and one point make a number here."
        if len(text) > LONGEST:
            return f"A number here has at most {LONGEST} characters."
        point, digits = text.partition(".")[1:]
        if self._decimals == 0 and point:
            return "Only whole numbers go here."
        if self._decimals is not None and len(digits) > self._decimals:
            return f"At most {self._decimals} digits go after the point here."
        return ""

    def _enter(self, entered: str, text: str) -> None:
        reason = self._objection(text)
        if reason:
            self._refuse(entered, reason)
        else:
            self._change(text, suggested=False)

    def _change(self, text: str, *, suggested: bool) -> None:
        self._end_refusal()
        changed = text != self._text
        self._show(text, suggested=suggested)
        if changed:
            self.post_message(self.Changed(self, text))

    def _show(self, text: str, *, suggested: bool) -> None:
        wider = len(text) != len(self._text)
        self._text = text
        self._suggested = suggested and bool(text)
        self.refresh(layout=wider)

    def _refuse(self, entered: str, reason: str) -> None:
        self._end_refusal()
        self._refusal = self.set_timer(self.REFUSAL_SECONDS, self._end_refusal)
        self.refresh()
        self.post_message(self.Refused(self, entered, reason))

    def _end_refusal(self) -> None:
        if self._refusal is not None:
            self._refusal.stop()
            self._refusal = None
            self.refresh()
