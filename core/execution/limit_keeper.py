"""The limits in force: every change of them is recorded, what is looser waits, and orders are judged by the outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Protocol

from core.clock import Clock
from core.domain.commands import Ack, DenialCode
from core.domain.events import PresetsUpdated, Severity
from core.domain.limit_changes import (
    AskLimits,
    LimitAsked,
    LimitChanged,
    LimitCommand,
    LimitEntry,
    LimitsBegun,
    LimitShown,
    LimitsShown,
    LimitWaiting,
    LimitWithdrawn,
    ReadLimits,
    SetLimit,
    WithdrawLimit,
)
from core.domain.limit_table import DEFAULTS, LIMIT_FIELDS, Configured, LimitTable, name_of
from core.errors import ConfigError, JournalError
from core.execution.incidents import incident
from core.execution.limit_usage import Used
from core.execution.publisher import Publisher
from core.execution.refusals import refuse
from core.execution.state import DeskState
from core.ports import Journal
from core.risk.limit_changes import WAIT, Change, Timing, judge_change, sort_out, unconfirmed

log = logging.getLogger(__name__)

ARMED_SECONDS = 1.0
"""How often a change whose time has come asks again whether somebody is armed."""
_NAMED = 3


class LimitsSource(Protocol):
    """The files and variables of a profile."""

    def read(self) -> Configured:
        """What they say now. Raises ConfigError."""

    async def read_again(self) -> Configured:
        """The same without holding the loop."""

    async def value(self, name: str, text: str) -> tuple[str, str | None]:
        """A name and a value as a person types them, as they stand in a table; a value of None takes one away.

        Raises ConfigError for what there is not or can't be, and where another source keeps the limit tighter.
        """

    async def write(self, name: str, value: str | None) -> None:
        """Have the risk file say it from now on. Raises ConfigError if it can't be written."""


def _nobody() -> bool:
    """No client is armed."""
    return False


class LimitKeeper:
    """Carries out commands about limits, one at a time. What is in force stands in `DeskState.limits`."""

    def __init__(
        self, state: DeskState, journal: Journal, publisher: Publisher, clock: Clock, source: LimitsSource
    ) -> None:
        """Compare what the journal has with what `source` says. Raises ConfigError if that can't be used."""
        self._state = state
        self._journal = journal
        self._publisher = publisher
        self._clock = clock
        self._source = source
        self._configured = source.read()
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()
        self._due: dict[str, float] = {}
        """When a change is due, monotonic: a wall clock that is set shortens no wait."""
        self.armed: Callable[[], bool] = _nobody
        """True while some client sends on a single key."""
        self.used: Used = dict
        """How much is used of limits, by their names."""
        self.changed: list[Callable[[], None]] = []
        """Told after each change that is in force."""
        state.presets = dict(self._configured.presets)
        self._begun = self._begin()

    def _begin(self) -> tuple[list[LimitEntry], list[str]]:
        """What is in force at the start of this run; what is to be recorded and told of that."""
        record, now = self._state.limit_record, self._clock.utc()
        if record.said is None:
            self._state.limits = LimitTable(self._configured.said)
            return [LimitsBegun(said=self._state.limits.said, time=now)], []
        new = {name: value for name, value in self._configured.said.items() if name in DEFAULTS.keys() - record.said}
        self._state.limits = LimitTable({**new, **record.said})
        for one in record.waiting.values():
            # A clock that was set back lengthens no wait, nor does one that was set on shorten it within a run.
            left = min(max(one.due - now, timedelta()), WAIT)
            self._due[one.name] = self._clock.mono() + left.total_seconds()
        entries: list[LimitEntry] = [
            LimitChanged(name=name, old=None, new=value, by="a newer ibdesk", time=now) for name, value in new.items()
        ]
        found = sort_out(self._state.limits, record.waiting.values(), self._configured.said)
        self._state.limits = found.table
        entries += [self._entry(change, self._file_of(change.name)) for change in found.now]
        gone = [name for name in found.withdrawn if name not in {change.name for change in found.now}]
        entries += [LimitWithdrawn(name=name, by="the files", time=now) for name in gone]
        asked = [self._asked(change, self._file_of(change.name), from_file=True) for change in found.later]
        entries += asked
        told = [f"{_words(change)}: {self._file_of(change.name)} says so." for change in found.now]
        told += [self._waits(one.waiting) for one in asked]
        return entries, told

    def recover(self) -> None:
        """Record and tell what the start has found."""
        entries, told = self._begun
        self._take_in(entries)
        if entries:
            self._journal.append(entries)
        for text in told:
            self._tell(text, Severity.WARNING)

    async def run(self) -> None:
        """Put into force what has waited long enough, until cancelled."""
        while True:
            self._wake.clear()
            async with self._turn:
                await self._look()
            pause = self._pause()
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _pause(self) -> float | None:
        if not self._due:
            return None
        left = min(self._due.values()) - self._clock.mono()
        return left if left > 0 else ARMED_SECONDS

    async def _look(self) -> None:
        now = self._clock.mono()
        for name in [name for name, due in self._due.items() if due <= now]:
            one = self._state.limit_record.waiting.get(name)
            if one is None:
                del self._due[name]
            elif not self.armed():
                change = Change(name, self._state.limits.said.get(name), one.new)
                await self._put([change], one.by, Severity.WARNING)
                if not one.from_file:
                    await self._write(name, one.new)

    async def execute(self, command: LimitCommand, client: str, *, confirmed: bool) -> Ack:
        """Carry out one command. `confirmed`: the client may trade live, or the profile is none that is live."""
        async with self._turn:
            try:
                match command:
                    case AskLimits():
                        return Ack(ok=True, result=self.shown())
                    case SetLimit():
                        return await self._set(command, client, confirmed=confirmed)
                    case WithdrawLimit(name=name):
                        return await self._take_back(name.strip(), client)
                    case ReadLimits(word=word):
                        return await self._read(word, client, confirmed=confirmed)
            except ConfigError as error:
                return refuse(DenialCode.LIMIT, str(error))

    async def _set(self, command: SetLimit, client: str, *, confirmed: bool) -> Ack:
        name, value = await self._source.value(command.name, command.value)
        table = self._state.limits
        new = table.changed(name, value)
        change = Change(name, table.said.get(name), new.said.get(name))
        if change.old == change.new:
            if name in self._state.limit_record.waiting:
                return await self._take_back(name, client)
            return refuse(DenialCode.NOTHING_TO_CHANGE, f"{name} is {_word(change.old)} already. Nothing has changed.")
        timing = judge_change(table, new, _words(change), word=command.word, armed=self.armed(), confirmed=confirmed)
        if timing is Timing.NOW:
            await self._put([change], client, Severity.INFO)
            await self._write(name, value)
        elif timing is Timing.LATER:
            await self._ask([change], client, from_file=False)
        else:
            return Ack(ok=False, denied=timing, result=self.shown())
        return Ack(ok=True, result=self.shown())

    async def _take_back(self, name: str, client: str) -> Ack:
        if name not in self._state.limit_record.waiting:
            return refuse(
                DenialCode.NOTHING_TO_CHANGE, f"No change of {name!r} waits. `ibdesk limits` shows what does."
            )
        await self._record([LimitWithdrawn(name=name, by=client, time=self._clock.utc())])
        stays = _word(self._state.limits.said.get(name))
        self._tell(f"The change of {name} was withdrawn by {client}: it stays {stays}.", Severity.INFO)
        return Ack(ok=True, result=self.shown())

    async def _read(self, word: str, client: str, *, confirmed: bool) -> Ack:
        self._configured = await self._source.read_again()
        if self._configured.presets != self._state.presets:
            self._state.presets = dict(self._configured.presets)
            self._publisher.state(PresetsUpdated(presets=self._state.presets))
        found = sort_out(self._state.limits, self._state.limit_record.waiting.values(), self._configured.said)
        if not confirmed and (found.now or found.later or found.withdrawn):
            return Ack(ok=False, denied=unconfirmed("What the files say now"), result=self.shown())
        now = self._clock.utc()
        by = f"{client}, from the files"
        gone = [name for name in found.withdrawn if name not in {change.name for change in found.now}]
        await self._record([LimitWithdrawn(name=name, by=by, time=now) for name in gone])
        await self._put(found.now, by, Severity.INFO)
        if found.later:
            wanted = found.table
            for change in found.later:
                wanted = wanted.changed(change.name, change.new)
            what = _several(found.later)
            timing = judge_change(found.table, wanted, what, word=word, armed=self.armed(), confirmed=confirmed)
            if isinstance(timing, Timing):
                await self._ask(found.later, by, from_file=True)
            else:
                return Ack(ok=False, denied=timing, result=self.shown())
        return Ack(ok=True, result=self.shown())

    def shown(self) -> LimitsShown:
        """Every limit with its source and how much of it is used, and what waits."""
        used = self.used()
        said = self._state.limits.said
        owned = sorted(name for name in said if name not in DEFAULTS)
        names = [*LIMIT_FIELDS, *owned, *(name for name in DEFAULTS if name not in LIMIT_FIELDS)]
        return LimitsShown(
            limits=tuple(
                LimitShown(name=name, value=said[name], source=self._source_of(name), used=used.get(name))
                for name in names
            ),
            waiting=tuple(sorted(self._state.limit_record.waiting.values(), key=lambda one: one.name)),
        )

    def _source_of(self, name: str) -> str:
        configured = self._configured
        if configured.said.get(name) == self._state.limits.said.get(name):
            return configured.sources.get(name, "default")
        waits = name in self._state.limit_record.waiting
        return "as before, a change waits" if waits else "set here, the files say otherwise"

    def _file_of(self, name: str) -> str:
        """What says a limit in the files, or says nothing of it any more."""
        return self._configured.sources.get(name, "the risk file")

    async def _put(self, changes: Iterable[Change], by: str, severity: Severity) -> None:
        """Have changes count from now on, recorded or not."""
        done = list(changes)
        for change in done:
            self._state.limits = self._state.limits.changed(change.name, change.new)
        for changed in self.changed if done else ():
            changed()
        for change in done:
            self._tell(f"{_words(change)}, by the word of {by}.", severity)
        await self._record([self._entry(change, by) for change in done])

    async def _ask(self, changes: Iterable[Change], by: str, *, from_file: bool) -> None:
        """Have changes wait."""
        asked = [self._asked(change, by, from_file=from_file) for change in changes]
        await self._record(asked)
        for one in asked:
            self._tell(self._waits(one.waiting), Severity.WARNING)

    async def _record(self, entries: Sequence[LimitEntry]) -> None:
        """Into what is known at once, and durable before anybody is answered."""
        if not entries:
            return
        self._take_in(entries)
        try:
            await self._journal.commit(entries)
        except JournalError as error:
            # It counts all the same; that nothing can be written is told by the journal's own alarm.
            log.warning("a change of limits may not have been recorded: %s", error)

    def _take_in(self, entries: Sequence[LimitEntry]) -> None:
        for entry in entries:
            self._state.limit_record.apply(entry)
            if isinstance(entry, LimitAsked):
                self._due[entry.waiting.name] = self._clock.mono() + WAIT.total_seconds()
            elif isinstance(entry, LimitChanged | LimitWithdrawn):
                self._due.pop(entry.name, None)
        self._wake.set()

    async def _write(self, name: str, value: str | None) -> None:
        """Into the risk file; where that fails the journal alone has it, and the next start compares with the file."""
        try:
            await self._source.write(name, value)
            self._configured = await self._source.read_again()
        except ConfigError as error:
            text = f"{name} counts, but no file says so: {error} The next start compares with the files."
            self._tell(text, Severity.WARNING)

    def _entry(self, change: Change, by: str) -> LimitChanged:
        return LimitChanged(name=change.name, old=change.old, new=change.new, by=by, time=self._clock.utc())

    def _asked(self, change: Change, by: str, *, from_file: bool) -> LimitAsked:
        now = self._clock.utc()
        old = change.old or self._general(change.name)
        waiting = LimitWaiting(
            name=change.name, old=old, new=change.new, by=by, asked=now, due=now + WAIT, from_file=from_file
        )
        return LimitAsked(waiting=waiting)

    def _general(self, name: str) -> str:
        """What counts for a symbol or an account that says nothing of its own."""
        known = name_of(name)
        return "" if known is None else self._state.limits.said[known.field]

    def _waits(self, one: LimitWaiting) -> str:
        minutes = WAIT.seconds // 60
        return (
            f"{one.name} goes from {one.old} to {_word(one.new)} in {minutes} minutes, as {one.by} wants. "
            f"`ibdesk limits withdraw {one.name}` keeps it as it is."
        )

    def _tell(self, text: str, severity: Severity) -> None:
        self._publisher.facts([incident(self._state, self._clock, text, severity)])


def _word(value: str | None) -> str:
    return "what counts for all" if value is None else value


def _words(change: Change) -> str:
    return f"{change.name} from {_word(change.old)} to {_word(change.new)}"


def _several(changes: list[Change]) -> str:
    more = f" and {len(changes) - _NAMED} more" if len(changes) > _NAMED else ""
    return ", ".join(map(_words, changes[:_NAMED])) + more
