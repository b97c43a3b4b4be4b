"""A price alert for the instrument in focus: comparison and price typed, or the number of one to remove."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from core.domain.alerts import Comparison, PriceAlert
from core.domain.commands import AddAlert, RemoveAlert
from core.domain.instruments import Instrument
from core.errors import LinkError
from tui.messages import Say
from tui.panes.listener import host_of
from tui.screens.frame import FramedScreen
from tui.widgets.columns import clean
from tui.widgets.typed_input import TypedInput

_LEVEL = re.compile(r"(>=|<=|>|<)\s*(\d+(?:\.\d+)?|\.\d+)")
_REMOVE = re.compile(r"remove\s+(\d{1,9})", re.IGNORECASE)
NOT_UNDERSTOOD = "Type a comparison and a price, such as > 600, or remove and a number. Nothing was set."

PriceCommand = AddAlert | RemoveAlert
"""What the box asks of core."""


def read(text: str, con_id: int) -> PriceCommand | None:
    """What was typed: `> 600`, `<= 590.50`, `remove 3`; None for anything else."""
    typed = text.strip()
    level, removed = _LEVEL.fullmatch(typed), _REMOVE.fullmatch(typed)
    if level is not None:
        return AddAlert(con_id=con_id, comparison=Comparison(level[1]), price=Decimal(level[2]))
    return None if removed is None else RemoveAlert(number=int(removed[1]))


class PriceAlertScreen(FramedScreen):
    """Core judges what is typed. Escape sets nothing."""

    DEFAULT_CSS = """
    PriceAlertScreen {
        & Input { margin-bottom: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Set nothing", show=False, id="price_alert.leave"),
    ]
    HINT = "> or >= looks at last and bid, < or <= at last and ask · Enter sets it · Esc back"

    def __init__(self, instrument: Instrument, waiting: tuple[PriceAlert, ...]) -> None:
        """`waiting` are those that wait already."""
        lines = [
            f"Tell once when the price of {instrument.label} is",
            *(f"{one.number}  {one.text}" for one in waiting),
        ]
        if waiting:
            lines.insert(1, "These wait; remove and a number ends one:")
        super().__init__("PRICE ALERT", "\n".join(clean(line) for line in lines))
        self._con_id = instrument.con_id

    def questions(self) -> list[Widget]:
        """The field."""
        return [TypedInput(placeholder="> 600", id="level")]

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Have core judge it."""
        message.stop()
        command = read(message.value, self._con_id)
        if command is not None:
            self._send(command)
        elif message.value.strip():
            self.tell(NOT_UNDERSTOOD)

    @work(exclusive=True, group="price-alert")
    async def _send(self, command: PriceCommand) -> None:
        try:
            ack = await host_of(self).desk.send(command)
        except LinkError as error:
            self.tell(clean(str(error)))
            return
        if ack.denied is not None:
            self.tell(clean(ack.denied.message))
        else:
            what = ack.result.text if isinstance(ack.result, PriceAlert) else "it"
            done = "is removed" if isinstance(command, RemoveAlert) else "is waited for"
            self.app.post_message(Say(f"Price alert: {what} {done}."))
            await self.action_dismiss()
