"""`Desk`: orders, positions and events for scripts, on the script's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict, Unpack

from core.clock import trading_day
from core.domain.account import Account
from core.domain.charts import BarHistory, BarKind, BarRequest, BarSize
from core.domain.commands import AskBars
from core.domain.connection import Connection
from core.domain.executions import Execution
from core.domain.instruments import Instrument
from core.domain.money import Money
from core.domain.orders import Order, OrderState
from core.domain.quotes import Quote
from core.errors import NotConnectedError, OrderValueError, UnknownOrderError
from core.records.audit_lines import encode_line
from core.records.audit_log import AuditReader, Summary, day_summary
from core.scripting.handlers import ConnectionEventHandler, Handlers, OrderEventHandler
from core.scripting.holdings import Holding, holding_of
from core.scripting.ordering import Ordering, Outcome, RiskCheck
from core.scripting.polling import Polling
from core.scripting.refusals import error_of
from core.scripting.reports import OrderReport, report_of
from core.scripting.retries import NoRetries, RetryPolicy
from core.scripting.session import Session
from core.scripting.tickets import Changes, Ticket


class Gateway(TypedDict, total=False):
    """Settings of the way to TWS or IB Gateway, for a core that is started now; what is left out is the profile's."""

    host: str
    port: int
    client_id: int
    account: str
    readonly: bool


class Desk:
    """A script's hold on core: the one that runs for the profile, or one that is started with the script.

    Core owns the orders: they, their time limits and every control go on without this script. `async with` connects
    and disconnects. Orders are known by their `order_ref`; IBKR's number, `Order.perm_id`, is None until IBKR says it.
    """

    def __init__(
        self,
        profile: str = "",
        *,
        name: str = "script",
        timeout: float = 20.0,
        risk_check: RiskCheck | None = None,
        retries: RetryPolicy | None = None,
        **gateway: Unpack[Gateway],
    ) -> None:
        """Nothing is done yet.

        Args:
            profile: Whose core; empty for the one that environment and `gateway` choose, else practice.
            name: What the program calls itself, for people and for grants of live trading.
            timeout: Seconds for connecting, a start of core included.
            risk_check: A check of your own, as of `add_risk_check`.
            retries: When an order is tried again that was refused before anything of it was recorded; None never does.
            gateway: As of `Gateway`.
        """
        arguments = {key: _text(value) for key, value in gateway.items()}
        self._own: dict[str, None] = {}
        self._handlers = Handlers(self._own.__contains__)
        self._session = Session(profile, name, arguments, self._handlers)
        self._ordering = Ordering(self._session, self._own, retries or NoRetries())
        self._timeout = timeout
        self._polling = Polling(self._session)
        if risk_check is not None:
            self.add_risk_check(risk_check)

    async def __aenter__(self) -> Self:
        """Connect."""
        try:
            await self.connect()
        except BaseException:
            await self.disconnect()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect; working orders stay."""
        await self.disconnect()

    async def connect(self, timeout: float | None = None) -> Connection:
        """Attach to core, or start it, and wait until orders can be sent; `timeout` in seconds, None for the usual.

        Raises NotConnectedError, a ConnectionError, with what is wrong and what to check; ConfigError for settings
        that can't be used. May be called again at any time: it returns at once where nothing is missing.
        """
        connection = await self._session.connect(self._timeout if timeout is None else timeout)
        self._polling.begin()
        return connection

    async def ensure_connected(self, timeout: float | None = None) -> Connection:
        """As `connect`: for the middle of a script."""
        return await self.connect(timeout)

    async def disconnect(self) -> None:
        """Detach. Working orders stay; a core that only this script used ends once nothing works any more."""
        await self._session.disconnect()

    def is_connected(self) -> bool:
        """True while orders can be sent."""
        return self._session.books.can_trade

    @property
    def name(self) -> str:
        """The name under which core knows this script: a person grants live trading to it. Raises NotConnectedError."""
        return self._session.client.name

    @property
    def connection(self) -> Connection:
        """The way to the broker as it stands. Raises NotConnectedError before the first `connect`."""
        connection = self._session.books.connection
        if connection is None:
            raise NotConnectedError("This script has not connected yet. Call connect first.")
        return connection

    def add_order_handler(self, handler: OrderEventHandler, *, everyone: bool = False) -> None:
        """Tell `handler` of the orders of this script, or of `everyone`. Register before ordering."""
        self._handlers.add_order_handler(handler, everyone=everyone)

    def add_connection_handler(self, handler: ConnectionEventHandler) -> None:
        """Tell `handler` when orders can be sent, and when they can't any more."""
        self._handlers.add_connection_handler(handler)

    def remove_handler(self, handler: OrderEventHandler | ConnectionEventHandler) -> None:
        """Tell it no more."""
        self._handlers.remove(handler)

    def add_risk_check(self, check: RiskCheck) -> None:
        """Ask `check` before each order and each change of one: only True lets it go on to core's own controls.

        Anything else, an exception too, refuses it with RiskCheckError before anything is sent.
        """
        self._ordering.checks.append(check)

    async def instrument(self, symbol: str) -> Instrument:
        """The contract of a ticker, a label (`/ESZ6`, `EUR.USD`) or a contract number, put on the watchlist.

        Returns once it is quoted on both sides, or after some seconds without that.
        Raises OrderValueError if there is none or several could be meant.
        """
        return await self._ordering.instrument(symbol)

    def quote(self, con_id: int) -> Quote | None:
        """The last known market of an instrument; None before the first tick."""
        return self._session.books.quotes.get(con_id)

    async def bars(
        self,
        symbol: str,
        size: BarSize | str = BarSize.MINUTE,
        duration: str = "1 D",
        *,
        kind: BarKind = BarKind.TRADES,
        regular: bool = False,
    ) -> BarHistory:
        """Bars of a ticker up to now; those that core has, marked `stale` with the reason, where IBKR gives none.

        Args:
            symbol: As of `instrument`.
            size: As reqHistoricalData spells it: `5 secs`, `1 min`, `1 hour`, `1 day` ...
            duration: How far back: a number and S, D, W, M or Y.
            kind: What they are made of.
            regular: True leaves out what lies outside regular trading hours.

        Raises OrderValueError (a ValueError) for a symbol or a size that can't be; NotConnectedError, or the refusal of
        core, where there are none.
        """
        if size not in set(BarSize):
            known = ", ".join(one.value for one in BarSize)
            raise OrderValueError(f"{size!r} is no length of a bar. There are {known}.")
        instrument = await self.instrument(symbol)
        request = BarRequest(
            con_id=instrument.con_id, size=BarSize(size), duration=duration, kind=kind, regular=regular
        )
        ack = await self._session.send(AskBars(request=request))
        if not isinstance(ack.result, BarHistory):
            raise (
                error_of(ack.denied) if ack.denied else NotConnectedError(f"Core gave no bars of {symbol}. Try again.")
            )
        return ack.result

    async def place(
        self, order: Ticket, *, attached: Sequence[Ticket] = (), retries: RetryPolicy | None = None
    ) -> Order:
        """Place an order, with target and stop `attached` to it if given; returns once its intent is on the disk.

        IBKR has not answered by then: `wait`, handlers or `poll_reports` tell what follows; `submit` waits for it.

        Raises OrderValueError (a ValueError) for what makes no order, NotConnectedError (a ConnectionError),
        RiskCheckError with the control that refused it, LiveGuardError: nothing was sent. Raises OrderUnknownError (a
        TimeoutError) where core was lost and it is not known what became of it: it must not be placed again.
        """
        return await self._ordering.place(order, attached, retries)

    async def submit(
        self,
        order: Ticket,
        *,
        attached: Sequence[Ticket] = (),
        timeout: float = 10.0,
        retries: RetryPolicy | None = None,
    ) -> Order:
        """As `place`, and wait at most `timeout` seconds for IBKR's answer.

        Raises OrderRejectedError besides if IBKR refused it, OrderUnknownError (a TimeoutError) without an answer: it
        may be working and must not be placed again.
        """
        placed = await self.place(order, attached=attached, retries=retries)
        return await self._ordering.answered(placed.order_ref, timeout)

    async def place_all(self, orders: Sequence[Ticket], *, retries: RetryPolicy | None = None) -> list[Outcome]:
        """Place orders one after another, whatever becomes of each; one outcome for each, in their order."""
        return [await self._ordering.outcome(one, retries) for one in orders]

    async def place_remainder(self, order_ref: str) -> Order:
        """Place what an order that has ended did not fill, once more with the same terms, as a new order.

        Raises OrderValueError if nothing is left or some of it may still fill, OrderUnknownError if its outcome is not
        known; else as `place` does.
        """
        return await self._ordering.place_remainder(self.order(order_ref))

    async def modify(self, order_ref: str, **changes: Unpack[Changes]) -> Order:
        """Change terms of a live order; returns once that is on the disk. Raises as `place` does."""
        return await self._ordering.modify(self.order(order_ref), changes)

    async def cancel(self, order_ref: str, timeout: float = 10.0) -> bool:
        """Cancel an order and wait for what became of it: True if it is cancelled, False if a fill or its end won.

        Raises UnknownOrderError for a reference that core does not know, WaitTimeoutError (a TimeoutError) if nothing
        is settled after `timeout` seconds: it may still fill.
        """
        return await self._ordering.cancel(self.order(order_ref), timeout)

    async def wait(self, order_ref: str, *states: OrderState, timeout: float = 30.0) -> Order:
        """The order once it is in one of `states`; without any, once it has ended.

        Raises OrderRejectedError or OrderEndedError if it ended otherwise, WaitTimeoutError (a TimeoutError) after
        `timeout` seconds.
        """
        return await self._ordering.wait(order_ref, frozenset(states), timeout)

    def order(self, order_ref: str) -> Order:
        """An order as it stands. Raises UnknownOrderError."""
        order = self._session.books.orders.get(order_ref)
        if order is None:
            raise UnknownOrderError(f"Core knows no order {order_ref}, or it ended on an earlier day.")
        return order

    def orders(self, *, everyone: bool = False) -> list[Order]:
        """The day's orders of this profile and what still works of earlier ones; `everyone`'s too, of TWS and phone."""
        return [one for one in self._session.books.orders.values() if everyone or not one.external]

    def open_orders(self, *, everyone: bool = False) -> list[Order]:
        """Those of them that may still fill, of unknown outcome included."""
        return [one for one in self.orders(everyone=everyone) if one.is_live]

    def fills(self, order_ref: str) -> list[Execution]:
        """What has filled of an order: the executions that stand."""
        return self._session.books.fills(order_ref)

    def retried(self, order_ref: str) -> int:
        """How often an order was tried again before core took it; 0 for most."""
        return self._ordering.retried.get(order_ref, 0)

    def positions(self) -> list[Holding] | None:
        """What is held, valued. None while IBKR has not said it: unknown, not flat."""
        books = self._session.books
        if books.positions is None:
            return None
        return [
            holding_of(one, books.instruments.get(one.con_id), books.quotes.get(one.con_id)) for one in books.positions
        ]

    def accounts(self) -> list[Account]:
        """Money and margin of each account."""
        return list(self._session.books.accounts.values())

    def profits(self) -> list[Money]:
        """Profit of each account in its base currency, by core's own sums."""
        return list(self._session.books.money.values())

    async def poll_reports(self, after: int | None = None, *, everyone: bool = False) -> list[OrderReport]:
        """Every change of this script's orders since the last poll, oldest first; none is lost.

        `after` goes back to an event number instead (`OrderReport.number`; 0 for the journal's begin), as a script does
        that was restarted: then it is every order of the profile. `everyone` is that without going back. Raises
        JournalError if what lies so far back can't be read.
        """
        books, found = self._session.books, await self._polling.changes(after)
        whole = everyone or after is not None
        return [
            report_of(books.instance, change, books.fills(change.order.order_ref))
            for change in found
            if change.order.order_ref in self._own or (whole and not change.order.external)
        ]

    async def history(self, order_ref: str) -> list[str]:
        """What became of an order, oldest first: the lines of the audit log about it, as JSON.

        Raises UnknownOrderError, JournalError.
        """
        session, order = self._session, self.order(order_ref)
        await session.settled()
        return await asyncio.to_thread(_history, session.journal, order)

    async def summary(self) -> Summary:
        """The trading day's orders so far, by what became of them, and their fills. Raises JournalError."""
        session = self._session
        await session.settled()
        return await asyncio.to_thread(day_summary, session.journal, trading_day(datetime.now(UTC)))

    def health(self) -> dict[str, object]:
        """How this script and core stand: plain values, for logs and monitors."""
        books = self._session.books
        connection = books.connection
        return {
            "connected": books.can_trade,
            "session": books.session,
            "tracked_orders": len(self._own),
            "open_orders": len(self.open_orders()),
            "host": connection.endpoint.host if connection else None,
            "port": connection.endpoint.port if connection else None,
            "client_id": connection.client_id if connection else None,
            "state": str(connection.state) if connection else "CLOSED",
            "problem": connection.problem if connection else "",
            "round_trip_ms": books.health.round_trip_ms,
            "journal_head": books.health.journal_head,
        }

    async def until(self, found: Callable[[], bool], timeout: float) -> bool:
        """Wait until `found` says so, asked anew after each event; False after `timeout` seconds."""
        return await self._session.books.until(lambda: found() or None, timeout) is not None


def _history(journal: Path, order: Order) -> list[str]:
    lines = AuditReader(journal, trading_day(order.created)).read()
    return [encode_line(line).decode() for line in lines if line.order_ref == order.order_ref]


def _text(value: object) -> str:
    """A setting as core's start takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
