"""ALERTS: what a person must look at, the latest on top, new ones bold until somebody has seen them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from core.domain.alerts import Alert, AlertKind, Severity
from core.domain.commands import SeeAlerts
from core.errors import LinkError
from core.text import mask_accounts
from tui import messages
from tui.panes.grid_pane import GridPane
from tui.times import time_of_day
from tui.widgets.line_grid import UNBOUNDED, Cell, Column, LineGrid, Row

_SIGNS = {Severity.INFO: "", Severity.WARNING: "!", Severity.ALARM: "!!"}


class AlertsPane(GridPane):
    """One row an alert; Space or Enter marks it as seen, at every desk. The row under the cursor is read out below."""

    TITLE = "ALERTS"
    WITH_HEADER = 8
    COLUMNS = (
        Column("time", "TIME", 8),
        Column("sign", "!", 2),
        Column("text", "TEXT", 20, max_width=UNBOUNDED),
    )
    HEARS: ClassVar[tuple[type[messages.DeskMessage], ...]] = (
        messages.SnapshotLoaded,
        messages.LinkLost,
        messages.AlertUpdated,
        messages.PriceAlertsUpdated,
    )

    def rows(self) -> Mapping[str, Row]:
        """A row for each alert, by its number."""
        return {str(alert.number): _row(alert) for alert in self.replica.latest_alerts()}

    def summary(self) -> str:
        """How many nobody has seen, and how many prices are waited for."""
        new, waiting = len(self.replica.new_alerts()), len(self.replica.price_alerts)
        parts = [f"{new} new"] if new else []
        return " · ".join([*parts, f"waits for {waiting}"] if waiting else parts)

    def empty_text(self) -> str:
        """Nothing has happened."""
        return "no alerts" if self.replica.is_loaded else ""

    def con_id_of(self, key: str) -> int | None:
        """The instrument that the alert is about."""
        alert = self.replica.alerts.get(int(key))
        return None if alert is None else alert.con_id

    def on_line_grid_row_selected(self, message: LineGrid.RowSelected) -> None:
        """Enter marks the alert as seen."""
        message.stop()
        self.acknowledge()

    def acknowledge(self) -> None:
        """Mark the alert under the cursor as seen; does nothing where it was."""
        alert = self._selected()
        if alert is not None and not alert.seen:
            self.run_worker(self._see(SeeAlerts(numbers=(alert.number,))), group="alerts")

    def acknowledge_all(self) -> None:
        """Mark every alert as seen."""
        self.run_worker(self._see(SeeAlerts()), group="alerts")

    async def _see(self, command: SeeAlerts) -> None:
        try:
            await self.host.desk.send(command)
        except LinkError as error:
            self.post_message(messages.Say(str(error), Severity.WARNING))

    def _look(self, key: str | None, *, by_user: bool) -> None:
        """Read the whole alert out, and look at its instrument if it has one: the focus stays where it has none."""
        alert = None if key is None else self.replica.alerts.get(int(key))
        if alert is None:
            return
        if by_user:
            self.post_message(messages.Say(alert.text))
        if alert.con_id is not None:
            super()._look(key, by_user=by_user)

    def _selected(self) -> Alert | None:
        key = self.grid.cursor_key
        return None if key is None else self.replica.alerts.get(int(key))


def _row(alert: Alert) -> Row:
    """Count and end stand before the words, which may be cut."""
    times = f"×{alert.count} " if alert.count > 1 else ""
    over = "over · " if alert.over is not None else ""
    return {
        "time": Cell(time_of_day(alert.time), "muted"),
        "sign": _sign(alert),
        "text": Cell(f"{times}{over}{mask_accounts(alert.text)}", "muted" if alert.seen else "strong"),
    }


def _sign(alert: Alert) -> Cell:
    if alert.kind is AlertKind.ORDER and alert.severity is Severity.ALARM:
        return Cell("?", "muted" if alert.seen else "unknown")
    return Cell(_SIGNS[alert.severity], "muted" if alert.seen else "attention")
