"""What keeps orders back, and how each of it ends. In memory first, then told and written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from msgspec.structs import replace

from core.clock import Clock
from core.domain.alerts import AlertKind
from core.domain.commands import Ack, DenialCode
from core.domain.entries import TailLostAccepted
from core.domain.events import Incident, Severity, TradingState, TradingStateChanged
from core.domain.trading import Block, Cause, KillScope
from core.errors import JournalError
from core.execution.alert_rules import TRADING
from core.execution.hearing import Hearing
from core.execution.incidents import incident
from core.execution.publisher import Publisher
from core.execution.refusals import refuse
from core.execution.state import DeskState
from core.ports import Journal


def _nothing() -> None:
    """Nobody is to be told."""


class Halting:
    """Stops new orders and changes, all or those that do not reduce; cancels always pass."""

    def __init__(
        self, state: DeskState, journal: Journal, publisher: Publisher, hearing: Hearing, clock: Clock
    ) -> None:
        """All parts are those of the one service. What outlived the last run of core is in force already."""
        self._state = state
        self._journal = journal
        self._publisher = publisher
        self._clock = clock
        self.on_resumed: Callable[[], None] = _nothing
        """Told when a person has ended the kill switch."""
        hearing.on_distrust = self.reduce

    def recover(self) -> None:
        """Halt where the journal can't be written, or until the trader accepts that it has lost its end; tell all."""
        if self._state.tail_lost:
            self._put(Block(cause=Cause.TAIL_LOST, reason=self._state.tail_lost))
        if self._journal.failure:
            self._put(Block(cause=Cause.JOURNAL, reason=self._journal.failure))
        if self._state.blocks:
            self._tell()

    def halt(self, reason: str) -> None:
        """Let no new order or change through from now on."""
        self._block(Block(cause=Cause.JOURNAL, reason=reason))

    def reduce(self, reason: str) -> None:
        """Let only through what reduces a position, until a person says otherwise; a halt stays one."""
        if Cause.INCIDENT not in self._state.blocks:
            self._block(Block(cause=Cause.INCIDENT, reason=reason, since=self._clock.utc()))

    def kill(self, scope: KillScope, client: str, *, everything_sent: bool = False) -> Block:
        """Let no new order or change through until a person ends it; the block, which keeps its beginning."""
        before = self._state.blocks.get(Cause.KILL)
        block = Block(
            cause=Cause.KILL,
            reason=f"KILL at {client}. Type resume to trade again." if before is None else before.reason,
            by=client if before is None else before.by,
            since=self._clock.utc() if before is None else before.since,
            scope=scope,
            everything_sent=everything_sent,
        )
        if block != before:
            self._put(block)
            if before is None:
                self._tell()
            else:
                self._publisher.facts([self._changed()])
        return block

    def alarm(self, text: str) -> None:
        """Tell every desk what went wrong with what keeps orders back."""
        self._publisher.facts([self._incident(text, Severity.ALARM)])

    def limit_loss(self, reason: str, day: date) -> None:
        """Let only through what reduces a position, for the rest of a trading day."""
        self._block(Block(cause=Cause.DAILY_LOSS, reason=reason, since=self._clock.utc(), day=day))

    def break_circuit(self, reason: str) -> None:
        """Let only through what reduces a position while `reason` is not empty: a breaker is open."""
        before = self._state.blocks.get(Cause.BREAKER)
        if reason and before is None:
            self._block(Block(cause=Cause.BREAKER, reason=reason, since=self._clock.utc()))
        elif reason and before is not None and before.reason != reason:
            self._put(replace(before, reason=reason))
            self._publisher.facts([self._changed()])
        elif before is not None and not reason:
            self._end(Cause.BREAKER, "The breaker lets orders through again, to see whether they pass.")

    def new_day(self, day: date) -> None:
        """The trading day is `day`: what an earlier one lost keeps no order back any more."""
        block = self._state.blocks.get(Cause.DAILY_LOSS)
        if block is not None and (block.day is None or day > block.day):
            self._end(Cause.DAILY_LOSS, f"The trading day of {block.day} is over, and with it its loss limit.")

    def resume(self, client: str) -> Ack:
        """The person at `client` ends the kill switch, or else what an incident brought; nothing else."""
        if Cause.KILL in self._state.blocks:
            self._end(Cause.KILL, f"KILL was ended by the word of {client}.")
            self.on_resumed()
        elif self._state.trading_state is TradingState.HALTED:
            return refuse(DenialCode.HALTED, f"Trading is halted, which a word does not end: {self._reason}")
        elif Cause.INCIDENT in self._state.blocks:
            self._end(Cause.INCIDENT, "")
            text = f"All orders are let through again, by the word of {client}."
            if self._state.blocks:
                text = f"The incident was put aside by the word of {client}."
            self._publisher.facts([self._incident(text, Severity.INFO)])
        elif self._state.blocks:
            return refuse(DenialCode.REDUCING, f"A word does not end this: {self._reason}")
        return Ack(ok=True)

    async def accept(self, client: str) -> Ack:
        """The trader at `client` goes on without what the journal has lost: durable before anything may leave.

        What halts trading besides that stays.
        """
        if not self._state.tail_lost:
            return Ack(ok=True)
        try:
            await self._journal.commit([TailLostAccepted(client=client, time=self._clock.utc())])
        except JournalError as error:
            return refuse(DenialCode.HALTED, f"Not accepted: {error}")
        self._state.tail_lost = ""
        self._end(Cause.TAIL_LOST, f"The loss at the journal's end was accepted at {client}.")
        return Ack(ok=True)

    @property
    def _reason(self) -> str:
        return self._state.trading_reason

    def _put(self, block: Block) -> None:
        self._state.blocks[block.cause] = block

    def _block(self, block: Block) -> None:
        """Keep orders back by one more cause. In force before anything else is done."""
        before = self._state.trading_state
        self._put(block)
        if block.cause is Cause.JOURNAL or self._state.trading_state is not before:
            self._tell()
        else:
            told = self._incident(f"Kept back besides: {block.reason}", Severity.ALARM, TRADING)
            self._publisher.facts([self._changed(), told])

    def _end(self, cause: Cause, text: str) -> None:
        self._state.blocks.pop(cause, None)
        told = [self._incident(text, Severity.WARNING)] if text else []
        self._publisher.facts([self._changed(), *told])

    def _tell(self) -> None:
        """Say what is let through from now on, and why."""
        halted = self._state.trading_state is TradingState.HALTED
        what = "Trading is halted" if halted else "Only reducing orders are sent from now on"
        told = self._incident(f"{what}: {self._reason}", Severity.ALARM, TRADING)
        self._publisher.facts([self._changed(), told])

    def _changed(self) -> TradingStateChanged:
        blocks = tuple(self._state.blocks[cause] for cause in Cause if cause in self._state.blocks)
        return TradingStateChanged(state=self._state.trading_state, reason=self._reason, blocks=blocks)

    def _incident(self, text: str, severity: Severity, cause: str = "") -> Incident:
        return incident(self._state, self._clock, text, severity, kind=AlertKind.RESTRICTION, cause=cause)
