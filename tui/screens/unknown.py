"""UNKNOWN: what is known of an order in doubt, and where a person's word settles it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from core.domain.commands import SettleOrder
from core.domain.orders import Order, OrderState
from tui import messages
from tui.hands.doubt_words import WORDS, doubt_lines, verdict_of, ways_out
from tui.panes.listener import host_of
from tui.screens.word import FollowingScreen
from tui.widgets.columns import clean
from tui.widgets.typed_input import TypedInput

TITLE = "? UNKNOWN"
NOT_THE_WORD = f"Type {' or '.join(WORDS)}, whole, or Esc. Nothing was settled."


class WordInput(TypedInput):
    """A field for a word, where `c` at its beginning asks for a cancel ticket instead."""

    async def _on_key(self, event: events.Key) -> None:
        if event.character == "c" and not self.value:
            event.stop()
            event.prevent_default()
            self.screen.query_one(WordInput).post_message(self.CancelWanted())
            return
        await super()._on_key(event)

    class CancelWanted(Message):
        """The person would rather cancel."""


class UnknownScreen(FollowingScreen):
    """Follows one order; a word goes to core, which judges it. Escape changes nothing."""

    DEFAULT_CSS = """
    UnknownScreen {
        & > #frame { border: round $order-unknown; border-title-color: $order-unknown; }
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

    def questions(self) -> list[Widget]:
        """The field for the word."""
        return [WordInput(placeholder="not placed …", id="word")]

    def hint(self) -> str:
        """Core's answer to a word, else the ways out."""
        return self.answer or ways_out(self._order)

    async def show(self) -> None:
        """What is known of the order; the field as long as it is in doubt."""
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
        self.say("")

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Have core judge the word."""
        message.stop()
        verdict = verdict_of(message.value)
        if verdict is None:
            self.say(NOT_THE_WORD if message.value.strip() else "")
        else:
            self._settle(SettleOrder(order_ref=self._order.order_ref, verdict=verdict))

    @work(exclusive=True, group="settle")
    async def _settle(self, command: SettleOrder) -> None:
        await self.judge(command)
