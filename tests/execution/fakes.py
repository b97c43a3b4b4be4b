"""Scripted fakes of core's two ports: a broker that does what a test says, a journal that keeps or fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from core.domain.charts import AccountFigure, Bar, BarKind, BarRequest, OptionChain, Streamed, StreamKind
from core.domain.connection import Pulse
from core.domain.entries import Entry
from core.domain.instruments import Instrument, SymbolMatch
from core.domain.orders import OrderRequest
from core.domain.reports import (
    AccountValueReport,
    CompletedOrderReport,
    ExecutionReport,
    OpenOrderReport,
    PositionReport,
    Report,
)
from core.domain.trading import KillScope
from core.domain.what_ifs import WhatIf
from core.errors import BrokerError, DeskError, JournalError, NotConnectedError, RequestTimeoutError
from core.ports import Approved, BrokerListener, ConnectPermit, Ended, Preview, Traffic
from tests.execution.reports import AAPL, ACCOUNT, INSTANCE, TSLA

R = TypeVar("R", bound=Report)
Trace = list[str]
"""What happened at both ports, in order."""


class FakeMark:
    """Remembers what the kill switch left."""

    def __init__(self, scope: KillScope | None = None) -> None:
        self.scope = scope

    def set(self, scope: KillScope) -> None:
        self.scope = scope

    def clear(self) -> None:
        self.scope = None


class FakeJournal:
    """Keeps every row. `held` makes commits wait for `release`; `fail` ends all writing."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.rows: list[Entry] = []
        self.head = 0
        self.durable = 0
        self.failure = ""
        self.busy = ""
        self.late: JournalError | None = None
        """What commits raise although they were made."""
        self.held = False
        self.last_sync_ms: Decimal | None = None
        self._waiting: list[asyncio.Future[int]] = []

    @property
    def instance(self) -> str:
        return INSTANCE

    def append(self, entries: Sequence[Entry]) -> int:
        self.head += len(entries)
        if not self.failure:
            self.rows.extend(entries)
        return self.head

    def commit(self, entries: Sequence[Entry]) -> Awaitable[int]:
        self.append(entries)
        self.trace.extend(f"commit {type(entry).__name__}" for entry in entries)
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if self.failure:
            done.set_exception(JournalError(self.failure))
        elif self.late is not None:
            done.set_exception(self.late)
        elif self.held:
            self._waiting.append(done)
        else:
            self.trace.append("durable")
            self.durable = self.head
            done.set_result(self.head)
        return done

    def release(self) -> None:
        """Every commit that waits is durable now, and later ones are at once."""
        self.held = False
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            self.trace.append("durable")
            if not done.done():
                done.set_result(self.head)

    def fail(self, text: str) -> None:
        """Nothing is written any more."""
        self.failure = text
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            done.set_exception(JournalError(text))

    async def read(self, after: int, count: int) -> Sequence[tuple[int, Entry]]:
        return list(enumerate(self.rows, 1))[after : after + count]

    async def close(self) -> None:
        self.trace.append("journal closed")


@dataclass(frozen=True)
class Shaken:
    """An answer to `open`."""

    accounts: tuple[str, ...]
    server_version: int = 178
    next_order_id: int = 1


@dataclass(frozen=True)
class Placed:
    """One call of `place`."""

    order_id: int
    request: OrderRequest
    modify: bool
    parent_id: int = 0
    transmit: bool = True


class FakeBroker:
    """One broker. Books are lists that a test fills; frames go as `sending` says; nothing is ever said by itself."""

    def __init__(self, listener: BrokerListener, trace: Trace) -> None:
        self.listener = listener
        self.trace = trace
        self.accounts: tuple[str, ...] = (ACCOUNT,)
        self.instruments: dict[int, Instrument] = {AAPL.con_id: AAPL, TSLA.con_id: TSLA}
        self.open_error: Exception | None = None
        self.ping_error: Exception | None = None
        self.first_words: list[Report] = []
        """What comes right behind the handshake."""
        self.opened: list[ConnectPermit] = []
        self.is_open = False
        self.placed: list[Placed] = []
        self.asked_about: list[OrderRequest] = []
        """What-ifs, in order."""
        self.impact: WhatIf | DeskError = RequestTimeoutError("no answer")
        """What becomes of them."""
        self.weighing = asyncio.Event()
        """Cleared, what-ifs are answered only when it is set."""
        self.weighing.set()
        self.cancelled: list[int] = []
        self.sending: BaseException | str = "sent"
        """What becomes of the next frames: `sent`, `waits`, or an exception that their awaitable raises."""
        self.sendings: list[BaseException | str] = []
        """The same for the next frames one by one; `sending` holds once it is empty."""
        self.refuses: Exception | None = None
        """What `place` itself raises."""
        self.waiting: list[asyncio.Future[None]] = []
        self.order_wait = 0.0
        """Seconds until an order that is queued now would leave."""
        self.withdraws = False
        """What `withdraw_order` answers: whether the placement was still waiting."""
        self.book_open: list[OpenOrderReport] = []
        self.book_completed: list[CompletedOrderReport] = []
        self.book_executions: list[ExecutionReport] = []
        self.book_positions: list[PositionReport] = []
        self.book_bars: list[Bar] = []
        self.book_summary: list[AccountFigure] | DeskError = []
        self.summaries = 0
        self.book_error: DeskError | None = None
        self.readings = 0
        self.answering = asyncio.Event()
        """Cleared, all books but that of open orders are answered only when it is set."""
        self.answering.set()
        self.answers_pings = asyncio.Event()
        """Cleared, heartbeats are answered only when it is set."""
        self.answers_pings.set()
        self.subscribed: dict[int, int] = {}
        """How often each contract was subscribed to since it was last dropped."""
        self.dropped: list[int] = []
        self.watched: list[str] = []
        self.figures = {"NetLiquidation": "10000000", "InitMarginReq": "0"}
        """What is said of an account once it is watched."""
        self.valued: list[str] = []
        self.profits: list[tuple[str, int]] = []
        self.lowest_order_id = 1

    async def open(self, permit: ConnectPermit, client_id: int, timeout: float) -> Shaken:
        self.opened.append(permit)
        if self.open_error is not None:
            raise self.open_error
        self.is_open = True
        self.listener.on_reports(self.first_words)
        return Shaken(self.accounts)

    async def close(self) -> None:
        if self.is_open:
            self.is_open = False
            self.trace.append("closed")

    def lose(self, reason: str = "the socket broke") -> None:
        """The socket goes."""
        self.is_open = False
        for future in self.waiting:
            if not future.done():
                future.set_exception(NotConnectedError(f"{reason} Nothing was sent."))
        self.subscribed.clear()
        self.listener.on_disconnected(reason)

    def reserve_order_ids(self, lowest: int) -> None:
        self.lowest_order_id = max(self.lowest_order_id, lowest)

    def take_order_id(self) -> int:
        self.lowest_order_id += 1
        return self.lowest_order_id - 1

    def place(
        self,
        approved: Approved[OrderRequest],
        order_id: int,
        *,
        modify: bool,
        parent_id: int = 0,
        transmit: bool = True,
    ) -> Awaitable[None]:
        if self.refuses is not None:
            raise self.refuses
        self.trace.append(f"{'modify' if modify else 'place'} {order_id}")
        self.placed.append(Placed(order_id, approved.value, modify, parent_id, transmit))
        return self._frame()

    async def what_if(self, preview: Preview) -> WhatIf:
        self.asked_about.append(preview.value)
        await self.weighing.wait()
        if isinstance(self.impact, DeskError):
            raise self.impact
        return self.impact

    def cancel_everything(self) -> Awaitable[None]:
        self.trace.append("cancel everything")
        return self._frame()

    def withdraw_order(self, order_id: int) -> bool:
        self.trace.append(f"withdraw {order_id}")
        return self.withdraws

    def withdraw_orders(self, reason: str) -> None:
        self.trace.append("withdraw orders")

    def cancel(self, order_id: int) -> Awaitable[None]:
        self.trace.append(f"cancel {order_id}")
        self.cancelled.append(order_id)
        return self._frame()

    def _frame(self) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sending = self.sendings.pop(0) if self.sendings else self.sending
        if isinstance(sending, BaseException):
            future.set_exception(sending)
        elif sending == "sent":
            future.set_result(None)
        else:
            self.waiting.append(future)
        return future

    async def open_orders(self) -> Sequence[OpenOrderReport]:
        self.readings += 1
        self._check()
        return self._answer(self.book_open)

    async def completed_orders(self) -> Sequence[CompletedOrderReport]:
        await self.answering.wait()
        self._check()
        return self._answer(self.book_completed)

    async def executions(self) -> Sequence[ExecutionReport]:
        await self.answering.wait()
        self._check()
        return self._answer(self.book_executions)

    async def positions(self) -> Sequence[PositionReport]:
        await self.answering.wait()
        self._check()
        return self._answer(self.book_positions)

    def _answer(self, book: Sequence[R]) -> list[R]:
        answer = list(book)
        self.listener.on_reports(answer)
        return answer

    def _check(self) -> None:
        if not self.is_open:
            raise NotConnectedError("There is no connection to the gateway. Nothing was sent.")
        if self.book_error is not None:
            raise self.book_error

    async def watch_account(self, account: str) -> None:
        self.watched.append(account)
        self.listener.on_reports(
            [
                AccountValueReport(account=account, tag=tag, value=value, currency="USD")
                for tag, value in self.figures.items()
            ]
        )

    async def watch_values(self, account: str) -> None:
        self.valued.append(account)

    def watch_profit(self, account: str, con_id: int = 0) -> None:
        self._check()
        self.profits.append((account, con_id))

    def unwatch_profit(self, account: str, con_id: int) -> None:
        self.profits.remove((account, con_id))

    async def search(self, pattern: str) -> Sequence[SymbolMatch]:
        return [
            SymbolMatch(
                con_id=one.con_id,
                symbol=one.symbol,
                sec_type=one.sec_type,
                primary_exchange="NASDAQ",
                currency=one.currency,
                name="",
            )
            for one in self.instruments.values()
            if pattern in one.symbol
        ]

    async def qualify(self, con_id: int) -> Instrument:
        if con_id not in self.instruments:
            raise BrokerError(200, f"The broker knows no contract {con_id}.")
        return self.instruments[con_id]

    async def bars(self, instrument: Instrument, wanted: BarRequest) -> Sequence[Bar]:
        self._check()
        return list(self.book_bars)

    async def follow_history(
        self, instrument: Instrument, wanted: BarRequest, hear: Callable[[Streamed], None], ended: Ended
    ) -> tuple[Sequence[Bar], Callable[[], None]]:
        raise BrokerError(0, "Not played here.")

    async def head_time(self, instrument: Instrument, kind: BarKind) -> datetime:
        raise BrokerError(0, "Not played here.")

    async def option_chains(self, underlying: Instrument) -> Sequence[OptionChain]:
        raise BrokerError(0, "Not played here.")

    async def account_summary(self) -> Sequence[AccountFigure]:
        self.summaries += 1
        if isinstance(self.book_summary, DeskError):
            raise self.book_summary
        return self.book_summary

    async def follow(
        self, instrument: Instrument, kind: StreamKind, hear: Callable[[Streamed], None], ended: Ended
    ) -> Callable[[], None]:
        raise BrokerError(0, "Not played here.")

    def subscribe_quotes(self, instrument: Instrument) -> None:
        self._check()
        self.subscribed[instrument.con_id] = self.subscribed.get(instrument.con_id, 0) + 1

    def unsubscribe_quotes(self, con_id: int) -> None:
        self.subscribed.pop(con_id, None)
        self.dropped.append(con_id)

    @property
    def lines(self) -> int:
        return len(self.subscribed)

    @property
    def bad_frames(self) -> int:
        return 0

    @property
    def traffic(self) -> Traffic:
        return Traffic(len(self.placed), len(self.subscribed))

    async def ping(self) -> Pulse:
        await self.answers_pings.wait()
        if self.ping_error is not None:
            raise self.ping_error
        return Pulse(Decimal("1.5"), Decimal("0.1"))
