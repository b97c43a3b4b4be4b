"""Control 28: what is tighter counts at once; what is looser asks for a word, waits, and is refused while armed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import Enum
from itertools import product
from typing import NamedTuple

from core.domain.denials import Denial, DenialCode
from core.domain.limit_changes import LimitWaiting
from core.domain.limit_table import LIMIT_FIELDS, PERMISSION_FIELDS, LimitTable, loosens_text
from core.risk.circumstances import deny

WORD = "loosen"
"""What a person types to have a looser limit."""
WAIT = timedelta(minutes=10)
"""From the asking, or from the start of core for what was read from a file, until a looser limit is in force."""


class Timing(Enum):
    """When a change takes effect."""

    NOW = "now"
    LATER = "later"


class Change(NamedTuple):
    """One value."""

    name: str
    old: str | None
    """None: a symbol or an account said nothing of its own."""
    new: str | None
    """None: it says nothing any more."""


def loosens(old: LimitTable, new: LimitTable) -> bool:
    """True if some order of some symbol and account passes by `new` that does not pass by `old`."""
    said = ((field, f"permissions.{field}") for field in PERMISSION_FIELDS)
    if any(loosens_text(field, old.said[name], new.said[name]) for field, name in said):
        return True
    symbols, accounts = {"", *old.symbols, *new.symbols}, {"", *old.accounts, *new.accounts}
    pairs = ((old.texts(*where), new.texts(*where)) for where in product(symbols, accounts))
    return any(loosens_text(field, before[field], after[field]) for before, after in pairs for field in LIMIT_FIELDS)


def unconfirmed(what: str) -> Denial:
    """The denial of any change by a client that may not trade live: the way back from a tighter limit takes a while."""
    return deny(
        DenialCode.LIVE_NOT_CONFIRMED,
        f"{what} is a change of limits, which a live profile takes from a confirmed desk alone. Nothing has changed. "
        "Type the live phrase at a desk, and ask there.",
    )


def judge_change(
    old: LimitTable, new: LimitTable, what: str, *, word: str, armed: bool, confirmed: bool
) -> Timing | Denial:
    """When `new` may take the place of `old`, or why it may not; `what` names the change, for a person.

    `word` is what was typed. `armed`: some client sends on a single key. `confirmed`: the client may trade live, or
    the profile is none that is live.
    """
    if not confirmed:
        return unconfirmed(what)
    if not loosens(old, new):
        return Timing.NOW
    if armed:
        return deny(
            DenialCode.LIMIT,
            f"{what} lets more through, and a desk is armed. Nothing has changed. Disarm it (Esc), then ask again.",
        )
    if " ".join(word.split()).lower() != WORD:
        return deny(
            DenialCode.LIMIT_LOOSENS,
            f"{what} lets more through. Type {WORD} to have it in {WAIT.seconds // 60} minutes.",
        )
    return Timing.LATER


class Sorted(NamedTuple):
    """What becomes of limits that were read anew."""

    table: LimitTable
    """In force from now on."""
    now: list[Change]
    """What made it so, in order; it lets nothing more through."""
    later: list[Change]
    """What would let more through."""
    withdrawn: list[str]
    """Names of changes that waited and are wanted no more."""


def sort_out(table: LimitTable, waiting: Iterable[LimitWaiting], wanted: Mapping[str, str]) -> Sorted:
    """Compare what is in force with what files say: `wanted` holds every value that they have or leave to defaults.

    A change that waits stays as it is while the files say the same, or nothing new of it.
    """
    held = {one.name: one for one in waiting}
    differs = [name for name in sorted({*table.said, *wanted}) if table.said.get(name) != wanted.get(name)]
    withdrawn = [name for name, one in held.items() if one.from_file and name not in differs]
    rest = [name for name in differs if name not in held or held[name].new != wanted.get(name)]
    now: list[Change] = []
    passed = True
    while passed:
        passed = False
        for name in tuple(rest):
            changed = table.changed(name, wanted.get(name))
            if not loosens(table, changed):
                now.append(Change(name, table.said.get(name), wanted.get(name)))
                table, passed = changed, True
                rest.remove(name)
    withdrawn += [change.name for change in now if change.name in held]
    return Sorted(table, now, [Change(name, table.said.get(name), wanted.get(name)) for name in rest], withdrawn)
