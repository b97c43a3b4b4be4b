"""The seams of core: what the execution service needs of a broker and a journal, what the link needs of the service.

`Approved`, `Preview` and `ConnectPermit` are tokens: each is built in one module of core.risk, which a test proves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Generic, NamedTuple, Protocol, TypeVar

from msgspec import Struct

from core.clock import Clock
from core.domain.alerts import Alert
from core.domain.charts import AccountFigure, Bar, BarKind, BarRequest, OptionChain, Streamed, StreamKind
from core.domain.commands import Ack, CancelEntries, Command, Kill
from core.domain.connection import Endpoint, Mode, Pulse
from core.domain.entries import Entry
from core.domain.events import Envelope, Snapshot, StreamEvent
from core.domain.instruments import Instrument, SymbolMatch
from core.domain.orders import OrderRequest
from core.domain.reports import (
    CompletedOrderReport,
    ExecutionReport,
    OpenOrderReport,
    PositionReport,
    Report,
    Tick,
)
from core.domain.trading import KillScope
from core.domain.what_ifs import WhatIf
from core.errors import DeskError

T_co = TypeVar("T_co", covariant=True)


class Approved(Generic[T_co]):
    """A value that passed every control. Built in `risk.controls` alone; the sender takes nothing else."""

    __slots__ = ("instrument", "value")

    def __init__(self, value: T_co, instrument: Instrument) -> None:
        """`instrument` is the contract against which the controls judged `value`."""
        self.value = value
        self.instrument = instrument


class Preview:
    """A request that may leave as a what-if and as nothing else. Built in `risk.controls` alone, of an approved one."""

    __slots__ = ("instrument", "value")

    def __init__(self, value: OrderRequest, instrument: Instrument) -> None:
        """`instrument` is the contract against which the controls judged `value`."""
        self.value = value
        self.instrument = instrument


class ConnectPermit:
    """Leave to open one connection. Built in `risk.live_guard` alone; `connection.open` takes nothing else."""

    __slots__ = ("endpoint", "mode", "pinned_account", "read_only")

    def __init__(self, endpoint: Endpoint, mode: Mode, pinned_account: str, *, read_only: bool) -> None:
        """`pinned_account` is empty when the profile pins none; `read_only` lets nothing out that is about orders."""
        self.endpoint = endpoint
        self.mode = mode
        self.pinned_account = pinned_account
        self.read_only = read_only


class Handshake(Protocol):
    """What the broker said while connecting."""

    @property
    def server_version(self) -> int:
        """The negotiated version of the TWS API."""

    @property
    def accounts(self) -> tuple[str, ...]:
        """Managed accounts, as sent; never empty."""

    @property
    def next_order_id(self) -> int:
        """The lowest order id that the broker will take from this client."""


class BrokerListener(Protocol):
    """Where the broker's callbacks go. Its methods never raise."""

    def on_reports(self, reports: Sequence[Report]) -> None:
        """One socket read's worth of reports, in the order of the wire."""

    def on_ticks(self, ticks: Sequence[Tick]) -> None:
        """One socket read's worth of ticks, in the order of the wire."""

    def on_disconnected(self, reason: str) -> None:
        """The socket is gone. `reason` is cleaned, and empty after our own `close`."""


Ended = Callable[[DeskError], None]
"""Told once, with the reason, when a stream ends that nobody stopped."""


class Traffic(NamedTuple):
    """Frames, of any kind."""

    sent: int
    """To the gateway."""
    received: int
    """From it."""


class Broker(Protocol):
    """The adapter. Queries raise RequestTimeoutError, NotConnectedError or BrokerError.

    What a query of the four books (open and completed orders, executions, positions) answers is also reported to the
    listener, in the order of the wire: the answer says what was in the book, the reports change the state.
    """

    async def open(self, permit: ConnectPermit, client_id: int, timeout: float) -> Handshake:
        """Connect and shake hands within `timeout` seconds; nothing else is sent. Raises ConnectError."""

    async def close(self) -> None:
        """Close the socket; returns when it is gone. Does nothing when closed."""

    def reserve_order_ids(self, lowest: int) -> None:
        """Order and request ids from now on are at least `lowest`."""

    def take_order_id(self) -> int:
        """A fresh id for one order."""

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

        `parent_id` is the id of the order that it is attached to, 0 for none. Without `transmit` the broker keeps it
        back until an order of the same family comes with it.

        The awaitable raises NotConnectedError if certainly no byte of it left, SendUnknownError if some may have.
        """

    def cancel(self, order_id: int) -> Awaitable[None]:
        """Queue a cancel in the first lane; done and raising as `place`."""

    def cancel_everything(self) -> Awaitable[None]:
        """Have the broker cancel every order of every client, TWS's own too: ahead of all else; done as `place`."""

    @property
    def order_wait(self) -> float:
        """Seconds until an order that is queued now would leave, at the pace alone."""

    def withdraw_order(self, order_id: int) -> bool:
        """Take back what waits of one order for its turn: its `place` raises NotConnectedError.

        True if its placement was among it, so that it never left.
        """

    def withdraw_orders(self, reason: str) -> None:
        """Take back every order frame that waits for its turn: its `place` raises NotConnectedError with `reason`.

        Cancels stay.
        """

    async def what_if(self, preview: Preview) -> WhatIf:
        """What an order would do to its account. No order comes of it, and nothing of it is told to the listener.

        Goes behind everything else that waits to be sent.
        """

    async def open_orders(self) -> Sequence[OpenOrderReport]:
        """Every open order of every client."""

    async def completed_orders(self) -> Sequence[CompletedOrderReport]:
        """Orders that ended today."""

    async def executions(self) -> Sequence[ExecutionReport]:
        """Fills since midnight of the broker's day, with `live` False; commissions follow as reports."""

    async def positions(self) -> Sequence[PositionReport]:
        """All positions of all accounts; changes are reported from then on."""

    async def watch_account(self, account: str) -> None:
        """Subscribe to values and portfolio of `account`, one at a time; done after the first full download."""

    async def watch_values(self, account: str) -> None:
        """Subscribe to the values of an account beside that of `watch_account`; done after the first download."""

    def watch_profit(self, account: str, con_id: int = 0) -> None:
        """Have the broker report its own profit of an account, or of one instrument in it (not 0); once for each.

        Raises NotConnectedError.
        """

    def unwatch_profit(self, account: str, con_id: int) -> None:
        """End that; does nothing when there is none."""

    async def search(self, pattern: str) -> Sequence[SymbolMatch]:
        """Symbols that match; empty if none does."""

    async def qualify(self, con_id: int) -> Instrument:
        """The contract with its price bands. Raises BrokerError [200] for an unknown one."""

    async def bars(self, instrument: Instrument, wanted: BarRequest) -> Sequence[Bar]:
        """Bars up to now, oldest first."""

    async def follow_history(
        self, instrument: Instrument, wanted: BarRequest, hear: Callable[[Streamed], None], ended: Ended
    ) -> tuple[Sequence[Bar], Callable[[], None]]:
        """Bars up to now, of which `hear` gets the last one again as it grows, and each new one; and how to stop."""

    async def head_time(self, instrument: Instrument, kind: BarKind) -> datetime:
        """The time of the oldest bar that there is, UTC."""

    async def option_chains(self, underlying: Instrument) -> Sequence[OptionChain]:
        """Every chain of options on an instrument; empty if there is none."""

    async def account_summary(self) -> Sequence[AccountFigure]:
        """Money and margins of every account, as they stand."""

    async def follow(
        self, instrument: Instrument, kind: StreamKind, hear: Callable[[Streamed], None], ended: Ended
    ) -> Callable[[], None]:
        """Have `hear` told of everything of `kind`, and `ended` if that ends; returns how to stop it.

        Done with the first of it, or after a query's deadline in a silent market. Cancelled, it is stopped.
        """

    def subscribe_quotes(self, instrument: Instrument) -> None:
        """Start ticks for an instrument; a second call for the same one does nothing."""

    def unsubscribe_quotes(self, con_id: int) -> None:
        """Stop its ticks; does nothing when there are none."""

    @property
    def lines(self) -> int:
        """Market data lines in use."""

    @property
    def bad_frames(self) -> int:
        """Frames of this connection that could not be decoded."""

    @property
    def traffic(self) -> Traffic:
        """Frames of every connection of this run."""

    async def ping(self) -> Pulse:
        """Round trip to the gateway, and its time (reqCurrentTime)."""


MakeBroker = Callable[[BrokerListener, Clock, int], Broker]
"""Makes the adapter for one listener; the number is how many frames may leave in any second."""


class Journal(Protocol):
    """The append-only record. One writer; numbers rise by one a row and never restart within a profile."""

    @property
    def instance(self) -> str:
        """Minted once with the journal; part of every order reference."""

    @property
    def head(self) -> int:
        """The number of the last row handed over, durable or not; 0 when empty."""

    @property
    def durable(self) -> int:
        """The number of the last row that is known to be synced to disk; 0 when empty."""

    @property
    def failure(self) -> str:
        """Why nothing can be written any more; empty while healthy. It never heals within a run."""

    @property
    def busy(self) -> str:
        """Why nothing can be written just now; empty while it can."""

    @property
    def last_sync_ms(self) -> Decimal | None:
        """How long the last durable commit took; None before the first."""

    def append(self, entries: Sequence[Entry]) -> int:
        """Hand rows over, to be durable within 50 ms. Returns the number of the last; never blocks, never raises."""

    def commit(self, entries: Sequence[Entry]) -> Awaitable[int]:
        """Hand rows over at once, so that `head` counts them on return.

        The awaitable is done, with the number of the last, when they and all before them are synced to disk; it raises
        JournalError if they could not be, JournalBusyError if not in time: then nothing may follow from them.
        """

    async def read(self, after: int, count: int) -> Sequence[tuple[int, Entry]]:
        """At most `count` durable rows behind number `after`, with their numbers; empty if there is none.

        Raises JournalError, naming the first row that is missing, changed or unreadable.
        """

    async def close(self) -> None:
        """Write what is queued, sync and close."""


class KillMark(Protocol):
    """What says beside the journal that the kill switch is pulled. Never raises."""

    @property
    def scope(self) -> KillScope | None:
        """How much was to be cancelled; None when it is not pulled."""

    def set(self, scope: KillScope) -> None:
        """It was pulled."""

    def clear(self) -> None:
        """It was released."""


class AlertHook(Protocol):
    """Calls a person who may not sit at a desk. Never raises."""

    def call(self, alert: Alert) -> None:
        """Tell of an alert, returning at once; of one that is over, that it is."""

    async def close(self) -> None:
        """End what is under way."""


class RecordedFacts(Struct, frozen=True, kw_only=True):
    """Facts that were read back from the journal."""

    facts: tuple[Envelope, ...]
    """In order; empty when the rows read hold none."""
    last: int
    """The number of the last row read: go on behind it."""


class EventSink(Protocol):
    """Someone who wants every event."""

    def publish(self, *envelopes: Envelope) -> None:
        """Take events, which come together where they arose together; returns at once.

        Must not raise; one that does all the same gets the next events and has to make good for what it missed.
        """


class DeskHost(Protocol):
    """The service as the link sees it."""

    @property
    def session(self) -> str:
        """This run of core."""

    @property
    def instance(self) -> str:
        """The journal's instance."""

    async def execute(self, command: Command, client: str) -> Ack:
        """Carry out one command for the named client. Never raises for anything that a client sent."""

    def kill(self, command: Kill, client: str) -> Ack:
        """Pull the kill switch: in this turn of the loop, whatever else runs or waits. Never raises."""

    def call_off(self, command: Command, by: CancelEntries) -> Ack | None:
        """The answer to a command that still waits for its turn at the link and that `by` cancels; None if it stays."""

    def snapshot(self) -> Snapshot:
        """Everything as it stands."""

    def facts_after(self, number: int) -> Sequence[Envelope] | None:
        """The facts after `number`, in order; None if they are no longer at hand (see `facts_recorded`)."""

    async def facts_recorded(self, number: int) -> RecordedFacts | None:
        """The next facts behind `number`, read from the journal; go on until `facts_after` has the rest.

        None if `number` lies ahead or in another session, or the journal can't be read: take a snapshot.
        """

    def add_sink(self, sink: EventSink) -> None:
        """Publish every further event to `sink`."""

    def remove_sink(self, sink: EventSink) -> None:
        """Stop; does nothing for an unknown sink."""

    def desk_attached(self, client: str) -> None:
        """A client finished its Hello."""

    def streams_to(self, client: str, hear: Callable[[StreamEvent], None]) -> None:
        """Tell `hear` at once of everything that the client's streams bring, until it is gone; it must never raise."""

    def desk_gone(self, client: str) -> None:
        """Its socket closed, for whatever reason."""
