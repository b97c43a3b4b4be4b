"""The first row: whose money it is, the account, the connection, what is let through, profit and time."""

from __future__ import annotations

from math import ceil
from typing import ClassVar

from core.domain.connection import Mode
from core.domain.events import TradingState
from core.domain.money import Profit
from core.domain.trading import BREAKER_REASON, BreakerState
from tui import format as fmt
from tui import messages
from tui.panes.line_row import GAP, WIDE, LineRow, Part
from tui.panes.mode_words import GATEWAY, account_word, link_dot, link_words, mode_word
from tui.times import time_of_day, zone_name

SILENT_SECONDS = 8
"""Core asks the gateway for a sign of life every 2 s: an age beyond this one means that it owes an answer."""


_TRADING = {
    TradingState.ACTIVE: Part("ACTIVE"),
    TradingState.REDUCING: Part("▽ REDUCING", "bold reverse"),
    TradingState.HALTED: Part("■ HALTED ■", "bold $mode-live on $background"),
}
"""What is let through. Told apart without colour too: both stand out of their row, each with its own sign."""


class StatusRow(LineRow):
    """Wears the colour of the mode over its whole width (classes `-practice`, `-paper`, `-live`)."""

    DEFAULT_CSS = """
    StatusRow {
        background: $panel;
        &.-practice { background: $mode-practice; color: $mode-practice-text; }
        &.-paper { background: $mode-paper; color: $mode-paper-text; text-style: bold; }
        &.-live { background: $mode-live; color: $mode-live-text; text-style: bold; }
        &:nocolor { background: $background; color: $foreground; }
        &.-live:nocolor { text-style: bold reverse; }
    }
    """
    HEARS: ClassVar[tuple[type[messages.DeskMessage], ...]] = (
        messages.SnapshotLoaded,
        messages.LinkLost,
        messages.ConnectionUpdated,
        messages.TradingStateUpdated,
        messages.AuthorityUpdated,
        messages.HealthUpdated,
        messages.AccountUpdated,
        messages.MoneyUpdated,
        messages.SecondPassed,
    )

    def renew(self) -> None:
        """Show the replica as it is now, in the colour of the mode."""
        mode = self.host.mode
        for known in Mode:
            self.set_class(known is mode, f"-{known.value}")
        super().renew()

    def left(self, width: int) -> list[Part]:
        """Mode, account, link, trading state and profit."""
        wide = width >= WIDE
        connection = self.replica.connection
        lost = self.replica.lost_since is not None
        mode = self.host.mode
        # The mark stands without colour too: the row of a live desk is told by it on any terminal.
        mark = "!" if mode is Mode.LIVE else ""
        parts = [Part(f"▌{mark}{mode_word(mode)}{mark}▐", "bold"), Part(f" {account_word(connection)}")]
        between = Part(" │ ") if wide else GAP
        dot, words = link_dot(connection, lost=lost), link_words(connection, lost=lost)
        silence = self.replica.health.heartbeat_age_s
        if not words and silence is not None and silence > SILENT_SECONDS:
            dot, words = "◐", f"silent {silence:.0f}s"
        link = f"{dot} {words or self._round_trip()}"
        if wide and connection is not None:
            parts += [between, Part(f"{GATEWAY[connection.mode]} :{connection.endpoint.port} {link}")]
        else:
            parts += [Part(f" {link}")]
        if not self.replica.is_loaded:
            return parts
        parts += [between, self._trading(), between, self._sends(), between]
        return parts + self._profit(wide=wide)

    def _trading(self) -> Part:
        """What is let through; while only a breaker reduces it, how long until that tries again."""
        part = _TRADING[self.replica.trading_state]
        if self.replica.trading_state is TradingState.ACTIVE:
            return part
        if self.app.no_color:
            # The row of a live desk is reversed as a whole there: its exception is not.
            part = Part(part.text, "bold not reverse" if self.host.mode is Mode.LIVE else "bold reverse")
        opened = [one.until for one in self.replica.health.breakers if one.state is BreakerState.OPEN and one.until]
        if not opened or not self.replica.trading_reason.startswith(BREAKER_REASON):
            return part
        return Part(f"{part.text} {fmt.age((max(opened) - self.now).total_seconds())}", part.style)

    def right(self, width: int) -> list[Part]:
        """The time."""
        mark = " !" if self.host.mode is Mode.LIVE else ""
        zone = f" {zone_name()}" if width >= WIDE else ""
        return [Part(f"  {time_of_day(self.now)}{zone}{mark}")] if self.replica.is_loaded else []

    def _sends(self) -> Part:
        """How an order leaves this desk: by a ticket that is confirmed, or by one key for so long."""
        armed = self.replica.authority.armed
        if armed is None or not self.replica.authority.is_armed(self.host.desk.name, self.now):
            return Part("CONFIRM")
        left = ceil((armed.until - self.now).total_seconds())
        return Part(f"ARMED {left // 60}:{left % 60:02d}", "bold reverse")

    def _profit(self, *, wide: bool) -> list[Part]:
        day, opened = self.replica.day_pnl(), self.replica.total_open_pnl()
        parts = [Part(f"day {_pnl(day)}"), GAP, Part(f"open {_pnl(opened)}")]
        account = self.replica.account_values()
        if wide and account is not None and account.buying_power is not None:
            parts += [Part(" │ "), Part(f"BP {fmt.money(account.buying_power, 0)}")]
        return parts

    def _round_trip(self) -> str:
        milliseconds = self.replica.health.round_trip_ms
        return "" if milliseconds is None else f"{milliseconds:.0f}ms"


def _pnl(profit: Profit) -> str:
    """A profit; `?` while unknown, `~` while a part of it is missing or valued at an old price."""
    if profit.amount is None:
        return fmt.UNKNOWN
    text = fmt.pnl(profit.amount)
    return text if profit.whole else fmt.estimate(text)
