"""LIMITS: every limit with its value, use and source, what waits, and the field in which one is changed."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from core.domain.commands import Ack, DenialCode
from core.domain.limit_changes import AskLimits, LimitCommand, LimitsShown, SetLimit, WithdrawLimit
from core.errors import LinkError
from core.text import clean, clean_lines, mask_accounts
from tui import messages
from tui.panes.listener import host_of
from tui.screens.limit_rows import COLUMNS, limit_rows, limit_words
from tui.themes import CELL_STYLES
from tui.widgets.line_grid import LineGrid
from tui.widgets.typed_input import TypedInput

WAYS = "↑↓ choose · Enter changes it · Del takes back what waits · Esc closes"
ASKED = "Core is asked for the limits …"
GONE = "Nothing is known while core is not attached."


class LimitsScreen(ModalScreen[None]):
    """Shows what core says, and sends it what a person types; core alone judges it. Escape goes back a step."""

    DEFAULT_CSS = """
    LimitsScreen {
        align: center middle;
        background: $background 30%;
        & > #frame {
            width: 116;
            max-width: 100%;
            height: 100%;
            max-height: 44;
            padding: 0 1;
            background: $surface;
            border: round $primary;
            border-title-style: bold;
        }
        & #rows { height: 1fr; }
        & #detail { height: 2; }
        & #value { display: none; }
        & #answer { height: auto; max-height: 4; color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Go back", show=False, id="limits.back"),
        Binding("delete", "withdraw", "Take back what waits", show=False, id="limits.withdraw"),
    ]
    HEARS = (messages.SnapshotLoaded, messages.SecondPassed, messages.LinkLost)

    def __init__(self) -> None:
        """Knows nothing until core has answered."""
        super().__init__()
        self._grid: LineGrid = LineGrid(COLUMNS, CELL_STYLES, empty_text=ASKED, id="rows")
        self._limits = LimitsShown(limits=())
        self._limit = ""
        self._wanted = ""
        """What a word is asked for; empty while none is."""

    def compose(self) -> ComposeResult:
        """The rows, what is known of one of them, the field, and what core answered."""
        frame = Vertical(
            self._grid,
            Static(id="detail", markup=False),
            TypedInput(id="value"),
            Static(Content(WAYS), id="answer", markup=False),
            id="frame",
        )
        frame.border_title = "LIMITS"
        yield frame

    def on_mount(self) -> None:
        """Begin to follow."""
        host_of(self).listen(self, *self.HEARS)
        self._grid.focus()
        self._ask(AskLimits())

    def on_unmount(self) -> None:
        """Stop following."""
        host_of(self).forget(self)

    @on(messages.SnapshotLoaded)
    @on(messages.SecondPassed)
    def _renew(self) -> None:
        self._ask(AskLimits())

    @on(messages.LinkLost)
    def _lost(self, message: messages.LinkLost) -> None:
        self._limits = LimitsShown(limits=())
        self._grid.empty_text = GONE
        self._show()
        self._answer(message.text)

    @on(LineGrid.RowHighlighted)
    def _looked(self, message: LineGrid.RowHighlighted) -> None:
        message.stop()
        self._show_detail()

    @on(LineGrid.RowSelected)
    def _chosen(self, message: LineGrid.RowSelected) -> None:
        """Ask for another value of the row."""
        message.stop()
        self._limit, self._wanted = message.key, ""
        self._answer(f"Type another value of {message.key} and Enter; none is no limit. Esc leaves it as it is.")
        self._field(f"{message.key} …")

    @on(Input.Submitted)
    def _typed(self, message: Input.Submitted) -> None:
        """Have core judge the value, or the word for one."""
        message.stop()
        text = message.value.strip()
        message.input.value = ""
        if not text:
            return
        if self._wanted:
            self._ask(SetLimit(name=self._limit, value=self._wanted, word=text))
        else:
            self._ask(SetLimit(name=self._limit, value=text))

    def action_withdraw(self) -> None:
        """Take back the change of the row that waits."""
        key = self._grid.cursor_key
        if any(one.name == key for one in self._limits.waiting) and key is not None:
            self._ask(WithdrawLimit(name=key))
        else:
            self._answer("No change of this limit waits.")

    async def action_back(self) -> None:
        """Out of the field, or out of the screen."""
        if self.query_one("#value", Input).display:
            self._close_field()
            self._answer(WAYS)
        else:
            await self.dismiss()

    @work(group="limits")
    async def _ask(self, command: LimitCommand) -> None:
        try:
            ack = await host_of(self).desk.send(command)
        except LinkError as error:
            self._answer(str(error))
            return
        if isinstance(ack.result, LimitsShown):
            self._limits = ack.result
            self._show()
        if not isinstance(command, AskLimits):
            self._answered(command, ack)

    def _answered(self, command: LimitCommand, ack: Ack) -> None:
        denied = ack.denied
        if denied is None:
            self._close_field()
            waits = isinstance(command, SetLimit) and any(one.name == command.name for one in self._limits.waiting)
            self._answer(f"It counts in ten minutes. {WAYS}" if waits else f"Done. {WAYS}")
            return
        self._answer(denied.message)
        if denied.code is DenialCode.LIMIT_LOOSENS and isinstance(command, SetLimit):
            self._wanted = command.value
            self._field("the word …")

    def _show(self) -> None:
        self._grid.set_rows(limit_rows(self._limits, host_of(self).utc()))
        self._show_detail()

    def _show_detail(self) -> None:
        words = limit_words(self._limits, self._grid.cursor_key, host_of(self).utc())
        self.query_one("#detail", Static).update(Content(clean_lines(words)))

    def _field(self, placeholder: str) -> None:
        field = self.query_one("#value", Input)
        field.placeholder = mask_accounts(clean(placeholder))
        field.display = True
        field.focus()

    def _close_field(self) -> None:
        self._limit = self._wanted = ""
        field = self.query_one("#value", Input)
        field.value = ""
        field.display = False
        self._grid.focus()

    def _answer(self, text: str) -> None:
        self.query_one("#answer", Static).update(Content(mask_accounts(clean(text))))
