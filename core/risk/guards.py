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
        number=23,
        name="Your own user",
        sentence="Core's socket is yours alone (0600, in a folder of 0700), and whoever is at its other end must run "
        "as the same user; nothing listens beyond this machine.",
        decides="core.link.peer:Peer.connection_made",
    ),
    Guard(
        number=23,
        name="Verified and pinned accounts",
        codes=(DenialCode.ACCOUNT, DenialCode.NOT_CONNECTED),
        settings=("mode", "account"),
        sentence="Every account behind a connection must be a paper one, or in live the pinned one alone, or it is "
        "cut; looked at again with each message about accounts and each order's frame.",
        decides="core.risk.live_guard:verify_accounts",
    ),
    Guard(
        number=23,
        name="Live phrase and grants",
        codes=(DenialCode.LIVE_NOT_CONFIRMED,),
        settings=("mode", "account"),
        sentence="A live profile takes orders from desks where a person has typed the phrase, and from scripts granted "
        "there by name. Both end with the connection, a grant also with ten minutes without an order.",
        decides="core.execution.authority:AuthorityKeeper.why_not",
    ),
    Guard(
        number=23,
        name="Armed",
        settings=("mode",),
        sentence="One desk at a time may send by one key: in live by the phrase, until two minutes pass without a key, "
        "else ten; it ends with the connection, a sleep of the computer, KILL and Esc.",
        decides="core.execution.authority:AuthorityKeeper.armed",
    ),
    Guard(
        number=23,
        name="Read-only on the wire",
        codes=(DenialCode.READ_ONLY,),
        settings=("readonly",),
        sentence="Of a read-only profile every frame is compared with those that only read, where frames leave; any "
        "other stays, and an alarm says so.",
        decides="core.broker.reading:refused",
    ),
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
        "and is refused while a desk is armed. In live both are taken from a confirmed desk alone.",
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
    Guard(
        number=12,
        name="Daily loss",
        codes=(DenialCode.REDUCING, DenialCode.DAILY_LOSS),
        settings=("limits.daily_loss",),
        sentence="Once the day's loss reaches it, only what reduces a position leaves until the trading day ends, over "
        "restarts too; while the profit is not known nothing opens.",
        decides="core.risk.daily_loss:judge_loss",
    ),
    Guard(
        number=15,
        name="Kill switch",
        codes=(DenialCode.HALTED,),
        sentence="F9, Ctrl+\\, :kill or `ibdesk kill` block every new order at once, then cancel; without a connection "
        "or a disk too. Only a typed word ends it.",
        decides="core.execution.kill:KillSwitch.pull",
    ),
    Guard(
        number=15,
        name="Close all past KILL",
        codes=(DenialCode.REDUCING,),
        sentence="By a typed word at KILL's panel every position is closed: one order a position, once nothing else "
        "works on its side; without a live quote at the market, which is said.",
        decides="core.execution.close_all:CloseEverything.ask",
    ),
    Guard(
        number=16,
        name="ACTIVE, REDUCING, HALTED",
        codes=(DenialCode.REDUCING, DenialCode.HALTED, DenialCode.JOURNAL_TAIL_LOST),
        sentence="What reduces trading or halts it adds up, is recorded, and ends each in its own way. Cancels pass "
        "always; scripts are held to it as desks are.",
        decides="core.execution.halting:Halting.reduce",
    ),
    Guard(
        number=16,
        name="Breakers on orders and on the connection",
        codes=(DenialCode.REDUCING,),
        settings=("limits.breaker_failures", "limits.breaker_seconds", "limits.breaker_pause"),
        sentence="After too many refusals, unanswered orders or lost connections only reducing orders leave, until a "
        "pause has passed without another and one attempt succeeds.",
        decides="core.risk.breaker:Breaker.failed",
    ),
    Guard(
        number=17,
        name="No cancel on disconnect",
        sentence="IBKR does not offer it: orders go on working while ibdesk is cut off, and the connection pane says "
        "so. Protect positions by stops that rest at IBKR, and let entries end with DAY or GTD.",
        decides="core.domain.connection:on_disconnect",
    ),
    Guard(
        number=27,
        name="Fills against positions",
        sentence="At each reading of the books the positions that the fills make are compared with those that IBKR "
        "tells; a difference is told by name, and no fill is made up for it.",
        decides="core.execution.holdings:Holdings.read",
    ),
)
"""By their owners, in no order that matters."""
