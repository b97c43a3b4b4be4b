"""Control 7: a script that sends order after order of one kind is stopped, until a person at a desk lets it go on."""

from __future__ import annotations

from core.clock import Clock
from core.domain.commands import Ack, DenialCode
from core.domain.entries import ScriptDisabled, ScriptEnabled
from core.domain.events import Severity
from core.domain.orders import OrderRequest
from core.errors import JournalError
from core.execution.asking import script_of
from core.execution.incidents import incident
from core.execution.publisher import Publisher
from core.execution.refusals import refuse
from core.execution.state import DeskState
from core.ports import Journal


class Scripts:
    """Disables and enables. A disabled script stays so over restarts of core and the end of the day."""

    def __init__(self, state: DeskState, journal: Journal, publisher: Publisher, clock: Clock) -> None:
        """All parts are those of the one service."""
        self._state = state
        self._journal = journal
        self._publisher = publisher
        self._clock = clock

    def look(self, script: str, request: OrderRequest) -> None:
        """A script, empty for a person, has just sent `request`: was that the last one that it may?"""
        if not script or script in self._state.usage.disabled:
            return
        now, instrument = self._clock.utc(), self._state.instruments.get(request.con_id)
        label = "" if instrument is None else instrument.label
        limit = self._state.limits.of("" if instrument is None else instrument.symbol, request.account).script_repeats
        fired = self._state.usage.fired(script, request, now)
        if limit is None or fired < limit:
            return
        reason = f"it has sent {fired} orders to {request.side} {label} today, its limit"
        entry = ScriptDisabled(script=script, reason=reason, time=now)
        self._state.usage.apply(entry)
        self._journal.append([entry])
        text = f"The script {script} is disabled: {reason}. Its orders work on; a person enables it at a desk."
        self._publisher.facts([incident(self._state, self._clock, text, Severity.ALARM)])

    async def enable(self, script: str, client: str) -> Ack:
        """A person at a desk lets a script trade again.

        Its orders may be recorded from now on, behind this in the journal, so none leaves before this is durable.
        """
        if script_of(client):
            text = f"A script can't enable {script}. A person does so at a desk."
            return refuse(DenialCode.SCRIPT_DISABLED, text)
        usage = self._state.usage
        if not usage.has_fired(script) and script not in usage.disabled:
            known = ", ".join(usage.disabled) or "none"
            text = f"No script {script!r} is disabled. Disabled: {known}. Type its name as it stands there."
            return refuse(DenialCode.NOTHING_TO_CHANGE, text)
        now = self._clock.utc()
        entry = ScriptEnabled(script=script, client=client, time=now)
        committing = self._journal.commit([entry])
        # Counted where it stands in the journal: an order of the script may be recorded before this is durable.
        usage.apply(entry)
        try:
            await committing
        except JournalError as error:
            text = f"{script} may trade again, but core may not know it after a restart: {error} Enable it then."
            return refuse(DenialCode.HALTED, text)
        text = f"The script {script} may trade again, by the word of {client}."
        self._publisher.facts([incident(self._state, self._clock, text)])
        return Ack(ok=True)
