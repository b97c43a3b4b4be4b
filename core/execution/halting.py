"""When no order may leave, why, and how it ends."""

from __future__ import annotations

from core.clock import Clock
from core.domain.commands import Ack, Denial, DenialCode
from core.domain.entries import TailLostAccepted
from core.domain.events import Severity, TradingState, TradingStateChanged
from core.errors import JournalError
from core.execution.hearing import Hearing
from core.execution.publisher import Publisher
from core.execution.state import DeskState
from core.ports import Journal


class Halting:
    """Stops new orders and changes; cancels always pass."""

    def __init__(
        self, state: DeskState, journal: Journal, publisher: Publisher, hearing: Hearing, clock: Clock
    ) -> None:
        """All parts are those of the one service."""
        self._state = state
        self._journal = journal
        self._publisher = publisher
        self._hearing = hearing
        self._clock = clock
        hearing.on_distrust = self.reduce

    def recover(self) -> None:
        """Halt where the journal can't be written, or until the trader accepts that it has lost its end."""
        reason = self._journal.failure or self._state.tail_lost
        if reason:
            self.halt(reason)
        elif self._state.reducing:
            self.reduce(self._state.reducing)

    def halt(self, reason: str) -> None:
        """Let no new order or change through from now on."""
        self._state.trading_state = TradingState.HALTED
        self._state.trading_reason = reason
        told = self._hearing.incident(f"Trading is halted: {reason}", Severity.ALARM)
        self._publisher.facts([TradingStateChanged(state=TradingState.HALTED, reason=reason), told])

    def reduce(self, reason: str) -> None:
        """Let only through what reduces a position, until a person says otherwise; a halt stays one."""
        if self._state.trading_state is TradingState.ACTIVE:
            self._set(TradingState.REDUCING, reason, f"Only reducing orders are sent from now on: {reason}")

    def resume(self, client: str) -> Ack:
        """The person at `client` lets all orders through again."""
        if self._state.trading_state is TradingState.HALTED:
            text = f"Trading is halted, which a word does not end: {self._state.trading_reason}"
            return Ack(ok=False, denied=Denial(code=DenialCode.HALTED, message=text))
        if self._state.trading_state is TradingState.REDUCING:
            self._set(TradingState.ACTIVE, "", f"All orders are let through again, by the word of {client}.")
        return Ack(ok=True)

    def _set(self, state: TradingState, reason: str, text: str) -> None:
        self._state.trading_state, self._state.trading_reason = state, reason
        severity = Severity.INFO if state is TradingState.ACTIVE else Severity.ALARM
        told = self._hearing.incident(text, severity)
        self._publisher.facts([TradingStateChanged(state=state, reason=reason), told])

    async def accept(self, client: str) -> Ack:
        """The trader at `client` goes on without what the journal has lost: durable before anything may leave.

        What halts trading besides that stays.
        """
        lost = self._state.tail_lost
        if not lost:
            return Ack(ok=True)
        try:
            await self._journal.commit([TailLostAccepted(client=client, time=self._clock.utc())])
        except JournalError as error:
            return Ack(ok=False, denied=Denial(code=DenialCode.HALTED, message=f"Not accepted: {error}"))
        self._state.tail_lost = ""
        told = self._hearing.incident(f"The loss at the journal's end was accepted at {client}.")
        if self._state.trading_reason == lost:
            self._state.trading_state, self._state.trading_reason = TradingState.ACTIVE, ""
        changed = TradingStateChanged(state=self._state.trading_state, reason=self._state.trading_reason)
        self._publisher.facts([changed, told])
        return Ack(ok=True)
