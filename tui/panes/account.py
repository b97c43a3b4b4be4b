"""ACCOUNT: the money behind the orders."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from core.domain.account import Account
from core.domain.money import BrokerPnl, Money, Profit, RateSource
from tui import format as fmt
from tui import messages
from tui.panes.instrument import STYLES
from tui.panes.line_row import Part
from tui.panes.lines_pane import Line, LinesPane, labelled
from tui.panes.mode_words import account_word
from tui.panes.quote_cells import profit_cell
from tui.times import seconds_since, time_of_day

BAR_CELLS = 8
AMOUNT_CELLS = 14


class AccountPane(LinesPane):
    """Figures in the account's base currency; profit is core's own, from quotes, with IBKR's beside it."""

    TITLE = "ACCOUNT"
    HEARS: ClassVar[tuple[type[messages.DeskMessage], ...]] = (
        messages.SnapshotLoaded,
        messages.LinkLost,
        messages.ConnectionUpdated,
        messages.AccountUpdated,
        messages.MoneyUpdated,
        messages.OrderUpdated,
        messages.ExecutionAdded,
        messages.SecondPassed,
    )

    def summary(self) -> str:
        """The account, masked, and its currency."""
        account = self.replica.account_values()
        if not self.replica.account:
            return ""
        return f"{account_word(self.replica.connection)} {'' if account is None else account.base_currency}".strip()

    def lines(self, width: int) -> Sequence[Line]:
        """Money, profit, then the day's work."""
        account = self.replica.account_values()
        if account is None:
            text = "not reported yet" if self.replica.is_loaded else ""
            return [[Part(text, "italic $text-muted")]]
        return [*self._money(account), *self._profit(account), *self._work(account)]

    def _money(self, account: Account) -> list[Line]:
        return [
            labelled("net liq", _amount(account.net_liquidation)),
            labelled("cash", _amount(account.cash)),
            labelled("buying pow.", _amount(account.buying_power)),
            labelled("margin", _amount(account.initial_margin), _bar(account.initial_margin, account.net_liquidation)),
            labelled("maintenance", _amount(account.maintenance_margin)),
        ]

    def _profit(self, account: Account) -> list[Line]:
        money = self.replica.money_of(account.account)
        told = None if money is None else money.broker
        realized = Profit(amount=account.realized_pnl, whole=True)
        return [
            labelled("day P&L", _profit(self.replica.day_pnl())),
            labelled("open", _profit(self.replica.total_open_pnl())),
            labelled("realised", _profit(realized)),
            *(() if told is None else self._broker(told)),
            *self._rates(money),
        ]

    def _broker(self, told: BrokerPnl) -> list[Line]:
        """IBKR's own figures and their age."""
        age = Part(f" {fmt.short_age((self.now - told.time).total_seconds())}", "$text-muted")
        return [
            labelled(name, Part(f"{fmt.pnl(value):>{AMOUNT_CELLS}}", "$text-muted"), age)
            for name, value in (("IBKR day", told.daily), ("IBKR open", told.unrealized))
        ]

    def _rates(self, money: Money | None) -> list[Line]:
        """What foreign currencies are worth, from where, and how old that is."""
        foreign = [rate for rate in (money.rates if money else ()) if rate.source is not RateSource.BASE]
        return [
            labelled(
                f"1 {rate.currency}",
                f"{rate.value:>{AMOUNT_CELLS}.6f}",
                Part(f" {rate.source.lower()}{_age(seconds_since(rate.time, self.now))}", "$text-muted"),
            )
            for rate in foreign
        ]

    def _work(self, account: Account) -> list[Line]:
        executions = [e for e in self.replica.executions.values() if e.quantity]
        reported = [e.commission for e in executions if e.commission is not None]
        fees = fmt.money(sum(reported, Decimal(0)))
        if len(reported) < len(executions):
            fees = fmt.estimate(fees)
        live = len(self.replica.live_orders())
        return [
            labelled("orders", f"{len(self.replica.orders)} today · {live} live"),
            labelled("trades", f"{len(executions)} · fees {fees}"),
            labelled("as of", time_of_day(account.updated)),
        ]


def _amount(value: Decimal | None) -> str:
    text = fmt.UNKNOWN if value is None else fmt.money(value)
    return f"{text:>{AMOUNT_CELLS}}"


def _profit(profit: Profit) -> Part:
    if profit.amount is None:
        return Part(f"{fmt.UNKNOWN:>{AMOUNT_CELLS}}")
    cell = profit_cell(profit)
    return Part(f"{cell.text:>{AMOUNT_CELLS}}", STYLES.get(cell.style, ""))


def _age(seconds: float | None) -> str:
    return "" if seconds is None else f" {fmt.short_age(seconds)}"


def _bar(part: Decimal | None, whole: Decimal | None) -> str:
    """A share as a bar and a percentage; empty where either is unknown."""
    if part is None or not whole or whole < 0:
        return ""
    share = part / whole
    filled = min(BAR_CELLS, max(0, int(share * BAR_CELLS)))
    return f" {'▓' * filled}{'░' * (BAR_CELLS - filled)} {share * 100:.0f}%"
