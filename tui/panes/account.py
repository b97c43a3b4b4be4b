"""ACCOUNT: the money behind the orders, and how far the limits of the day are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

from core.domain.account import Account
from core.domain.budgets import Budget
from core.domain.money import BrokerPnl, Money, Profit, RateSource
from tui import format as fmt
from tui import messages
from tui.panes.instrument import STYLES
from tui.panes.limit_words import bar, share_style, used_text
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
        messages.RiskUpdated,
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
        """Money, profit, then the day's work and its limits."""
        account = self.replica.account_values()
        if account is None:
            text = "not reported yet" if self.replica.is_loaded else ""
            return [[Part(text, "italic $text-muted")]]
        budgets = {budget.name: budget for budget in self.replica.risk_figures()}
        return [
            *self._money(account, budgets),
            *self._profit(account),
            *self._work(budgets),
            *self._beside(self.replica.money_of(account.account)),
        ]

    def _money(self, account: Account, budgets: Mapping[str, Budget]) -> list[Line]:
        told = Part(f" {time_of_day(account.updated)}", "$text-muted")
        return [
            labelled("net liq", _amount(account.net_liquidation), told),
            labelled("cash", _amount(account.cash)),
            labelled("buying pow.", _amount(account.buying_power)),
            _used("margin", budgets.get("margin_percent")) or labelled("margin", _amount(account.initial_margin)),
            labelled("maintenance", _amount(account.maintenance_margin)),
        ]

    def _profit(self, account: Account) -> list[Line]:
        realized = Profit(amount=account.realized_pnl, whole=True)
        return [
            labelled("day P&L", _profit(self.replica.day_pnl())),
            labelled("open", _profit(self.replica.total_open_pnl())),
            labelled("realised", _profit(realized)),
        ]

    def _beside(self, money: Money | None) -> list[Line]:
        """What ours is compared with, and made of."""
        told = None if money is None else money.broker
        return [*(() if told is None else self._broker(told)), *self._rates(money)]

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

    def _work(self, budgets: Mapping[str, Budget]) -> list[Line]:
        executions = [e for e in self.replica.executions.values() if e.quantity]
        reported = [e.commission for e in executions if e.commission is not None]
        fees = fmt.money(sum(reported, Decimal(0)))
        if len(reported) < len(executions):
            fees = fmt.estimate(fees)
        loss, orders, trades = (budgets.get(name) for name in ("daily_loss", "day_orders", "day_trades"))
        made = str(len(executions)) if trades is None else used_text(trades)
        style = "" if trades is None or trades.share is None else share_style(trades.share)
        return [
            *([line] if (line := _used("day loss", loss)) else ()),
            _used("orders", orders) or labelled("orders", f"{len(self.replica.orders)} today"),
            labelled("trades", Part(made, style), f" · fees {fees}"),
        ]


def _used(label: str, budget: Budget | None) -> Line | None:
    """A limit with what is used of it as a bar; None without a limit."""
    if budget is None:
        return None
    figures = f"{used_text(budget):>{AMOUNT_CELLS}} "
    if budget.share is None:
        return labelled(label, figures)
    return labelled(label, Part(f"{figures}{bar(budget.share, BAR_CELLS)}", share_style(budget.share)))


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
