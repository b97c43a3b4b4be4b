"""The message row: the last thing that happened, and how many things still ask for attention."""

from __future__ import annotations

from datetime import datetime
from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from textual.content import Content

from core.domain.alerts import Alert, AlertKind
from core.domain.connection import Connection
from core.domain.events import Severity
from core.domain.executions import Execution
from tui import format as fmt
from tui import messages
from tui.panes import quote_cells as cells
from tui.panes.blotter import number_text
from tui.panes.line_row import GAP, LineRow, Part
from tui.times import seconds_since, time_of_day
from tui.widgets.columns import clean, shorten

LINES_MAX = 3
ALARM_STAYS = 10.0
"""Seconds for which news of the connection does not take the place of an alarm: the first row shows it anyway."""
BELL_SECONDS = 1.0
"""The bell rings at most so often, however many alerts come."""
RESTORED = "Connected again; orders and positions are read anew."
STYLES = {Severity.INFO: "", Severity.WARNING: "bold $attention", Severity.ALARM: "bold reverse $attention"}


class MessageRow(LineRow):
    """Shows the newest message. Texts begin with the fact, for what is cut is cut at the end."""

    DEFAULT_CSS = """
    MessageRow { background: $surface; }
    """
    HEARS: ClassVar[tuple[type[messages.DeskMessage], ...]] = (
        messages.Said,
        messages.SnapshotLoaded,
        messages.ConnectionUpdated,
        messages.ExecutionAdded,
        messages.IncidentRaised,
        messages.AlertUpdated,
        messages.TradingStateUpdated,
        messages.LinkLost,
        messages.LinkRestored,
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._time: datetime | None = None
        self._text = ""
        self._severity = Severity.INFO
        self._told: set[str] = set()
        self._problem = ""
        self._first = ""
        self._rang: datetime | None = None
        self._rest: list[str] = []

    def on_mount(self) -> None:
        """Catch up with a snapshot that was there before."""
        if self.replica.is_loaded:
            self._resume()

    def hear(self, message: messages.DeskMessage) -> None:
        """Take the newest text; each is shown at once, none waits for another."""
        match message:
            case messages.Said(text=text, severity=severity):
                self.show(text, severity)
            case messages.ExecutionAdded(execution=execution) if execution.exec_id not in self._told:
                # The same execution comes again with its commission.
                self._told.add(execution.exec_id)
                self.show(self._fill_text(execution), Severity.INFO, execution.time)
            case messages.ConnectionUpdated(connection=connection):
                self._tell_connection(connection)
            case messages.IncidentRaised(incident=incident):
                self.show(incident.text, incident.severity, incident.time)
            case messages.AlertUpdated(alert=alert, rings=rings):
                self._tell_alert(alert, rings=rings)
            case messages.TradingStateUpdated(state=state, reason=reason):
                self.show(f"{state}: {reason}" if reason else str(state), Severity.WARNING)
            case messages.LinkLost(text=text, since=since):
                self.show(text, Severity.ALARM, since)
            case messages.LinkRestored():
                self.show("Core is there again; everything shown is fresh.")
            case messages.SnapshotLoaded():
                self._resume()

    def show(self, text: str, severity: Severity = Severity.INFO, time: datetime | None = None) -> None:
        """Show a text; `time` None means now."""
        self._text, self._severity, self._time = clean(text), severity, time or self.now
        self.renew()

    def _tell_alert(self, alert: Alert, *, rings: bool) -> None:
        """Ring for what is new, and show what no other message of the desk says; count what is not seen."""
        bell = self.replica.bell
        if rings and bell is not None and alert.severity.rank >= bell.rank:
            age = seconds_since(self._rang, self.now)
            if age is None or age >= BELL_SECONDS:
                self._rang = self.now
                self.app.bell()
        said = alert.kind is AlertKind.PRICE or (alert.lasting and alert.kind is not AlertKind.CONNECTION)
        if rings and said:
            self.show(alert.text, alert.severity, alert.time)
        else:
            self.renew()

    def _tell_connection(self, connection: Connection) -> None:
        """Show a problem of the connection; once it is over, its text must not stand here as if it still held."""
        if connection.problem:
            age = seconds_since(self._time, self.now)
            if self._severity is Severity.ALARM and age is not None and age < ALARM_STAYS:
                return
            self._problem = connection.problem
            self.show(connection.problem, Severity.WARNING)
        elif connection.can_trade and self._problem:
            if self._text == clean(self._problem):
                self.show(RESTORED)
            self._problem = ""

    def _resume(self) -> None:
        """Begin with the last thing in the snapshot; its fills are not told again when their fees follow."""
        executions = sorted(self.replica.executions.values(), key=lambda execution: execution.time)
        self._told = {execution.exec_id for execution in executions}
        connection = self.replica.connection
        incident = self.replica.incidents[-1] if self.replica.incidents else None
        if self.replica.trading_reason:
            self.show(f"{self.replica.trading_state}: {self.replica.trading_reason}", Severity.ALARM)
        elif connection is not None and connection.problem:
            self._tell_connection(connection)
        elif self._text:
            self.renew()
        elif incident is not None and not (executions and executions[-1].time > incident.time):
            self.show(incident.text, incident.severity, incident.time)
        elif executions:
            self.show(self._fill_text(executions[-1]), Severity.INFO, executions[-1].time)

    def renew(self) -> None:
        """Show the text; a warning takes up to three lines where one does not hold it, anything else is cut."""
        beside = sum(cell_len(part.text) for part in self.right(self.size.width))
        room = max(1, self.size.width - len(self._stamp) - beside)
        lines = [shorten(self._text, room)]
        if self._severity is not Severity.INFO:
            lines = wrap(self._text, room, max_lines=LINES_MAX, placeholder="…") or lines
        if lines[1:] != self._rest:
            self.styles.height = len(lines)
            self.refresh()
        self._first, self._rest = lines[0], lines[1:]
        super().renew()

    @property
    def _stamp(self) -> str:
        return f"{time_of_day(self._time)} " if self._text else ""

    @property
    def _style(self) -> str:
        """Without colour an alarm stands out by its shape."""
        if self.app.no_color and self._severity is Severity.ALARM:
            return "bold reverse"
        return STYLES[self._severity]

    def left(self, width: int) -> list[Part]:
        """Time and the first line."""
        return [Part(self._stamp, "$text-muted"), Part(self._first, self._style)]

    def right(self, width: int) -> list[Part]:
        """How many alerts nobody has seen."""
        count = len(self.replica.new_alerts())
        return [GAP, Part(f"{count} alert{'s' if count > 1 else ''}", "$attention")] if count else []

    def render(self) -> Content:
        """The line, and those below it, under the text."""
        blanks = " " * len(self._stamp)
        style = self._style
        return Content("\n").join([super().render(), *(Content.assemble(blanks, (line, style)) for line in self._rest)])

    def _fill_text(self, execution: Execution) -> str:
        instrument = self.replica.instrument(execution.con_id)
        price = cells.price_text(instrument, execution.price)
        text = f"filled {fmt.size(execution.quantity)} {execution.label} @ {price}"
        order = self.replica.orders.get(execution.order_ref)
        if order is None:
            return text
        left = f", {fmt.size(order.remaining)} left" if order.remaining else ""
        return f"{text} ({number_text(order)}{left})"
