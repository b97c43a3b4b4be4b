"""`Broker`: the same as `Desk` for scripts without an event loop. Every call waits for its answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from types import TracebackType
from typing import Self, TypeVar, Unpack

from core.domain.connection import Connection
from core.domain.executions import Execution
from core.domain.order_status import OrderStatus, order_status
from core.domain.orders import Order, OrderState
from core.errors import DeskError, NotConnectedError, UnknownOrderError
from core.records.audit_log import Summary
from core.scripting.background import CallingThread, LoopThread
from core.scripting.desk import Desk, Gateway
from core.scripting.holdings import Holding
from core.scripting.order_record import OrderRecord, record_of
from core.scripting.ordering import RiskCheck
from core.scripting.retries import RetryPolicy
from core.scripting.tickets import Changes, Extras, Instructions, Number, Ticket, ticket

RecordCallback = Callable[[OrderRecord], None]
ErrorCallback = Callable[[OrderRecord, str], None]
_Result = OrderRecord | DeskError
_T = TypeVar("_T")


class Broker:
    """A script's hold on core, as `Desk`, with plain calls. Names of the document "Order Execution Module".

    Orders are named by `order_id` or `order_ref`. Callbacks run in a thread of their own, one after another, and may
    call the broker; register them before ordering. `with` connects and disconnects.
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
        """As of `Desk`; nothing is done yet."""
        self._name = name
        self._desk = Desk(profile, name=name, timeout=timeout, risk_check=risk_check, retries=retries, **gateway)
        self._desk.add_order_handler(_Ears(self._on_order))
        self._loop: LoopThread | None = None
        self._caller: CallingThread | None = None
        self._fill_callbacks: list[RecordCallback] = []
        self._status_callbacks: list[RecordCallback] = []
        self._error_callbacks: list[ErrorCallback] = []
        self._told: dict[str, Order] = {}

    def __enter__(self) -> Self:
        """Connect."""
        try:
            self.connect()
        except BaseException:
            self.disconnect()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect; working orders stay."""
        self.disconnect()

    def connect(self, timeout: float | None = None) -> Connection:
        """As `Desk.connect`."""
        if self._loop is None:
            self._loop = LoopThread(f"{self._name}: events")
            self._caller = CallingThread(f"{self._name}: callbacks")
        return self._run(self._desk.connect(timeout))

    def disconnect(self) -> None:
        """As `Desk.disconnect`, once the callbacks that wait are made."""
        loop, self._loop = self._loop, None
        caller, self._caller = self._caller, None
        if loop is not None:
            loop.run(self._desk.disconnect())
            loop.end()
        if caller is not None:
            caller.end()

    def is_connected(self) -> bool:
        """True while orders can be sent."""
        return self._loop is not None and self._desk.is_connected()

    def get_connection_status(self) -> Connection:
        """The way to the broker as it stands."""
        return self._now(lambda: self._desk.connection)

    def execute_market_order(
        self, symbol: str, quantity: Number, side: str, **more: Unpack[Instructions]
    ) -> OrderRecord:
        """Place a market order, as `execute` does."""
        return self.execute(ticket(symbol, side, quantity, "MARKET", **more))

    def execute_limit_order(
        self, symbol: str, quantity: Number, limit_price: Number, side: str, **more: Unpack[Extras]
    ) -> OrderRecord:
        """Place a limit order, as `execute` does."""
        return self.execute(ticket(symbol, side, quantity, "LIMIT", limit_price=limit_price, **more))

    def execute(self, order: Ticket, *, attached: Sequence[Ticket] = ()) -> OrderRecord:
        """Place an order; returns once its intent is on the disk. Raises as `Desk.place` does."""

        async def place() -> OrderRecord:
            return self._record(await self._desk.place(order, attached=attached))

        return self._run(place())

    def execute_batch(self, orders: Sequence[Ticket]) -> list[tuple[Ticket, OrderRecord | DeskError]]:
        """Place orders one after another: each with its record, or with the error that says why there is none."""

        async def place() -> list[tuple[Ticket, _Result]]:
            found: list[tuple[Ticket, _Result]] = []
            for outcome in await self._desk.place_all(orders):
                if outcome.order is not None:
                    found.append((outcome.ticket, self._record(outcome.order)))
                elif outcome.error is not None:
                    found.append((outcome.ticket, outcome.error))
            return found

        return self._run(place())

    def retry_remaining(self, order_id: int | str) -> OrderRecord:
        """As `Desk.place_remainder`: what an order that has ended did not fill, as a new order."""

        async def place() -> OrderRecord:
            return self._record(await self._desk.place_remainder(self._find(order_id).order_ref))

        return self._run(place())

    def modify_order(self, order_id: int | str, **changes: Unpack[Changes]) -> OrderRecord:
        """As `Desk.modify`."""

        async def modify() -> OrderRecord:
            return self._record(await self._desk.modify(self._find(order_id).order_ref, **changes))

        return self._run(modify())

    def cancel_order(self, order_id: int | str, timeout: float = 10.0) -> bool:
        """As `Desk.cancel`: True if it is cancelled, False if a fill or its end won."""

        async def cancel() -> bool:
            return await self._desk.cancel(self._find(order_id).order_ref, timeout)

        return self._run(cancel())

    def wait(self, order_id: int | str, *states: OrderState, timeout: float = 30.0) -> OrderRecord:
        """As `Desk.wait`: the order once it is in one of `states`; without any, once it has ended."""

        async def wait() -> OrderRecord:
            order_ref = self._find(order_id).order_ref
            return self._record(await self._desk.wait(order_ref, *states, timeout=timeout))

        return self._run(wait())

    def get_order_status(self, order_id: int | str) -> OrderRecord:
        """An order as it stands. Raises UnknownOrderError."""
        return self._now(lambda: self._record(self._find(order_id)))

    def get_all_orders(self) -> list[OrderRecord]:
        """The day's orders of the profile, and what still works of earlier ones."""
        return self._now(lambda: [self._record(one) for one in self._desk.orders()])

    def get_active_orders(self) -> list[OrderRecord]:
        """Those of them that may still fill, of unknown outcome included."""
        return self._now(lambda: [self._record(one) for one in self._desk.open_orders()])

    def get_order_history(self, order_id: int | str) -> list[str]:
        """What became of an order, oldest first: the lines of the audit log about it, as JSON."""

        async def history() -> list[str]:
            return await self._desk.history(self._find(order_id).order_ref)

        return self._run(history())

    def get_todays_order_summary(self) -> dict[str, int]:
        """Counts of the trading day by name: `total_orders`, `filled_orders`, `partial_fills`, ... as of `Summary`."""
        return _counts(self._run(self._desk.summary()))

    def get_positions(self) -> list[Holding] | None:
        """As `Desk.positions`: None while IBKR has not said it."""
        return self._now(self._desk.positions)

    def register_order_fill_callback(self, callback: RecordCallback) -> None:
        """Call with the record of an order of this script each time more of it has filled."""
        self._fill_callbacks.append(callback)

    def register_order_status_callback(self, callback: RecordCallback) -> None:
        """Call with the record of an order of this script each time its status has changed."""
        self._status_callbacks.append(callback)

    def register_order_error_callback(self, callback: ErrorCallback) -> None:
        """Call with the record and the reason when an order of this script is refused, or its outcome not known.

        What core refuses before it records anything is raised where the order is placed.
        """
        self._error_callbacks.append(callback)

    def _run(self, work: Coroutine[None, None, _T]) -> _T:
        if self._loop is None:
            work.close()
            raise NotConnectedError("This script is not connected. Nothing was sent. Call connect first.")
        return self._loop.run(work)

    def _now(self, look: Callable[[], _T]) -> _T:
        """Look at the books where they are kept."""

        async def looked() -> _T:
            return look()

        return self._run(looked())

    def _find(self, order_id: int | str) -> Order:
        if isinstance(order_id, str):
            return self._desk.order(order_id)
        found = next((one for one in self._desk.orders() if one.order_id == order_id), None)
        if found is None:
            raise UnknownOrderError(f"Core knows no order {order_id}, or it ended on an earlier day.")
        return found

    def _record(self, order: Order) -> OrderRecord:
        return record_of(order, self._desk.fills(order.order_ref), self._desk.retried(order.order_ref))

    def _on_order(self, order: Order) -> None:
        """On the loop: hand over what callbacks are to hear."""
        before, self._told[order.order_ref] = self._told.get(order.order_ref), order
        caller, record = self._caller, self._record(order)
        if caller is None:
            return
        status = None if before is None else order_status(before)
        if order.filled > (0 if before is None else before.filled):
            for callback in tuple(self._fill_callbacks):
                caller.call(partial(callback, record))
        if record.status is not status:
            for callback in tuple(self._status_callbacks):
                caller.call(partial(callback, record))
        if record.status is not status and record.status in (OrderStatus.ERROR, OrderStatus.UNKNOWN):
            for failed in tuple(self._error_callbacks):
                caller.call(partial(failed, record, record.error_message))


def _counts(summary: Summary) -> dict[str, int]:
    found = {name: getattr(summary, name) for name in Summary.__struct_fields__}
    return {name: count for name, count in found.items() if isinstance(count, int)}


class _Ears:
    """Hears of orders for a `Broker`."""

    def __init__(self, changed: Callable[[Order], None]) -> None:
        self._changed = changed

    def on_order_status(self, order: Order) -> None:
        """It changed."""
        self._changed(order)

    def on_fill(self, fill: Execution) -> None:
        """The order's own change follows, and has the sum."""

    def on_order_rejected(self, order: Order, reason: str) -> None:
        """Its change was told."""
