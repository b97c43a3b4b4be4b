"""What the desk's screen does with keys before anything else sees them: tickers, bursts, dead keys, tickets."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import BindingType
from textual.reactive import var
from textual.screen import Screen
from textual.widget import Widget

from core.domain.events import Severity
from core.domain.instruments import Instrument
from core.domain.orders import Order, OrderState
from tui.hands.bursts import DROPPED, Burst, add_key
from tui.hands.cancel_ticket import order_words
from tui.hands.change_ticket import why_no_change
from tui.hands.keys import PANES
from tui.hands.rest import why_no_rest
from tui.hands.send_gate import is_dead, other_key
from tui.hands.ticket import VERBS
from tui.hands.type_through import NOTHING, is_foreign, is_letter, type_letter
from tui.keymap import bindings
from tui.messages import LetGo, Say
from tui.panes.alerts import AlertsPane
from tui.panes.blotter import BlotterPane
from tui.panes.order_entry import OrderEntry
from tui.widgets.line_grid import LineGrid

if TYPE_CHECKING:
    from tui.screens.symbol_search import SymbolSearch

NOT_LATIN = "The keyboard layout is not Latin: letters off, F-keys work. Switch the layout to type commands."
NO_FOCUS = "No instrument is in focus. / finds one."
PARTS = {"close": Decimal(1), "part": Decimal("0.5")}
COMMAND_CHARACTERS = frozenset("/:;?")
"""Characters that no field of a ticket takes: they keep what they do in the panes."""


class HandsScreen(Screen[None]):
    """Base of the desk's screen. Every key of the desk passes `on_key` here, in order, before its binding runs.

    Expects one `OrderEntry` among its widgets. No key sends from here: bindings open tickets, `OrderEntry` sends.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PANES)]

    focus_con_id: var[int | None] = var(None, init=False)
    """The instrument in focus; None while there is none."""
    focus_account: var[str] = var("", init=False)
    """The account of the row in focus, in full; empty for a row that has none: then the desk's counts."""

    def __init__(self) -> None:
        super().__init__()
        self._typed = NOTHING
        self._burst = Burst()
        self._before: tuple[Widget | None, str | None] = (None, None)
        self._had_ticket = False
        self._search: SymbolSearch | None = None
        self._letter = ""

    @property
    def order_entry(self) -> OrderEntry:
        """The ticket pane."""
        return self.query_one(OrderEntry)

    def go_to(self, con_id: int) -> None:
        """The trader chose an instrument by name: look at it."""
        raise NotImplementedError

    def selected_order(self) -> Order | None:
        """The order under the cursor while the keys go into the orders; None elsewhere."""
        focused = self.focused
        pane = next((node for node in focused.ancestors if isinstance(node, BlotterPane)), None) if focused else None
        return None if pane is None else pane.selected()

    def _alerts_in_use(self) -> AlertsPane | None:
        focused = self.focused
        return next((node for node in focused.ancestors if isinstance(node, AlertsPane)), None) if focused else None

    async def on_key(self, event: events.Key) -> None:
        """Judge a key, then run what it is bound to, at once: a later key must find what an earlier one did."""
        entry = self.order_entry
        at = entry.timing.pressed(event.time)
        if self._search is not None:
            # Typed before the search could take the focus.
            self._search.feed(event)
            return
        if self._is_dropped(event, at):
            event.stop()
            return
        dead = is_dead(entry.gate, event.key, at)
        entry.gate = other_key(entry.gate, event.key, at)
        if dead or await self._takes(event, at):
            event.stop()
            return
        active = self.active_bindings.get(event.key)
        if active is None or not active.enabled:
            return
        entry.pressed_at, self._letter = at, (event.character or "") if is_letter(event.character) else ""
        try:
            if await self.app.run_action(active.binding.action, active.node):
                event.stop()
        finally:
            entry.pressed_at, self._letter = None, ""

    def on_paste(self, event: events.Paste) -> None:
        """A paste goes into a ticket's field, its first line only; anywhere else it is dropped."""
        event.stop()
        self._typed = NOTHING
        if self.order_entry.has_keys:
            self.order_entry.type_text(event.text)
        else:
            self.app.post_message(LetGo())
            self._say(f"Paste dropped: {len(event.text)} characters outside a text field. Nothing was sent.")

    def action_ticket(self, name: str) -> None:
        """Open a ticket: an order verb, `close`, `part`, `cancel`; `cancel_order`, `change`, `rest` of the selected."""
        entry, instrument = self.order_entry, self._instrument()
        order = self.selected_order()
        if name == "cancel_order":
            self._open_cancel_order(order)
        elif name == "change":
            self._open_change(order)
        elif name == "rest":
            self._open_rest(order)
        elif name == "cancel":
            ours = order is not None and order.is_live and not order.external
            entry.open_cancel(instrument, order if ours else None, self._letter)
        elif instrument is None:
            self._say(NO_FOCUS)
        elif name in PARTS:
            entry.open_close(instrument, PARTS[name], self._letter, self.focus_account)
        else:
            entry.open_order(VERBS[name].name, instrument, self._letter, self.focus_account)

    def _open_cancel_order(self, order: Order | None) -> None:
        if order is None:
            self._say("Del cancels the selected order. Go to ORDERS ( w ) and select one.")
        elif not order.is_live:
            why = f"{order.state}: {order.note}" if order.note else order.state
            self._say(f"{order_words(order)} has ended ({why}): nothing to cancel.")
        else:
            self.order_entry.open_cancel(self._instrument(), order, self._letter)

    def _open_change(self, order: Order | None) -> None:
        instrument = None if order is None else self.order_entry.replica.instrument(order.con_id)
        why_not = why_no_change(order, instrument, self.order_entry.replica.managed)
        if order is None or instrument is None or why_not:
            self._say(why_not)
        else:
            self.order_entry.open_change(order, instrument, self._letter)

    def _open_rest(self, order: Order | None) -> None:
        instrument = None if order is None else self.order_entry.replica.instrument(order.con_id)
        why_not = why_no_rest(order, instrument, self.order_entry.replica.managed)
        if order is None or instrument is None or why_not:
            self._say(why_not)
        else:
            self.order_entry.open_rest(order, instrument, self._letter)

    async def action_look(self) -> None:
        """Show what is known of the selected order, of one in doubt everything; of an alert note that it was seen."""
        # Imported at the first use: the first frame shows no field.
        from tui.screens.unknown import UnknownScreen

        alerts = self._alerts_in_use()
        if alerts is not None:
            alerts.acknowledge()
            return
        order = self.selected_order()
        if order is None:
            self._say("Space shows what is known of the selected order. Go to ORDERS ( w ) and select one.")
        elif order.state is OrderState.UNKNOWN and not order.external:
            await self.app.push_screen(UnknownScreen(order, self._open_cancel_order))
        else:
            note = f": {order.note}" if order.note else ""
            self._say(f"{order_words(order)} is {order.state.lower().replace('_', ' ')}{note}.", Severity.INFO)

    def action_leave_ticket(self) -> None:
        """Close a ticket that stands open while the keys go elsewhere."""
        self.order_entry.close_ticket()

    def action_disarm(self) -> None:
        """Back: nothing is sent by one key any more, and no ticket stands open."""
        self.order_entry.close_ticket()
        self.app.post_message(LetGo())

    def action_size(self, preset: int) -> None:
        """Take a size preset for the next ticket of the instrument in focus."""
        instrument = self._instrument()
        if instrument is not None:
            self.order_entry.choose_size(instrument, preset)

    def action_step_size(self, steps: int) -> None:
        """Change the quantity of the next ticket by some steps."""
        instrument = self._instrument()
        if instrument is not None:
            self.order_entry.step_size(instrument, steps)

    async def action_find_symbol(self, text: str = "") -> None:
        """Find a symbol; `text` is what was typed of it already."""
        # Imported at the first use: the first frame shows no field.
        from tui.screens.symbol_search import SymbolSearch

        entry = self.order_entry
        if entry.has_keys:
            entry.close_ticket()
        self._search = SymbolSearch(text, timing=entry.timing, burst=self._burst)
        await self.app.push_screen(self._search, self._found)

    def _found(self, instrument: Instrument | None) -> None:
        if self._search is not None:
            self._burst, self._search = self._search.burst, None
        if instrument is not None:
            self.go_to(instrument.con_id)

    def _instrument(self) -> Instrument | None:
        return self.order_entry.replica.instrument(self.focus_con_id)

    async def _takes(self, event: events.Key, at: float) -> bool:
        """True for a key that is text of a ticket, part of a symbol, or no command at all."""
        character, entry = event.character, self.order_entry
        if is_foreign(character):
            self._say(NOT_LATIN)
            return True
        if character is None or not is_letter(character):
            self._typed = NOTHING
            is_text = event.is_printable and character is not None and character not in COMMAND_CHARACTERS
            if is_text and character is not None and entry.has_keys:
                entry.type_text(character)
                return True
            return False
        if entry.has_keys and (entry.takes_letters or entry.takes_own_letter(character, at)):
            self._typed = NOTHING
            entry.type_text(character)
            return True
        return await self._takes_letter(character, at)

    async def _takes_letter(self, letter: str, at: float) -> bool:
        """Type-through: True for the letter that makes a word; the first ones are undone (rule 2)."""
        entry = self.order_entry
        opened = entry.opened_by if entry.has_keys else ""
        self._typed, text = type_letter(self._typed, letter, at, opened=opened)
        if text is None and (entry.has_keys or letter not in self.active_bindings):
            # It commands nothing, so it can only begin a symbol: then a slow second letter is no command either.
            self._typed, text = NOTHING, letter
        if text is None:
            if len(self._typed.letters) == 1:
                focused = self.focused
                self._before = (focused, focused.cursor_key if isinstance(focused, LineGrid) else None)
            return False
        self._undo()
        await self.action_find_symbol(text)
        return True

    def _undo(self) -> None:
        """Take back what the letters before did: they opened a ticket, went to another pane or moved a cursor."""
        entry = self.order_entry
        if entry.has_keys:
            entry.close_ticket(keep=False)
        (widget, key), self._before = self._before, (None, None)
        if widget is not None and widget.is_attached:
            self.set_focus(widget, scroll_visible=False)
            if isinstance(widget, LineGrid) and key in widget.row_keys:
                widget.move_cursor(key, source="key")

    def _is_dropped(self, event: events.Key, at: float) -> bool:
        """True for a key of a burst; the first one that makes it a burst undoes the ones before (rule 6)."""
        entry, before = self.order_entry, self._burst
        self._burst = add_key(before, at, printable=event.is_printable, in_field=entry.has_keys)
        if self._burst.printable <= 1:
            self._had_ticket = entry.ticket is not None
        if not self._burst.is_dropped:
            return False
        if not before.is_dropped:
            self._typed = NOTHING
            if entry.ticket is not None and not self._had_ticket:
                entry.close_ticket(keep=False)
            self.app.post_message(LetGo())
            self._say(DROPPED)
        return True

    def _say(self, text: str, severity: Severity = Severity.WARNING) -> None:
        self.app.post_message(Say(text, severity))
