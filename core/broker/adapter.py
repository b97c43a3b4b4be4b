"""The broker as core sees it: one connection at a time to TWS, IB Gateway or the practice gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from core.broker.data_requests import Hear
from core.broker.handshake import START_TWS, Handshake, Shaking
from core.broker.orders import Orders
from core.broker.outgoing import UnsendableError
from core.broker.pacer import DEFAULT_RATE, Lane, Pacer
from core.broker.reading import NOT_SENT
from core.broker.registry import Registry
from core.broker.session import Session
from core.clock import Clock
from core.domain.charts import AccountFigure, Bar, BarKind, BarRequest, OptionChain, StreamKind
from core.domain.connection import Pulse
from core.domain.instruments import Instrument, SymbolMatch
from core.domain.orders import OrderRequest
from core.domain.reports import CompletedOrderReport, ExecutionReport, OpenOrderReport, PositionReport
from core.domain.what_ifs import WhatIf
from core.errors import NotConnectedError
from core.ports import Approved, BrokerListener, ConnectPermit, Ended, Preview, Traffic

QUERY_DEADLINE = 10.0
"""Seconds within which a query must be answered."""

_CLOSED = "There is no connection to the gateway. Nothing was sent."


class IbBroker:
    """Implements `core.ports.Broker` over the TWS API.

    The pacer and the ids outlive a connection: a second counts across a reconnect, and no id is given out twice.
    """

    def __init__(
        self,
        listener: BrokerListener,
        clock: Clock,
        *,
        messages_per_second: int = DEFAULT_RATE,
        query_deadline: float = QUERY_DEADLINE,
        absent: str = START_TWS,
    ) -> None:
        """`query_deadline` is in seconds, `absent` says what to do where nothing listens.

        The rate for paper and live must not be above 45.
        """
        self._listener = listener
        self._clock = clock
        self._query_deadline = query_deadline
        self._absent = absent
        self._pacer = Pacer(messages_per_second)
        self._registry = Registry()
        self._session: Session | None = None
        self._received = 0
        """Frames of the connections before that of `_session`."""

    async def open(self, permit: ConnectPermit, client_id: int, timeout: float) -> Handshake:
        """Connect and shake hands within `timeout` seconds; nothing else is sent.

        Raises ConnectError, after closing the socket, with what to check.
        """
        await self.close()
        shaking = Shaking(permit.endpoint, client_id, self._absent)
        session = Session(
            self._listener,
            self._clock,
            self._pacer,
            self._registry,
            shaking,
            client_id,
            self._query_deadline,
            read_only=permit.read_only,
        )
        try:
            async with asyncio.timeout(timeout):
                await session.connection.open(permit)
                session.greet()
                handshake = await shaking.done
            session.begin()
        except TimeoutError:
            raise shaking.timed_out(timeout, connected=session.was_connected) from None
        except OSError as error:
            raise shaking.unreachable(error) from error
        finally:
            if not session.is_open:
                shaking.forget()
                await session.close()
        self._received = self.traffic.received
        self._session = session
        return handshake

    async def close(self) -> None:
        """Close the socket; returns when it is gone. Does nothing when closed."""
        if self._session is not None:
            await self._session.close()

    def reserve_order_ids(self, lowest: int) -> None:
        """Order and request ids from now on are at least `lowest`."""
        self._registry.reserve(lowest)

    def take_order_id(self) -> int:
        """A fresh id for one order."""
        return self._registry.take()

    def place(
        self,
        approved: Approved[OrderRequest],
        order_id: int,
        *,
        modify: bool,
        parent_id: int = 0,
        transmit: bool = True,
    ) -> Awaitable[None]:
        """Queue the order frame at once, in call order; done when the kernel has the whole frame.

        The awaitable raises NotConnectedError if certainly no byte of it left (also when a cancel withdrew it while it
        waited for its turn, or when it can't stand in a frame), SendUnknownError if some may have.
        """
        orders = self._orders()
        if isinstance(orders, str):
            return _not_sent(orders)
        try:
            return orders.place(approved, order_id, modify=modify, parent_id=parent_id, transmit=transmit)
        except UnsendableError as error:
            return _not_sent(str(error))

    def cancel(self, order_id: int) -> Awaitable[None]:
        """Queue a cancel in the first lane; done and raising as `place`."""
        orders = self._orders()
        return _not_sent(orders) if isinstance(orders, str) else orders.cancel(order_id)

    def cancel_everything(self) -> Awaitable[None]:
        """Queue the cancel of every order of every client ahead of all else; done and raising as `place`."""
        orders = self._orders()
        return _not_sent(orders) if isinstance(orders, str) else orders.cancel_everything()

    async def what_if(self, preview: Preview) -> WhatIf:
        """What an order would do to its account; see `core.broker.what_ifs` for what it raises."""
        return await self._live().what_ifs.ask(preview)

    @property
    def order_wait(self) -> float:
        """Seconds until an order that is queued now would leave."""
        return self._pacer.wait_of(Lane.ORDER)

    def withdraw_order(self, order_id: int) -> bool:
        """Take back what waits of an order; True if it never left. Whoever waits for it gets NotConnectedError."""
        return self._pacer.withdraw(order_id, reason="it waited too long for its turn")

    def withdraw_orders(self, reason: str) -> None:
        """Take back every order frame that waits for its turn; cancels stay."""
        self._pacer.withdraw_all(reason)

    async def open_orders(self) -> Sequence[OpenOrderReport]:
        """Every open order of every client."""
        return await self._live().queries.open_orders()

    async def completed_orders(self) -> Sequence[CompletedOrderReport]:
        """Orders that ended today."""
        return await self._live().queries.completed_orders()

    async def executions(self) -> Sequence[ExecutionReport]:
        """Fills since midnight of the broker's day, with `live` False; commissions follow as reports."""
        return await self._live().queries.executions()

    async def positions(self) -> Sequence[PositionReport]:
        """All positions of all accounts; changes are reported from then on."""
        return await self._live().queries.positions()

    async def watch_account(self, account: str) -> None:
        """Subscribe to values and portfolio of `account`; done after the first full download."""
        await self._live().queries.watch_account(account)

    async def watch_values(self, account: str) -> None:
        """Subscribe to the values of an account beside that of `watch_account`; done after the first download."""
        await self._live().queries.watch_values(account)

    def watch_profit(self, account: str, con_id: int = 0) -> None:
        """Have IBKR report its own profit of an account, or of one instrument in it (not 0); once for each.

        Raises NotConnectedError, or UnsendableError for a name that can't stand in a frame.
        """
        session = self._live()
        session.profits.watch(session.client, account, con_id)

    def unwatch_profit(self, account: str, con_id: int) -> None:
        """End that; does nothing when there is none."""
        session = self._session
        if session is not None and session.is_open:
            session.profits.unwatch(session.client, account, con_id)

    async def search(self, pattern: str) -> Sequence[SymbolMatch]:
        """Symbols that match; empty if none does."""
        return await self._live().queries.search(pattern)

    async def qualify(self, con_id: int) -> Instrument:
        """The contract with its price bands. Raises BrokerError [200] for an unknown one."""
        return await self._live().queries.qualify(con_id)

    async def bars(self, instrument: Instrument, wanted: BarRequest) -> Sequence[Bar]:
        """Bars up to now, oldest first."""
        return await self._live().data.bars(instrument, wanted)

    async def follow_history(
        self, instrument: Instrument, wanted: BarRequest, hear: Hear, ended: Ended
    ) -> tuple[Sequence[Bar], Callable[[], None]]:
        """Bars up to now, of which `hear` gets the last one again as it grows, and each new one; and how to stop."""
        return await self._live().data.follow_history(instrument, wanted, hear, ended)

    async def head_time(self, instrument: Instrument, kind: BarKind) -> datetime:
        """The time of the oldest bar that there is, UTC."""
        return await self._live().data.head_time(instrument, kind)

    async def option_chains(self, underlying: Instrument) -> Sequence[OptionChain]:
        """Every chain of options on an instrument; empty if there is none."""
        return await self._live().data.option_chains(underlying)

    async def account_summary(self) -> Sequence[AccountFigure]:
        """Money and margins of every account, as they stand."""
        return await self._live().data.account_summary()

    async def follow(self, instrument: Instrument, kind: StreamKind, hear: Hear, ended: Ended) -> Callable[[], None]:
        """Have `hear` told of everything of `kind`, and `ended` if that ends; returns how to stop it.

        Done with the first of it, or after a query's deadline in a silent market. Raises BrokerError if it is refused.
        """
        return await self._live().data.follow(instrument, kind, hear, ended)

    def subscribe_quotes(self, instrument: Instrument) -> None:
        """Start ticks for an instrument; a second call for the same one does nothing.

        Raises NotConnectedError, or UnsendableError for a contract whose texts can't stand in a frame.
        """
        session = self._live()
        session.market_data.subscribe(session.client, instrument)

    def unsubscribe_quotes(self, con_id: int) -> None:
        """Stop its ticks; does nothing when there are none."""
        session = self._session
        if session is not None and session.is_open:
            session.market_data.unsubscribe(session.client, con_id)

    @property
    def lines(self) -> int:
        """Market data lines in use."""
        session = self._session
        return session.market_data.lines if session is not None and session.is_open else 0

    @property
    def bad_frames(self) -> int:
        """Frames of this connection, or after its end of the last one, that could not be decoded."""
        return self._session.decoder.bad_frames if self._session is not None else 0

    @property
    def traffic(self) -> Traffic:
        """Frames of every connection so far."""
        now = self._session.received if self._session is not None else 0
        return Traffic(self._pacer.sent, self._received + now)

    async def ping(self) -> Pulse:
        """Round trip to the gateway and its time (reqCurrentTime); asked at most once a second."""
        return await self._live().queries.ping()

    def _orders(self) -> Orders | str:
        """Who writes what is about orders, or why nobody does."""
        session = self._session
        if session is None or not session.is_open:
            return _CLOSED
        return session.orders or NOT_SENT

    def _live(self) -> Session:
        session = self._session
        if session is None or not session.is_open:
            raise NotConnectedError(_CLOSED)
        return session


def _not_sent(reason: str) -> asyncio.Future[None]:
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    failed.set_exception(NotConnectedError(reason))
    return failed
