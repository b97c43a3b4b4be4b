"""What the broker says, batch by batch: journalled as heard, concluded, published."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from core.clock import Clock, trading_day
from core.domain.account import Account
from core.domain.entries import Entry, Heard
from core.domain.events import (
    AccountUpdated,
    ExecutionAdded,
    Fact,
    Incident,
    OrderChanged,
    PositionsUpdated,
    Severity,
)
from core.domain.orders import Order, OrderState
from core.domain.positions import Position
from core.domain.reports import (
    AccountsReport,
    AccountValueReport,
    BadFrameReport,
    CommissionReport,
    CompletedOrderReport,
    ErrorClass,
    ErrorReport,
    ExecutionReport,
    OpenOrderReport,
    OrderStatusReport,
    PnlReport,
    PortfolioReport,
    PositionReport,
    RefusedFrameReport,
    Report,
    RequestKind,
    SessionReport,
)
from core.execution import lifecycle, strangers
from core.execution.account_values import with_value
from core.execution.echoes import Echoes
from core.execution.incidents import incident
from core.execution.lifecycle import Conclusion
from core.execution.margin_refusals import in_short
from core.execution.publisher import Publisher
from core.execution.state import DeskState
from core.ids import instance_of

log = logging.getLogger(__name__)

ID_USED_TWICE = 103
"""IBKR's code for a new order under an id that it knows: ids can't be trusted."""


def _nothing(_: object) -> None:
    """Nobody is to be told."""


class Hearing:
    """Turns reports into facts. Every order-related report is journalled before anything is concluded from it.

    What a reading of the books only repeats is not written down again.
    """

    def __init__(
        self,
        state: DeskState,
        publisher: Publisher,
        clock: Clock,
        *,
        client_id: int,
        instance: str,
        on_connection_report: Callable[[SessionReport], None],
        on_profit: Callable[[PnlReport], None],
        ask_books: Callable[[], None],
    ) -> None:
        """Make it.

        `on_connection_report` takes what is about the session, `on_profit` the broker's own figures of profit;
        `ask_books` wants the broker's books read again.
        """
        self._state = state
        self._publisher = publisher
        self._clock = clock
        self._client_id = client_id
        self._instance = instance
        self._on_connection_report = on_connection_report
        self._on_profit = on_profit
        self._ask_books = ask_books
        self._told: set[tuple[str, str]] = set()
        self._asked_about: set[int] = set()
        self._echoes = Echoes()
        self.on_refused_child: Callable[[Order], None] = _nothing
        """Told of attached orders that were not taken."""
        self.on_distrust: Callable[[str], None] = _nothing
        """Told why only reducing orders should leave from now on."""
        self._refused: list[Order] = []
        self._distrusted = ""

    def on_reports(self, reports: Sequence[Report]) -> None:
        """Take one batch; facts come out in the order of the wire. Never raises."""
        heard: list[Entry] = []
        facts: list[Fact] = []
        positions_touched = False
        accounts_touched: dict[str, None] = {}
        for report in reports:
            try:
                match report:
                    case PositionReport():
                        positions_touched |= self._position(report)
                    case PortfolioReport():
                        positions_touched |= self._portfolio(report)
                    case PnlReport():
                        self._on_profit(report)
                    case AccountValueReport():
                        if self._account_value(report):
                            accounts_touched[report.account] = None
                    case (
                        ErrorReport(kind=RequestKind.CONNECTION)
                        | ErrorReport(error_class=ErrorClass.COMPETING_SESSION)
                        | AccountsReport()
                        | BadFrameReport()
                        | RefusedFrameReport()
                    ):
                        # Whoever keeps the connection publishes at once: all that was heard before goes first.
                        self._publisher.facts(facts, heard=[*heard, Heard(report=report)])
                        facts, heard = [], []
                        self._on_connection_report(report)
                    case _:
                        if not self._echoes.repeats(report):
                            heard.append(Heard(report=report))
                        facts.extend(self._conclude(report))
            except Exception:
                log.exception("a report could not be handled: %s", type(report).__name__)
                facts.append(self.incident("A message of IBKR could not be handled; orders are being read again."))
                self._ask_books()
        self._publisher.facts(facts, heard=heard)
        self._act()
        if positions_touched:
            self._publisher.state(PositionsUpdated(positions=self._state.all_positions()))
        for account in accounts_touched:
            self._publisher.state(AccountUpdated(account=self._state.accounts[account]))

    def _act(self) -> None:
        """What follows of a batch beyond its facts, once those are told."""
        refused, self._refused = self._refused, []
        for child in refused:
            self.on_refused_child(child)
        distrusted, self._distrusted = self._distrusted, ""
        if distrusted:
            self.on_distrust(distrusted)

    def incident(self, text: str, severity: Severity = Severity.WARNING, order_ref: str = "") -> Incident:
        """An incident of this moment, kept for snapshots; the caller publishes it."""
        return incident(self._state, self._clock, text, severity, order_ref)

    def _conclude(self, report: Report) -> list[Fact]:
        now = self._clock.utc()
        match report:
            case OrderStatusReport():
                return self._status(report, now)
            case CompletedOrderReport():
                return self._completed(report, now)
            case OpenOrderReport():
                return self._open_order(report)
            case ExecutionReport():
                return self._execution(report)
            case CommissionReport():
                return self._commission(report)
            case ErrorReport():
                return self._error(report)
        return []

    def _status(self, report: OrderStatusReport, now: datetime) -> list[Fact]:
        order = self._find(report.perm_id, report.client_id, report.order_id)
        if order is not None:
            expected = self._state.book.goes_with_another(order)
            return self._take_once(order, lifecycle.from_status(order, report, now, expected=expected))
        # An order of our client that no name fits is looked up, once.
        if report.client_id == self._client_id and report.perm_id not in self._asked_about:
            self._asked_about.add(report.perm_id)
            self._ask_books()
        return []

    def _completed(self, report: CompletedOrderReport, now: datetime) -> list[Fact]:
        order = self._state.book.find(order_ref=report.order_ref, perm_id=report.perm_id)
        if order is None:
            return self._unrecorded(report.order_ref, f"An order that ended as {report.status}")
        if strangers.is_other(order, report.perm_id):
            return self._another(order, report.perm_id, f"ended as {report.status}")
        return self._take_once(order, lifecycle.from_completed(order, report, now))

    def _find(self, perm_id: int, client_id: int, order_id: int) -> Order | None:
        return self._state.book.find(perm_id=perm_id, client_id=client_id, order_id=order_id)

    def _take(self, before: Order, conclusion: Conclusion) -> list[Fact]:
        facts: list[Fact] = []
        if conclusion.order != before:
            self._state.book.put(conclusion.order)
            facts.append(OrderChanged(order=conclusion.order))
        if conclusion.incident is not None:
            self._state.incidents.append(conclusion.incident)
            facts.append(conclusion.incident)
        if conclusion.ask:
            self._ask_books()
        self._distrusted = self._distrusted or conclusion.distrusted
        return facts

    def _take_once(self, before: Order, conclusion: Conclusion) -> list[Fact]:
        """As `_take`; a contradiction that every reading of the books repeats is told, and asked about, once."""
        told = conclusion.incident
        if told is not None and (told.order_ref, told.text) in self._told:
            return self._take(before, Conclusion(conclusion.order))
        if told is not None:
            self._told.add((told.order_ref, told.text))
        return self._take(before, conclusion)

    def _unrecorded(self, order_ref: str, what: str) -> list[Fact]:
        """An alarm, once, if the reference is one that this journal minted and holds no record of."""
        if order_ref in self._state.used_refs or instance_of(order_ref) != self._instance:
            return []
        self._state.used_refs.add(order_ref)
        text = f"{what} is at IBKR under our name, but the journal has no record of it. Check the journal."
        return [self.incident(text, Severity.ALARM, order_ref)]

    def _another(self, order: Order, perm_id: int, what: str) -> list[Fact]:
        """An alarm, once, of a second order under the reference of one: nothing of it is the first one's."""
        told = order.order_ref, strangers.second_words(order, perm_id, what)
        if told in self._told:
            return []
        self._told.add(told)
        return [self.incident(told[1], Severity.ALARM, order.order_ref)]

    def _open_order(self, report: OpenOrderReport) -> list[Fact]:
        order = self._state.book.find(
            order_ref=report.order_ref,
            perm_id=report.perm_id,
            client_id=report.client_id,
            order_id=report.order_id,
        )
        if order is None:
            return self._stranger(report)
        if strangers.is_other(order, report.perm_id):
            live = report.status not in strangers.OVER
            return self._second(order, report) if live else self._another(order, report.perm_id, f"is {report.status}")
        return self._take_once(order, lifecycle.from_open_order(order, report, self._clock.utc()))

    def _second(self, first: Order, report: OpenOrderReport) -> list[Fact]:
        """A second live order under a reference of ours: shown and counted by itself, and told at once."""
        now = self._clock.utc()
        order = strangers.order_of(
            report,
            now,
            order_ref=strangers.second_ref(report.perm_id),
            number=self._state.next_number(now),
            parent_ref=first.parent_ref,
            twin_of=first.order_ref,
        )
        self._state.admit(order)
        alarm = self.incident(strangers.twice_words(first, order), Severity.ALARM, order.order_ref)
        return [
            OrderChanged(order=order),
            alarm,
            *self._with_fills(order, lifecycle.from_open_order(order, report, now)),
        ]

    def _stranger(self, report: OpenOrderReport) -> list[Fact]:
        """An open order that the journal does not know: another client's, or ours with its record lost."""
        now = self._clock.utc()
        ours = instance_of(report.order_ref) == self._instance
        name = report.perm_id or f"{report.client_id}.{report.order_id}"
        order = strangers.order_of(
            report,
            now,
            order_ref=report.order_ref if ours else f"ext-{name}",
            number=self._state.next_number(now) if ours else 0,
            parent_ref=strangers.parent_ref_of(report, self._state.book),
        )
        concluded = lifecycle.from_open_order(order, report, now)
        if not ours and (report.status == "Filled" or not concluded.order.is_live):
            return []
        alarm = self._unrecorded(order.order_ref, order.text)
        self._state.sketch(report.instrument)
        self._state.admit(order)
        return [OrderChanged(order=order), *self._with_fills(order, concluded), *alarm]

    def _with_fills(self, order: Order, concluded: Conclusion) -> list[Fact]:
        """An order that has just become known, with the fills that came before it."""
        facts: list[Fact] = [ExecutionAdded(execution=known) for known in self._state.book.adopt_executions(order)]
        fills = self._state.book.filled(order.order_ref)
        return facts + self._take(order, lifecycle.from_fills(concluded.order, *fills, self._clock.utc()))

    def _execution(self, report: ExecutionReport) -> list[Fact]:
        execution = report.execution
        order = self._state.book.find(
            order_ref=execution.order_ref,
            perm_id=execution.perm_id,
            client_id=execution.client_id,
            order_id=execution.order_id,
        )
        second = order is not None and strangers.is_other(order, execution.perm_id)
        first, order = (order, None) if second else (None, order)
        if first is not None:
            execution = replace(execution, order_ref=strangers.second_ref(execution.perm_id))
        elif order is not None and execution.order_ref != order.order_ref:
            execution = replace(execution, order_ref=order.order_ref)
        if order is not None and not execution.con_id:
            execution = replace(execution, con_id=order.con_id, label=order.label)
        what = f"A fill of {execution.quantity:f} {execution.label}"
        if order is None and not report.live and trading_day(execution.time) != trading_day(self._clock.utc()):
            # The broker's day is not ours: its list also has fills of orders that a restart left behind.
            return self._unrecorded(execution.order_ref, what)
        before = self._state.book.latest(execution.stem)
        if not self._state.book.add_execution(execution):
            return []
        self._state.holdings.filled(before, execution)
        # A combination is held as its legs, whose fills are told too.
        if report.live and execution.con_id > 0:
            held = self._state.held(execution.account, execution.con_id)
            self._state.unseen_fills.heard(execution, held.quantity if held else Decimal(0), self._clock.mono())
        facts: list[Fact] = [ExecutionAdded(execution=execution)]
        if first is not None:
            self._ask_books()
            return facts + self._another(first, execution.perm_id, f"filled {execution.quantity:f}")
        if order is None:
            return facts + self._unrecorded(execution.order_ref, what)
        fills, now = self._state.book.filled(order.order_ref), self._clock.utc()
        return facts + self._take(order, lifecycle.from_fills(order, *fills, now))

    def _commission(self, report: CommissionReport) -> list[Fact]:
        known = self._state.book.execution(report.exec_id)
        if known is None or known.exec_id != report.exec_id:
            return []
        told = replace(
            known,
            commission=report.commission,
            commission_currency=report.currency,
            realized_pnl=report.realized_pnl,
        )
        return [ExecutionAdded(execution=told)] if self._state.book.add_execution(told) else []

    def _error(self, report: ErrorReport) -> list[Fact]:
        if report.kind in (RequestKind.QUERY, RequestKind.MARKET_DATA):
            return []
        # An id that this run did not use may be the address of an order of an earlier run.
        order = self._find(0, self._client_id, report.request_id)
        if order is None and report.kind is RequestKind.UNKNOWN:
            log.warning("about id %d, unknown here: %s [%d]", report.request_id, report.text, report.code)
            return []
        if order is None:
            return [
                self.incident(f"IBKR about order id {report.request_id}, unknown here: {report.text} [{report.code}]")
            ]
        known = self._state.accounts.get(order.account), self._state.instruments.get(order.con_id)
        report = in_short(report, order, *known)
        expected = self._state.book.goes_with_another(order)
        concluded = lifecycle.from_error(order, report, self._clock.utc(), expected=expected)
        if order.parent_ref and order.is_live and concluded.order.state in (OrderState.REJECTED, OrderState.UNKNOWN):
            self._refused.append(concluded.order)
        if report.code == ID_USED_TWICE and report.kind is RequestKind.NEW_ORDER:
            self._distrusted = self._distrusted or f"IBKR says that an order id was used twice [{report.code}]."
        # What is asked again and again of an order that IBKR does not know is answered the same way each time.
        return (self._take_once if order.state is OrderState.UNKNOWN else self._take)(order, concluded)

    def _position(self, report: PositionReport) -> bool:
        self._state.sketch(report.instrument)
        con_id = report.instrument.con_id
        known = self._state.held(report.account, con_id)
        position = Position(
            account=report.account,
            con_id=con_id,
            label=report.instrument.label,
            quantity=report.quantity,
            average_price=report.average_cost / self._state.instruments[con_id].multiplier,
            realized_pnl=known.realized_pnl if known else None,
        )
        before = known.quantity if known else Decimal(0)
        self._state.unseen_fills.told(report.account, con_id, before, report.quantity, self._clock.mono())
        return self._state.hold(position)

    def _portfolio(self, report: PortfolioReport) -> bool:
        known = self._state.held(report.account, report.con_id)
        if known is None or report.realized_pnl == known.realized_pnl:
            return False
        return self._state.hold(replace(known, realized_pnl=report.realized_pnl))

    def _account_value(self, report: AccountValueReport) -> bool:
        known = self._state.accounts.get(report.account) or Account(account=report.account)
        changed = with_value(known, report, self._clock.utc())
        if changed is None:
            return False
        self._state.accounts[report.account] = changed
        return True
