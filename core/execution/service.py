"""The execution service: one object that the link, the broker and the journal meet in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from core.clock import Clock
from core.domain.alerts import AlertKind
from core.domain.authority import AuthorityCommand
from core.domain.commands import (
    AcceptTailLoss,
    Ack,
    AskBars,
    CancelEntries,
    CancelOrder,
    CloseAll,
    ClosePosition,
    Command,
    DenialCode,
    EnableScript,
    Kill,
    Leave,
    ModifyOrder,
    PlaceOrder,
    PreviewClose,
    PreviewOrder,
    Reconnect,
    Resume,
    SettleOrder,
    SizeOrder,
)
from core.domain.connection import Connection
from core.domain.events import Envelope, QuotesUpdated, Snapshot, StreamEvent
from core.domain.limit_changes import LimitCommand
from core.domain.quotes import Quote
from core.domain.reports import ErrorReport, Report, Tick
from core.errors import DeskError
from core.execution.account_refresh import AccountRefresher
from core.execution.alerts import AlertCommand, Alerts
from core.execution.attendance import Attendance
from core.execution.authority import AuthorityKeeper, Guarded
from core.execution.breakers import Breakers
from core.execution.close_all import CloseEverything
from core.execution.daily_loss import DailyLoss
from core.execution.families import Families
from core.execution.figures import FiguresKeeper
from core.execution.halting import Halting
from core.execution.health import Gateway, HealthReporter
from core.execution.hearing import Hearing
from core.execution.incidents import incident
from core.execution.keeper import ConnectionKeeper
from core.execution.kill import KillSwitch
from core.execution.limit_keeper import LimitKeeper
from core.execution.limit_usage import used_by
from core.execution.money import MoneyKeeper
from core.execution.orders import OrderDesk, OrderOptions
from core.execution.position_actions import PositionActions
from core.execution.publisher import Publisher
from core.execution.refusals import refuse
from core.execution.service_options import ServiceOptions
from core.execution.settling import Settling
from core.execution.snapshots import snapshot_of
from core.execution.state import DeskState
from core.execution.streaming import StreamCommand, Streaming
from core.execution.supervision import kept_up
from core.execution.watching import Look, Watching, WatchOptions
from core.execution.what_ifs import WhatIfs
from core.market.bars import BarCache
from core.market.feed import QuoteFeed
from core.ports import Broker, BrokerListener, EventSink, Journal, RecordedFacts

log = logging.getLogger(__name__)

View = Look | StreamCommand | AlertCommand | LimitCommand | AskBars
"""What changes no order: markets, alerts and limits."""


class ExecutionService:
    """Implements `ports.DeskHost` for the link and `ports.BrokerListener` for the adapter."""

    def __init__(
        self,
        state: DeskState,
        journal: Journal,
        clock: Clock,
        gateway: Gateway,
        make_broker: Callable[[BrokerListener], Broker],
        options: ServiceOptions,
    ) -> None:
        """`state` has been brought back from the journal; `make_broker` is called once, with this service."""
        self._state = state
        self._journal = journal
        self._clock = clock
        self._gateway = gateway
        self._session = options.session
        self._feed = QuoteFeed()
        self._publisher = Publisher(journal, options.session)
        self._limits = LimitKeeper(state, journal, self._publisher, clock, options.limits)
        self._broker = make_broker(self)
        self._money = MoneyKeeper(self._broker, state, self._feed, self._publisher, clock)
        self._publisher.add_sink(self._money)
        looks = WatchOptions(symbols=options.symbols, lines=options.lines, frames_per_second=options.data_frames)
        self._watching = Watching(self._broker, state, self._feed, self._publisher, journal, clock, looks, self.alert)
        qualify = self._watching.qualify
        self._alerts = Alerts(state, journal, self._publisher, self._feed, clock, options.alerts, qualify)
        self.streaming = Streaming(self._broker, qualify, clock, self._watching.lend, options.lines)
        """Ticks one by one, depth and bars; `streaming.room` serves parts of core."""
        self._bars = BarCache(self._watching.bars, clock)
        self._keeper = ConnectionKeeper(
            self._broker,
            state,
            self._publisher,
            clock,
            options.keeper,
            endpoint=gateway.endpoint,
            on_verified=self._subscribe,
            on_read=self._watching.follow,
            on_data_lost=self._resubscribe,
            on_pulse=lambda alive: self._publish_quotes(self._feed.trust() if alive else self._feed.doubt()),
        )
        self._hearing = Hearing(
            state,
            self._publisher,
            clock,
            client_id=options.keeper.client_id,
            instance=journal.instance,
            on_connection_report=self._keeper.on_report,
            on_profit=self._money.heard,
            ask_books=self._keeper.reconciler.ask,
        )
        self._orders = OrderDesk(
            self._broker,
            journal,
            state,
            self._feed,
            self._publisher,
            self._hearing,
            clock,
            OrderOptions(client_id=options.keeper.client_id, read_only=options.read_only),
        )
        self.call_off = self._orders.call_off
        """The answer to a command that waits at the link and that a cancel of entries ends; None if it stays."""
        self._halting = Halting(state, journal, self._publisher, self._hearing, clock)
        Breakers(state, self._publisher, self._halting, clock)
        self._loss = DailyLoss(state, self._halting, clock, self._money.all)
        self._limits.changed.append(self._loss.look)
        self._limits.used = used_by(state, self._orders.judging.portfolio.invested)
        figures = FiguresKeeper(state, self._publisher, clock, self._money.all)
        self._money.after += [self._loss.look, figures.renew]
        self._kill = KillSwitch(state, self._publisher, self._halting, self._orders.cancels, options.kill_mark)
        self._keeper.reconciler.after.append(self._kill.look)
        self._closing = CloseEverything(
            state, self._feed, self._publisher, clock, self._orders, self._kill, journal.instance
        )
        families = Families(state, self._publisher, clock, self._hearing, self._orders.take_back)
        self._keeper.reconciler.after.append(families.look)
        self._settling = Settling(state, journal, self._publisher, clock)
        self._actions = PositionActions(state, self._feed, self._orders, self._keeper.reconciler.ask)
        self._what_ifs = WhatIfs(self._broker, self._actions, self._orders, state, clock, self.streaming.tell)
        self._health = HealthReporter(
            self._broker, state, self._publisher, journal, clock, self._keeper, gateway, lambda: len(self._present)
        )
        self._accounts = AccountRefresher(self._broker, state, clock, self._hearing.on_reports)
        self._present = Attendance()
        self.authority = AuthorityKeeper(state, self._publisher, clock, self._keeper, options.keeper)
        """Who may trade: whoever is armed, confirmed or granted."""
        self._limits.armed = lambda: self.authority.armed() is not None

    @property
    def session(self) -> str:
        """This run of core."""
        return self._session

    @property
    def instance(self) -> str:
        """The journal's instance."""
        return self._journal.instance

    @property
    def connection(self) -> Connection:
        """The state of the way to the broker."""
        return self._state.connection

    @property
    def desks(self) -> int:
        """Clients attached now."""
        return len(self._present)

    @property
    def told_to_stop(self) -> bool:
        """True once the last desk left with `Leave`, and wanted core to stop or left nothing working."""
        return self._present.told_to_stop(working=self.has_live_orders)

    @property
    def has_live_orders(self) -> bool:
        """True while an order of ours may still fill, orders of unknown outcome included."""
        return any(not order.external for order in self._state.book.live())

    @property
    def desks_changed(self) -> asyncio.Event:
        """Set when a desk attached or left; whoever waits clears it."""
        return self._present.changed

    def recover(self) -> None:
        """What an earlier run of core left in flight is UNKNOWN until the broker's books are read."""
        self._keeper.doubts.in_flight("no answer: core ended")
        self._limits.recover()
        self._halting.recover()
        self._kill.recover()
        self._orders.judging.behaviour.recover()

    async def run(self) -> None:
        """Keep the connection and the health figures until cancelled. An exception here must end core."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keeper.run(), name="connection")
            group.create_task(kept_up("Market data", self._watching.run, self.alert), name="watching")
            group.create_task(kept_up("Streams", self.streaming.room.run, self.alert), name="streams")
            group.create_task(kept_up("Limits that wait", self._limits.run, self.alert), name="limits")
            group.create_task(kept_up("Time limits", self._orders.deadlines.run, self.alert), name="deadlines")
            group.create_task(kept_up("Health", self._health.run, self.alert), name="health")
            group.create_task(kept_up("What-if", self._what_ifs.run, self.alert), name="what-if")
            group.create_task(kept_up("Alerts", self._alerts.run, self.alert), name="alerts")
            group.create_task(kept_up("Money", self._money.run, self.alert), name="money")
            group.create_task(kept_up("Account figures", self._accounts.run, self.alert), name="accounts")

    async def close(self) -> None:
        """Close the connection to the broker; orders stay where they are."""
        await self._broker.close()

    async def execute(self, command: Command, client: str) -> Ack:
        """Carry out one command. Never raises for anything that a client sent."""
        try:
            return self._health.meter.answered(command, await self._execute(command, client))
        except DeskError as error:
            return refuse(DenialCode.BROKER, str(error))
        except Exception:
            log.exception("a command failed: %s", type(command).__name__)
            return refuse(
                DenialCode.BAD_COMMAND, "Core could not carry this out; its log says why. Look at the orders first."
            )

    async def _execute(self, command: Command, client: str) -> Ack:
        ack = Ack(ok=True)
        match command:
            case _ if isinstance(command, Guarded):
                ack = self.authority.why_not(command, client) or await self._send(command, client)
            case Kill():
                ack = self.kill(command, client)
            case CancelOrder():
                ack = await self._orders.cancel(command)
            case CancelEntries():
                ack = await self._orders.cancel_entries(command)
            case SizeOrder():
                ack = self._actions.size(command)
            case PreviewOrder() | PreviewClose():
                ack = self._what_ifs.preview(command, client, confirmed=self.authority.may_trade(client))
            case _ if isinstance(command, View):
                ack = await self._show(command, client)
            case _ if isinstance(command, AuthorityCommand):
                ack = self.authority.take(command, client)
            case Reconnect():
                self._keeper.reconnect()
            case Leave(stop=stop):
                self._present.leaves(client, stop=stop)
        return ack

    async def _show(self, command: View, client: str) -> Ack:
        match command:
            case _ if isinstance(command, Look):
                return await self._watching.look(command, client)
            case _ if isinstance(command, StreamCommand):
                return await self.streaming.look(command, client)
            case _ if isinstance(command, AlertCommand):
                return await self._alerts.execute(command, client)
            case _ if isinstance(command, LimitCommand):
                return await self._limits.execute(command, client, confirmed=self.authority.confirmed(client))
            case AskBars(request=request):
                return Ack(ok=True, result=await self._bars.ask(request))

    def kill(self, command: Kill, client: str) -> Ack:
        """Block at once and cancel, in this turn of the loop, whatever else runs or waits. Never raises."""
        ack = self._kill.pull(command, client)
        self.authority.killed()
        return ack

    async def _send(self, command: Guarded, client: str) -> Ack:
        match command:
            case Resume():
                return self._halting.resume(client)
            case SettleOrder():
                return await self._settling.settle(command, client)
            case AcceptTailLoss():
                return await self._halting.accept(client)
            case PlaceOrder():
                return await self._orders.place(command, client)
            case ModifyOrder():
                return await self._orders.modify(command, client)
            case ClosePosition():
                return await self._actions.close(command, client)
            case CloseAll():
                return self._closing.ask(client)
            case EnableScript(script=script):
                return await self._orders.scripts.enable(script, client)

    def snapshot(self) -> Snapshot:
        """Everything as it stands."""
        return snapshot_of(
            self._state,
            self._clock.utc(),
            self._session,
            self.instance,
            self._publisher.number,
            quotes=self._feed.all(),
            money=self._money.all(),
            reading=self._keeper.reconciler.last,
            killed=self._kill.killed,
        )

    def facts_after(self, number: int) -> Sequence[Envelope] | None:
        """The facts after `number`; None if they are no longer at hand."""
        return self._publisher.after(number)

    async def facts_recorded(self, number: int) -> RecordedFacts | None:
        """The next facts behind `number`, from the journal; None if a snapshot is needed."""
        return await self._publisher.recorded(number)

    def add_sink(self, sink: EventSink) -> None:
        """Publish every further event to `sink`."""
        self._publisher.add_sink(sink)

    def remove_sink(self, sink: EventSink) -> None:
        """Stop; does nothing for an unknown sink."""
        self._publisher.remove_sink(sink)

    def desk_attached(self, client: str) -> None:
        """A client finished its Hello."""
        self._present.came(client)
        self.authority.came(client)

    def streams_to(self, client: str, hear: Callable[[StreamEvent], None]) -> None:
        """Tell `hear` at once of everything that the client's streams bring, until it is gone."""
        self.streaming.listen(client, hear)

    def desk_gone(self, client: str) -> None:
        """Its socket closed."""
        self._watching.leave(client)
        self.streaming.gone(client)
        self._what_ifs.gone(client)
        self._present.went(client)
        self.authority.gone(client)

    def on_reports(self, reports: Sequence[Report]) -> None:
        """The broker spoke."""
        for report in reports:
            if isinstance(report, ErrorReport):
                self._watching.hear(report)
                self._health.meter.erred(report)
        self._hearing.on_reports(reports)

    def on_ticks(self, ticks: Sequence[Tick]) -> None:
        """The market moved."""
        self._publish_quotes(self._feed.apply(ticks, self._clock.utc()))

    def on_disconnected(self, reason: str) -> None:
        """The broker's socket is gone."""
        self._watching.lost()
        self.streaming.room.lost()
        self._publish_quotes(self._feed.mark_stale())
        self._bars.distrust()
        self._keeper.on_disconnected(reason)

    def _publish_quotes(self, quotes: tuple[Quote, ...]) -> None:
        if quotes:
            self._publisher.state(QuotesUpdated(quotes=quotes))

    async def _subscribe(self) -> None:
        self.streaming.room.online()
        await self._watching.restore()

    async def _resubscribe(self) -> None:
        self._bars.distrust()
        self._publish_quotes(self._feed.mark_stale())
        self.streaming.room.renew()
        self._money.ask_again()
        await self._watching.resubscribe()

    def alert(self, text: str) -> None:
        """Tell every desk something that a person must know."""
        self._publisher.facts([incident(self._state, self._clock, text, kind=AlertKind.DEGRADATION)])

    def halt(self, reason: str) -> None:
        """Let no new order or change through from now on; cancels still pass."""
        self._halting.halt(reason)
