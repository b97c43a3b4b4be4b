"""Find a symbol by typing it. Enter focuses an instrument, Tab completes; nothing here can send an order."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from core.domain.commands import Ack, Qualified, SearchSymbols, SymbolMatches, Watch
from core.domain.events import Severity
from core.domain.instruments import Instrument, SymbolMatch
from core.text import clean
from tui.hands.bursts import DROPPED, Burst, add_key
from tui.hands.symbols import exact_match, match_label, search_words
from tui.hands.timing import LoopTiming, Timing
from tui.messages import LetGo, Say
from tui.panes.asker import Asker
from tui.panes.listener import host_of
from tui.widgets.line_grid import UNBOUNDED, Cell, Column, LineGrid
from tui.widgets.pane import Pane

DELAY = 0.15
"""Seconds without a key before the broker is asked."""
LONGEST_TEXT = 60
"""Characters that a symbol or a name may have."""
NO_LINK = "The desk is not attached to core, so no symbol can be looked up. Wait for the link, then type again."
COLUMNS = (
    Column("symbol", "SYM", 8, max_width=12),
    Column("exchange", "EXCH", 8),
    Column("currency", "CUR", 3),
    Column("type", "TYPE", 5, priority=60),
    Column("name", "NAME", 16, priority=80, max_width=UNBOUNDED),
)


@dataclass
class Matched(Message, bubble=False):
    """Core answered a search."""

    text: Hashable
    """What was searched for."""
    ack: Ack | None
    """None when the link broke first."""


@dataclass
class Watched(Message, bubble=False):
    """Core answered the wish to watch an instrument."""

    con_id: Hashable
    ack: Ack | None
    """None when the link broke first."""


class SymbolField(Input):
    """The text that is searched for; shows it to its screen key by key, so that a burst of keys can be told."""

    def __init__(self, text: str) -> None:
        super().__init__(text, placeholder="symbol or name", compact=True, select_on_focus=False)

    def validate_value(self, value: str) -> str:
        """Let nothing in, by whatever way, that can't be shown: a paste may hold anything."""
        return clean(value, LONGEST_TEXT)

    def on_key(self, event: events.Key) -> None:
        """Let the screen look at the key first."""
        if isinstance(self.screen, SymbolSearch) and self.screen.refuses(event):
            event.stop()
            event.prevent_default()


class SymbolSearch(ModalScreen[Instrument | None]):
    """Gives the instrument to focus, watched and qualified, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False, id="search.leave"),
        Binding("tab", "complete", "Complete the symbol", show=False, id="search.complete"),
        Binding("up", "step(-1)", "Up", show=False, id="search.up"),
        Binding("down", "step(1)", "Down", show=False, id="search.down"),
        Binding("pageup", "step(-5)", "Page up", show=False, id="search.page_up"),
        Binding("pagedown", "step(5)", "Page down", show=False, id="search.page_down"),
    ]
    DEFAULT_CSS = """
    SymbolSearch {
        align: left top;
        background: $background 30%;
        & > Pane { offset: 0 2; width: 100%; height: 13; background: $surface; }
        & Input { width: 1fr; background: $surface; }
        & LineGrid { height: 1fr; background: $surface; }
        & Static { height: auto; max-height: 3; color: $text-muted; }
    }
    """

    def __init__(self, text: str = "", *, timing: Timing | None = None, burst: Burst | None = None) -> None:
        """Create it.

        Args:
            text: What was typed already.
            timing: The clock of the keys; None for the running loop's.
            burst: The run of keys that opened it; None for none.
        """
        super().__init__()
        self.burst = burst or Burst(in_field=True)
        """The latest run of keys, for the screen below to go on with."""
        self._timing = timing or LoopTiming()
        self._field = SymbolField(text)
        self._field.cursor_position = len(text)
        self._grid = LineGrid(COLUMNS)
        self._grid.can_focus = False
        self._message = Static("", markup=False)
        self._matches: tuple[SymbolMatch, ...] = ()
        self._answered: str | None = None
        self._chosen = False
        self._enter_waits = False
        self._watching: int | None = None
        self._finished = False

    def compose(self) -> ComposeResult:
        """A field, what was found, a line of words."""
        with Pane(title="FIND SYMBOL", status="Enter focuses · Tab completes · Esc back"):
            yield self._field
            yield self._grid
            yield self._message

    def on_mount(self) -> None:
        """Search for what was typed already."""
        self._host = host_of(self)
        self._asker = Asker(self, self._host, Matched)
        self._watcher = Asker(self, self._host, Watched)
        self.set_focus(self._field)
        self._search(DELAY)

    @property
    def text(self) -> str:
        """What is searched for."""
        return self._field.value.strip()

    @property
    def words(self) -> str:
        """What the line of words says."""
        return str(self._message.content)

    def feed(self, event: events.Key) -> None:
        """Take a key that was pressed before the field had the focus."""
        event.stop()
        event.prevent_default()
        if self.refuses(event):
            return
        if event.key == "enter":
            self.action_take()
        elif event.key == "escape":
            self.action_leave()
        elif event.key == "backspace":
            self._field.value = self._field.value[:-1]
        elif event.is_printable and event.character is not None:
            self._field.value += event.character
            self._field.cursor_position = len(self._field.value)

    def on_key(self, event: events.Key) -> None:
        """Take a key that came before the field had the focus."""
        if self.focused is None:
            self.feed(event)

    def refuses(self, event: events.Key) -> bool:
        """True for a key of a burst that began outside a field: then the search closes, too."""
        at = self._timing.pressed(event.time)
        before = self.burst
        self.burst = add_key(before, at, printable=event.is_printable, in_field=True)
        if self.burst.is_dropped and not before.is_dropped:
            self._host.post_message(LetGo())
            self._host.post_message(Say(DROPPED, Severity.WARNING))
            self._finish(None)
        return self.burst.is_dropped

    @on(Input.Changed)
    def _changed(self) -> None:
        """Another text: nothing is chosen, no Enter waits."""
        self._chosen = self._enter_waits = False
        self._watching = None
        self._search(DELAY)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_take()

    def action_take(self) -> None:
        """Focus what was chosen, or what the text names exactly; wait for the answer if it is not there yet."""
        match = self._under_cursor() if self._chosen else self._exact()
        if match is not None:
            self._watch(match)
        elif self.text and self._answered != self.text:
            self._enter_waits = True
            self._say("looking…")
            self._search(0)

    def action_leave(self) -> None:
        """Go back without an instrument."""
        self._finish(None)

    def action_step(self, rows: int) -> None:
        """Choose another of the found instruments."""
        if self._matches:
            # The first step downwards chooses the row where the cursor stands already.
            if self._chosen or self._grid.keep_mark or rows != 1:
                self._grid.action_step(rows)
            self._choose()

    def action_complete(self) -> None:
        """Take the symbol under the cursor into the field; Enter is still to be pressed."""
        match = self._under_cursor()
        if match is None:
            return
        with self.prevent(Input.Changed):
            self._field.value = match_label(match)
        self._field.cursor_position = len(self._field.value)
        self._answered = self.text
        self._choose()

    def _choose(self) -> None:
        self._chosen = self._grid.keep_mark = True
        match = self._under_cursor()
        if match is not None:
            self._say(search_words(self.text, SymbolMatches(pattern=self.text, matches=self._matches), match))

    def _under_cursor(self) -> SymbolMatch | None:
        key = self._grid.cursor_key
        return next((match for match in self._matches if str(match.con_id) == key), None)

    def _exact(self) -> SymbolMatch | None:
        if self._answered != self.text:
            return None
        account = self._host.replica.account_values()
        currency = account.base_currency if account is not None and account.base_currency else "USD"
        return exact_match(self.text, self._matches, self._host.replica.watchlist, currency)

    def _search(self, delay: float) -> None:
        if not self.text:
            self._asker.drop()
            self._show((), "")
        elif not self._host.desk.is_attached:
            self._say(NO_LINK)
        elif self._answered != self.text:
            self._asker.ask(self.text, SearchSymbols(pattern=self.text), delay=delay)

    @on(Matched)
    def _matched(self, message: Matched) -> None:
        ack = message.ack
        if message.text == self.text:
            if ack is None:
                self._enter_waits = False
                self._say(NO_LINK)
            elif isinstance(ack.result, SymbolMatches):
                self._answer(ack.result)
            else:
                self._enter_waits = False
                self._say("The broker did not answer. Type again." if ack.denied is None else ack.denied.message)
        self._asker.answered()

    def _answer(self, result: SymbolMatches) -> None:
        self._answered, self._chosen = self.text, False
        self._show(result.matches, "")
        exact = self._exact()
        if exact is not None:
            self._grid.move_cursor(str(exact.con_id))
        # The mark says what Enter takes: nothing is marked while Enter would take nothing.
        self._grid.keep_mark = exact is not None
        self._say(search_words(self.text, result, exact))
        if self._enter_waits:
            self._enter_waits = False
            if exact is not None:
                self._watch(exact)

    def _show(self, matches: tuple[SymbolMatch, ...], words: str) -> None:
        self._matches = matches
        self._grid.set_rows(
            {
                str(match.con_id): {
                    "symbol": Cell(match_label(match)),
                    "exchange": Cell(match.primary_exchange),
                    "currency": Cell(match.currency),
                    "type": Cell(match.sec_type),
                    "name": Cell(match.name),
                }
                for match in matches
            }
        )
        self._say(words)

    def _watch(self, match: SymbolMatch) -> None:
        """Have core watch it; the screen closes when it is qualified."""
        replica = self._host.replica
        known = replica.instrument(match.con_id)
        if known is not None and match.con_id in replica.watchlist:
            self._finish(known)
        elif self._watching != match.con_id:
            self._watching = match.con_id
            self._say(f"adding {match_label(match)} to the watchlist…")
            self._watcher.ask(match.con_id, Watch(con_id=match.con_id), delay=0)

    @on(Watched)
    def _watched(self, message: Watched) -> None:
        ack = message.ack
        if message.con_id == self._watching:
            self._watching = None
            if ack is None:
                self._say(NO_LINK)
            elif isinstance(ack.result, Qualified):
                self._finish(ack.result.instrument)
                return
            else:
                self._say("Core could not add it. Press Enter again." if ack.denied is None else ack.denied.message)
        self._watcher.answered()

    def _finish(self, instrument: Instrument | None) -> None:
        """Close once, whatever keys are still on their way."""
        if not self._finished:
            self._finished = True
            self.app.call_later(self.dismiss, instrument)

    def _say(self, words: str) -> None:
        self._message.update(Content(clean(words)))
