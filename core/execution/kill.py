"""The kill switch: blocks at once, cancels what it can, and the rest as soon as it can."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from decimal import Decimal

from msgspec.structs import replace

from core.domain.commands import Ack, DenialCode, Kill
from core.domain.events import ConnectionChanged, Envelope, KillUpdated
from core.domain.order_types import STOPS
from core.domain.orders import Order, Pending
from core.domain.positions import reduced_by
from core.domain.trading import Cause, Killed, KillScope
from core.execution.cancels import Cancels
from core.execution.halting import Halting
from core.execution.publisher import Publisher
from core.execution.refusals import refuse
from core.execution.state import DeskState
from core.ports import KillMark

log = logging.getLogger(__name__)
_SCOPES = tuple(KillScope)


class KillSwitch:
    """Pulled by anyone, released by a person's `resume`.

    Needs neither a connection nor a disk: the block holds in memory before anything else is done, and stands in the
    journal and in a mark of its own, so that a new run of core begins with it. An event sink: hears of connections.
    """

    def __init__(
        self,
        state: DeskState,
        publisher: Publisher,
        halting: Halting,
        cancels: Cancels,
        mark: KillMark,
    ) -> None:
        """All parts are those of the one service; `mark` stands beside the journal, for when that can't be written."""
        self._state = state
        self._publisher = publisher
        self._halting = halting
        self._cancels = cancels
        self._mark = mark
        self._everything_due = False
        self._sending: set[asyncio.Future[None]] = set()
        self.killed: Killed | None = None
        """What it has asked for; None while it is not pulled."""
        self.closing: dict[str, None] = {}
        """References of the orders that a person had close positions since: KILL leaves them alone, in this order."""
        halting.on_resumed = self._released
        publisher.add_sink(self)

    def recover(self) -> None:
        """Go on where an earlier run of core was. Before any client can attach."""
        block = self._state.blocks.get(Cause.KILL)
        marked = self._mark.scope
        if block is None and marked is None:
            return
        if block is None or (marked is not None and _SCOPES.index(marked) > _SCOPES.index(block.scope)):
            block = self._halting.kill(marked or KillScope.ENTRIES, "an earlier run of core")
        self._everything_due = block.scope is KillScope.EVERYTHING and not block.everything_sent
        self.killed = Killed(scope=block.scope, by=block.by, since=block.since, everything_sent=block.everything_sent)

    def pull(self, command: Kill, client: str) -> Ack:
        """Block, then cancel; all in one turn of the loop, and again each time that it is asked for. Never raises."""
        try:
            return self._pull(command, client)
        except Exception:
            # The block comes before anything that can fail.
            log.exception("the kill switch could not do all that it should")
            text = "KILL: new orders are blocked, but the cancels failed; core's log says why. Cancel in TWS."
            return refuse(DenialCode.BAD_COMMAND, text)

    def _pull(self, command: Kill, client: str) -> Ack:
        before = self.killed
        scope = max(command.scope, command.scope if before is None else before.scope, key=_SCOPES.index)
        sent = before is not None and before.everything_sent and command.scope is not KillScope.EVERYTHING
        block = self._halting.kill(scope, client, everything_sent=sent)
        self.killed = Killed(scope=scope, by=block.by, since=block.since) if before is None else before
        self.killed = replace(self.killed, scope=scope, everything_sent=sent)
        self._everything_due |= command.scope is KillScope.EVERYTHING
        self._publisher.state(KillUpdated(killed=self.killed))
        self._cancel()
        self._mark.set(scope)
        return Ack(ok=True, result=self.killed)

    def look(self) -> None:
        """Cancel what has not been cancelled yet: after each reading of the books, and with each connection."""
        if self.killed is not None:
            self._cancel()

    def publish(self, *envelopes: Envelope) -> None:
        """Take events; cancels leave as soon as there is somebody to tell them."""
        if self.killed is None:
            return
        for envelope in envelopes:
            if isinstance(envelope.event, ConnectionChanged) and envelope.event.connection.accounts:
                # Not from inside of what is just being published.
                asyncio.get_running_loop().call_soon(self.look)

    def show(self, killed: Killed) -> None:
        """Tell what has come of it besides."""
        if self.killed is not None and self.killed != killed:
            self.killed = killed
            self._publisher.state(KillUpdated(killed=killed))

    def _released(self) -> None:
        self.killed, self._everything_due = None, False
        self.closing.clear()
        self._mark.clear()
        self._publisher.state(KillUpdated(killed=None))

    def _cancel(self) -> None:
        killed = self.killed
        if killed is None:
            return
        asked, kept = dict.fromkeys(killed.asked), []
        problem = ""
        for order in self._state.book.live():
            if order.external or order.order_ref in self.closing:
                continue
            if killed.scope is KillScope.ENTRIES and order.pending is not Pending.CANCEL:
                if self._cancels.ends_with_parent(order):
                    continue
                if self._protects(order):
                    kept.append(order.order_ref)
                    continue
            asked[order.order_ref] = None
            try:
                denial = self._cancels.why_not(order)
                if denial is not None:
                    problem = denial.message
                elif order.pending is not Pending.CANCEL:
                    self._cancels.ask(order)
            except Exception:
                # One order that can't be cancelled must not keep the others from it.
                log.exception("the kill switch could not cancel %s", order.order_ref)
                problem = f"the cancel of {order.text} failed; cancel it in TWS"
        self.killed = replace(killed, asked=tuple(asked), kept=tuple(kept), problem=problem)
        self._send_everything()
        if self.killed != killed:
            self._publisher.state(KillUpdated(killed=self.killed))

    def _send_everything(self) -> None:
        sending = self._cancels.everything() if self._everything_due else None
        if sending is not None:
            self._everything_due = False
            self._follow(sending)

    def _follow(self, sending: Awaitable[None]) -> None:
        future = asyncio.ensure_future(sending)
        self._sending.add(future)

        def done(finished: asyncio.Future[None]) -> None:
            self._sending.discard(finished)
            if finished.cancelled() or self.killed is None:
                return
            problem = finished.exception()
            if problem is not None:
                # It cancels what is there whenever it comes: once more does no harm.
                self._everything_due = True
                text = f"The word to cancel everything may not have reached IBKR: {problem} It is sent again."
                self._halting.alarm(text)
                return
            self._halting.kill(self.killed.scope, self.killed.by, everything_sent=True)
            self.killed = replace(self.killed, everything_sent=True)
            self._publisher.state(KillUpdated(killed=self.killed))

        future.add_done_callback(done)

    def _protects(self, order: Order) -> bool:
        """True for what can only reduce a position."""
        parent = self._state.book.get(order.parent_ref) if order.parent_ref else None
        held = self._held(order)
        if held is None:
            # Nothing is known of positions: what is made to protect one stays until they are read.
            return parent is not None or order.order_type in STOPS
        reduces = reduced_by(held, order.side)
        # Attached to an entry that filled in part it shrinks with that; all else may be too much.
        return reduces and (parent is not None or order.remaining <= abs(held))

    def _held(self, order: Order) -> Decimal | None:
        if self._state.positions is not None:
            position = self._state.held(order.account, order.con_id)
            return Decimal(0) if position is None else position.quantity
        expected = self._state.holdings.expected
        return None if expected is None else expected.get((order.account, order.con_id), Decimal(0))
