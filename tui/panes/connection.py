"""CONNECTION: the whole way from the desk to the broker, and why the account is believed to be what it is."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from textwrap import wrap
from typing import ClassVar

from core.domain.connection import Connection, FarmStatus, Mode, on_disconnect
from core.text import mask_account
from tui import format as fmt
from tui import messages
from tui.panes.breaker_line import breaker_line
from tui.panes.line_row import Part
from tui.panes.lines_pane import Line, LinesPane, labelled
from tui.panes.mode_words import GATEWAY, account_word, link_dot, link_summary, link_words, mode_word
from tui.times import seconds_since, time_of_day

MODE_STYLES = {
    Mode.PRACTICE: "bold $mode-practice",
    Mode.PAPER: "bold $mode-paper",
    Mode.LIVE: "bold reverse $mode-live",
}
IBKR_DOTS = {FarmStatus.UP: "● up", FarmStatus.DOWN: "○ down", FarmStatus.UNKNOWN: "? not known"}
MARKET_DATA_LINES = 100
"""Lines that an IBKR account has at least."""
DIFFERENCES = 6
"""Differences that are named at most; the others are counted."""


class ConnectionPane(LinesPane):
    """Says what is, what is not known, and what to do about a problem."""

    TITLE = "CONNECTION"
    HEARS: ClassVar[tuple[type[messages.DeskMessage], ...]] = (
        messages.SnapshotLoaded,
        messages.LinkLost,
        messages.LinkRestored,
        messages.ConnectionUpdated,
        messages.HealthUpdated,
        messages.ReadingUpdated,
        messages.OrderUpdated,
        messages.SecondPassed,
    )

    def summary(self) -> str:
        """The state in a word."""
        return link_summary(self.replica.connection, lost=self.replica.lost_since is not None)

    def lines(self, width: int) -> Sequence[Line]:
        """Problem first, then the way outwards from the account to core itself."""
        connection = self.replica.connection
        if connection is None:
            return [[Part("starting core…", "$text-muted")]]
        lines: list[Line] = [self._who(connection)]
        problem = (
            "core lost: everything here is the last known"
            if self.replica.lost_since
            else connection.problem or connection.restarting
        )
        lines += [[Part(part, "bold $attention")] for part in wrap(problem, max(width, 10))]
        return [*lines, *self._account(connection), *self._link(connection, width), *self._core()]

    def _who(self, connection: Connection) -> Line:
        mode = mode_word(connection.mode)
        mark = "!" if connection.mode is Mode.LIVE else ""
        return [
            Part(f"{mark}{mode}{mark}", MODE_STYLES[connection.mode]),
            Part(f"  {GATEWAY[connection.mode]} {connection.endpoint}"),
        ]

    def _account(self, connection: Connection) -> list[Line]:
        verified = fmt.NONE
        if connection.verified is not None:
            verified = f"{time_of_day(connection.verified)} · {connection.verified_by}"
        others = len(connection.accounts) - 1
        more = f" and {others} more" if others > 0 else ""
        lines = [
            labelled("account", Part(account_word(connection), "bold"), more),
            labelled("verified", verified),
        ]
        if others > 0:
            masked = ", ".join(mask_account(account) for account in connection.accounts)
            lines.append(labelled("accounts", masked))
        return lines

    def _link(self, connection: Connection, width: int) -> list[Line]:
        health = self.replica.health
        version = fmt.NONE if connection.server_version is None else f"v{connection.server_version}"
        age = fmt.age(seconds_since(connection.since, self.now))
        lost = self.replica.lost_since is not None
        state = link_words(connection, lost=lost) or "up"
        attempts = f" · attempt {connection.attempt + 1}" if connection.attempt else ""
        beat = fmt.NONE if health.heartbeat_age_s is None else f"{health.heartbeat_age_s:.0f}s ago"
        up = sum(is_up for _, is_up in connection.farms)
        farms = f" · farms {up}/{len(connection.farms)}" if connection.farms else ""
        down = [name for name, is_up in connection.farms if not is_up]
        lines = [
            labelled("profile", f"{connection.profile} · client {connection.client_id} · {version}"),
            labelled("socket", f"{link_dot(connection, lost=lost)} {state} {age}{attempts}"),
            labelled("heartbeat", f"{beat} · round trip {_milliseconds(health.round_trip_ms)}"),
            labelled("IBKR", f"{IBKR_DOTS[connection.ibkr]}{farms}"),
        ]
        if down:
            lines.append(labelled("farms down", Part(", ".join(down), "$attention")))
        return [*lines, *self._reading(connection, width)]

    def _reading(self, connection: Connection, width: int) -> list[Line]:
        """When the broker's books were read in full, what of them was missing, and every difference by name."""
        reading, at = self.replica.reading, time_of_day(connection.reconciled)
        if reading is None:
            return [labelled("reconciled", at)]
        if reading.problem:
            missing = f"no {', no '.join(reading.failed)}" if reading.failed else reading.problem
            return [labelled("reconciled", f"{at} · ", Part(missing, "bold $attention"))]
        due = "" if reading.next_due is None else f" · next {fmt.age((reading.next_due - self.now).total_seconds())}"
        found = len(reading.differences) + reading.further
        at = time_of_day(reading.time)
        if not found:
            return [labelled("reconciled", f"{at} ok{due}")]
        several = f"{found} difference{'' if found == 1 else 's'}"
        named = [
            [Part(line, "$attention")]
            for one in reading.differences[:DIFFERENCES]
            for line in wrap(f"{one.what}: {one.where} say {one.theirs}, we had {one.ours}", max(width, 10))
        ]
        rest = [[Part(f"and {found - DIFFERENCES} more", "$attention")]] if found > DIFFERENCES else []
        return [labelled("reconciled", f"{at} · ", Part(several, "bold $attention"), due), *named, *rest]

    def _core(self) -> list[Line]:
        health = self.replica.health
        external = sum(order.external for order in self.replica.live_orders())
        frames = Part(f"{health.bad_frames} frames not understood", "bold $attention" if health.bad_frames else "")
        desks = f" · {health.desks} desks" if health.desks > 1 else ""
        lines = [
            labelled("journal", f"sync {_milliseconds(health.journal_sync_ms)} · head {fmt.size(health.journal_head)}"),
            labelled("core", f"pid {health.core_pid}{desks}" if health.core_pid else fmt.NONE),
            labelled("data lines", f"{health.lines} of {MARKET_DATA_LINES}"),
            labelled("wire", frames),
            labelled("EXT orders", f"{external} live, by other clients" if external else "none live"),
        ]
        lines += [breaker_line(breaker, self.now) for breaker in health.breakers]
        lines.append(labelled("if cut off", on_disconnect()))
        if health.gateway_pid is not None:
            lines.insert(2, labelled("gateway", f"pid {health.gateway_pid}"))
        return lines


def _milliseconds(value: Decimal | None) -> str:
    return fmt.NONE if value is None else f"{value:.1f} ms"
