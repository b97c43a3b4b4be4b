"""Leaving the desk: what is working is named, and a person says what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from core.domain.orders import Order
from tui.hands.cancel_ticket import order_words
from tui.hands.timing import LoopTiming, Timing
from tui.widgets.columns import clean
from tui.widgets.pane import Pane

NAMED = 8
"""Orders that are named at most; the others are counted."""
STAND = 0.15
"""Seconds for which the question must have stood before a key answers it."""


class QuitChoice(Enum):
    """How a person wants to leave."""

    LEAVE = "leave"
    """Close the desk; core stays while an order works, or while another desk is attached."""
    STOP = "stop"
    """Close the desk and core; orders stay at the broker and nobody here looks after them."""


class QuitScreen(ModalScreen[QuitChoice | None]):
    """Gives the choice, or None to stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,1", "answer('leave')", "Close the desk, core stays", show=False, id="quit.leave"),
        Binding("2", "answer('stop')", "Close the desk and stop core", show=False, id="quit.stop"),
        Binding("escape,3", "stay", "Stay", show=False, id="quit.stay"),
    ]
    DEFAULT_CSS = """
    QuitScreen {
        align: center middle;
        background: $background 30%;
        & > Pane { width: 76; max-width: 100%; height: auto; background: $surface; }
        & Static { width: 1fr; height: auto; padding: 0 1; }
    }
    """

    def __init__(
        self, working: Sequence[Order], *, desks: int = 1, attached: bool = True, timing: Timing | None = None
    ) -> None:
        """Create it.

        Args:
            working: Live orders, external ones included.
            desks: Screens and scripts attached to core, this one included.
            attached: False if core is out of reach: what is known is old, and this desk can't stop it.
            timing: The clock of the keys; None for the running loop's.
        """
        super().__init__()
        self._working = [order for order in working if order.is_live]
        self._desks = desks
        self._attached = attached
        self._timing = timing or LoopTiming()
        self._asked_at = float("inf")
        self._finished = False

    def compose(self) -> ComposeResult:
        """What is working, and the choices."""
        with Pane(title="QUIT", status="Esc stays"):
            yield Static(Content("\n".join(clean(line) for line in self.lines())), markup=False)

    def on_mount(self) -> None:
        """Begin to count how long the question stands."""
        self._asked_at = self._timing.now()

    def lines(self) -> list[str]:
        """The text, line by line."""
        ours = [order for order in self._working if not order.external]
        if not ours and not self._attached:
            return ["This desk has lost core, which goes on if it runs.", "", "Enter  close the desk", "Esc    stay"]
        if not ours:
            others = " Another desk is attached: core stays." if self._desks > 1 else " Core ends with the desk."
            return [f"No order of this desk is working.{others}", "", "Enter  close the desk", "Esc    stay"]
        count = f"{len(ours)} order{' is' if len(ours) == 1 else 's are'} working:"
        if not self._attached:
            count = f"This desk has lost core. {len(ours)} order{' was' if len(ours) == 1 else 's were'} working then:"
            choices = ["Enter  close the desk; core goes on if it runs, and the orders stay at the broker"]
        elif self._desks > 1:
            choices = ["Enter  close the desk; core stays, another desk is attached"]
        else:
            choices = [
                "Enter  close the desk; core stays and looks after them",
                "2      close the desk and stop core; the orders stay at the broker, nobody here looks after them",
            ]
        named = [f"  {order_words(order)} {order.state}" for order in ours[:NAMED]]
        if len(ours) > NAMED:
            named.append(f"  and {len(ours) - NAMED} more")
        return [
            count,
            *named,
            "",
            *choices,
            "Esc    stay",
        ]

    def action_answer(self, choice: str) -> None:
        """Leave, if the question stood long enough to be read and offers the choice: others may need core."""
        if QuitChoice(choice) is QuitChoice.STOP and (self._desks > 1 or not self._attached):
            return
        if self._timing.now() - self._asked_at >= STAND:
            self._finish(QuitChoice(choice))

    def action_stay(self) -> None:
        """Go back to the desk."""
        self._finish(None)

    def _finish(self, choice: QuitChoice | None) -> None:
        """Close once, whatever keys are still on their way."""
        if not self._finished:
            self._finished = True
            self.app.call_later(self.dismiss, choice)
