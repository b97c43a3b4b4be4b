"""What guards trading without being a check of one order, by its number: `GUARDS`."""

from __future__ import annotations

from msgspec import Struct

from core.domain.commands import DenialCode


class Guard(Struct, frozen=True, kw_only=True):
    """One guard, and what a person should know of it."""

    number: int
    """Of the control that it belongs to, 1 to 28."""
    name: str
    """In a few words, unique."""
    codes: tuple[DenialCode, ...] = ()
    """Those with which orders are refused because of it; empty if it refuses none."""
    settings: tuple[str, ...] = ()
    """The settings by which it decides, with dots; empty if it has none."""
    sentence: str
    """What it does, for a trader."""
    decides: str
    """The function that decides it, as `core.room.module:Name.name`: rooms above this one can't be imported here."""


GUARDS: tuple[Guard, ...] = (
    Guard(
        number=25,
        name="Connected, reconciled, recorded",
        codes=(
            DenialCode.READ_ONLY,
            DenialCode.HALTED,
            DenialCode.JOURNAL_TAIL_LOST,
            DenialCode.JOURNAL_BUSY,
            DenialCode.NOT_RECONCILED,
            DenialCode.NOT_CONNECTED,
        ),
        settings=("readonly",),
        sentence="New orders and changes wait until the books at IBKR are read and the journal takes them; cancels "
        "pass always.",
        decides="core.execution.orders:OrderDesk.gate",
    ),
    Guard(
        number=20,
        name="Overtaken while it was recorded",
        codes=(DenialCode.REDUCING, DenialCode.DAILY_LOSS),
        settings=("limits.daily_loss",),
        sentence="What opens and has not left yet when trading is reduced to closing is held back, or taken back.",
        decides="core.execution.reducing:why_not_reducing",
    ),
    Guard(
        number=28,
        name="Looser limits wait",
        sentence="A tighter limit counts at once. A looser one asks for a word, waits ten minutes, can be withdrawn, "
        "is refused while a desk is armed, and in live is taken from a confirmed desk alone.",
        decides="core.risk.limit_changes:judge_change",
    ),
    Guard(
        number=28,
        name="Limits are changed on record",
        sentence="Every change stands in the journal with old and new value, who asked and when; files that were "
        "edited while core was stopped are compared with that.",
        decides="core.execution.limit_keeper:LimitKeeper.execute",
    ),
    Guard(
        number=26,
        name="Changes are judged as new orders",
        codes=(DenialCode.REVISION, DenialCode.NOT_LIVE, DenialCode.NOTHING_TO_CHANGE),
        sentence="Every control judges what a change would leave, with the old terms left out; until IBKR answers, the "
        "worse of both counts.",
        decides="core.execution.orders:OrderDesk.modify",
    ),
)
"""By their owners, in no order that matters."""
