"""UNKNOWN: what is known of an order in doubt, and where a person's word settles it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from core.domain.commands import SettleOrder
from core.domain.orders import Order, OrderState
from core.errors import LinkError
from tui import messages
from tui.hands.doubt_words import WORDS, doubt_lines, verdict_of, ways_out
from tui.panes.listener import host_of
from tui.screens.frame import FramedScreen
from tui.widgets.columns import clean

TITLE = "? UNKNOWN"
NOT_THE_WORD = f"Type {' or '.join(WORDS)}, whole, or Esc. Nothing was settled."


class WordInput(Input):
    """A field for a typed word: nothing can be pasted, and `c` at its beginning asks for a cancel ticket instead."""

    async def _on_key(self, event: events.Key) -> None:
        if event.character == "c" and not self.value:
            event.stop()
            event.prevent_default()
            self.screen.query_one(WordInput).post_message(self.CancelWanted())
            return
        await super()._on_key(event)

    class CancelWanted(Message):
        """The person would rather cancel."""

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()

    def action_paste(self) -> None:
        """Textual's own clipboard is no way in either."""


class UnknownScreen(FramedScreen):
    """Follows one order; a word goes to core, which judges it. Escape changes nothing."""

    DEFAULT_CSS = """
    UnknownScreen {
        & > #frame { border: round $order-unknown; border-title-color: $order-unknown; }
        & Input { margin-bottom: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Leave it unknown", show=False, id="unknown.leave"),
    ]
    HEARS = (messages.OrderUpdated, messages.ReadingUpdated, messages.SecondPassed, messages.SnapshotLoaded)

    def __init__(self, order: Order, cancel: Callable[[Order], None]) -> None:
        """`cancel` opens a cancel ticket for the order."""
        super().__init__(TITLE, "")
        self._order = order
        self._cancel = cancel
        self._answer = ""

    def questions(self) -> list[Widget]:
        """The field for the word."""
        return [WordInput(placeholder="not placed …", id="word")]

    def on_mount(self) -> None:
        """Begin to follow the order."""
        host_of(self).listen(self, *self.HEARS)
        self.call_later(self._show)

    def on_unmount(self) -> None:
        """Stop following it."""
        host_of(self).forget(self)

    def hint(self) -> str:
        """Core's answer to a word, else the ways out."""
        return self._answer or ways_out(self._order)

    @on(messages.DeskMessage)
    def _heard(self) -> None:
        self._show()

    def _show(self) -> None:
        host = host_of(self)
        self._order = host.replica.orders.get(self._order.order_ref, self._order)
        lines = doubt_lines(self._order, host.replica.reading, host.utc())
        self.tell("\n".join(clean(line) for line in lines))
        self.query_one(WordInput).display = self._order.state is OrderState.UNKNOWN

    @on(WordInput.CancelWanted)
    async def _cancel_instead(self) -> None:
        await self.action_dismiss()
        self._cancel(self._order)

    def on_input_changed(self) -> None:
        """Another word is being typed: the last answer is no longer about it."""
        self._say("")

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Have core judge the word."""
        message.stop()
        verdict = verdict_of(message.value)
        if verdict is None:
            self._say(NOT_THE_WORD if message.value.strip() else "")
        else:
            self._settle(SettleOrder(order_ref=self._order.order_ref, verdict=verdict))

    @work(exclusive=True, group="settle")
    async def _settle(self, command: SettleOrder) -> None:
        try:
            ack = await host_of(self).desk.send(command)
        except LinkError as error:
            self._say(str(error))
            return
        if ack.ok:
            await self.action_dismiss()
        elif ack.denied is not None:
            self._say(ack.denied.message)

    def _say(self, answer: str) -> None:
        self._answer = answer
        self.query_one("#hint", Static).update(Content(clean(self.hint())))
