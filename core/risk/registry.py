"""Every control of one order by its number, with the words and settings that belong to it: `CONTROLS`.

The numbers are those of `core.risk.numbers`; several checks may share one. What guards trading without being a check
of one order stands in `core.risk.guards`. `python -m core.risk.controls_page` writes README.md from both.
"""

from __future__ import annotations

from msgspec import Struct

from core.domain.commands import DenialCode
from core.risk import (
    basics,
    budgets,
    exposure,
    fat_finger,
    instructions,
    margin,
    permissions,
    portfolio,
    prices,
    repeats,
    sessions,
    short_sale,
    throttle,
    value,
    walking,
)
from core.risk.circumstances import Control


class Rule(Struct, frozen=True, kw_only=True):
    """One check of one order, and what a person should know of it."""

    number: int
    """Of the control that it belongs to, 1 to 28."""
    name: str
    """In a few words, unique."""
    codes: tuple[DenialCode, ...]
    """Those with which it refuses; never empty."""
    settings: tuple[str, ...] = ()
    """The fields of `core.domain.limits.Limits` by which it judges; empty if it has none."""
    sentence: str
    """What it keeps an order from, for a trader."""
    check: Control
    """Pure, and as quick with ten thousand working orders as with none."""


CONTROLS: tuple[Rule, ...] = (
    Rule(
        number=22,
        name="Texts that can be sent",
        codes=(DenialCode.BAD_COMMAND,),
        sentence="Reference and account are there and printable ASCII: anything else would shift what IBKR reads; "
        "tag and strategy are short and printable, an arrival price is a number.",
        check=basics.sendable,
    ),
    Rule(
        number=24,
        name="Account",
        codes=(DenialCode.ACCOUNT,),
        sentence="Every order names an account that this connection verified.",
        check=basics.verified_account,
    ),
    Rule(
        number=18,
        name="Qualified contract",
        codes=(DenialCode.UNKNOWN_INSTRUMENT, DenialCode.INCOMPLETE),
        sentence="The contract was found at IBKR first: its ticks, sizes and multiplier are known, none is a guess.",
        check=basics.qualified,
    ),
    Rule(
        number=18,
        name="Permissions",
        codes=(DenialCode.PERMISSION,),
        sentence="Symbol, class, exchange, currency and account are ones that the profile's lists let through; what at "
        "most closes a position passes all but the account's.",
        check=permissions.permitted,
    ),
    Rule(
        number=18,
        name="No short sales",
        codes=(DenialCode.PERMISSION,),
        sentence="Where `permissions.short` is false, nothing is sold that is not held.",
        check=permissions.not_short,
    ),
    Rule(
        number=1,
        name="Order quantity",
        codes=(DenialCode.QUANTITY, DenialCode.QUANTITY_MAX),
        settings=("order_quantity",),
        sentence="The quantity is a number above 0 in steps that the contract takes, and within the limit of an order; "
        "that one holds back no closing order that core computed itself.",
        check=basics.quantity,
    ),
    Rule(
        number=20,
        name="Reducing only",
        codes=(DenialCode.REDUCING, DenialCode.DAILY_LOSS),
        settings=("daily_loss",),
        sentence="While only reducing orders leave, none may turn a position, the other exits counted that wait for no "
        "stop and are in no group; one that works may be moved.",
        check=exposure.reduce_only,
    ),
    Rule(
        number=6,
        name="Turn on the wire",
        codes=(DenialCode.THROTTLED,),
        settings=("queue_seconds",),
        sentence="No order or change is queued for long at IBKR's pace, but what closes a position past KILL; cancels "
        "have a lane of their own before it.",
        check=throttle.leaves_soon,
    ),
    Rule(
        number=22,
        name="Type and time in force",
        codes=(DenialCode.ORDER_TYPE, DenialCode.TIF),
        sentence="Type and time in force are ones that ibdesk sends, that go together and that the contract takes.",
        check=instructions.known_type,
    ),
    Rule(
        number=22,
        name="Prices that belong to the type",
        codes=(DenialCode.PRICE_MISSING, DenialCode.PRICE_NOT_TAKEN),
        sentence="Each price that the type needs is there, and no other.",
        check=prices.fitting,
    ),
    Rule(
        number=3,
        name="Prices on a tick",
        codes=(DenialCode.PRICE, DenialCode.TICK),
        sentence="Each price is a number above 0 on a tick of the contract, each distance a number of ticks.",
        check=prices.takeable,
    ),
    Rule(
        number=22,
        name="Times",
        codes=(DenialCode.TIME,),
        sentence="Times have a zone and lie ahead; an end date stands exactly with GTD.",
        check=instructions.times,
    ),
    Rule(
        number=22,
        name="Instructions that the contract takes",
        codes=(DenialCode.INSTRUCTION,),
        sentence="Every instruction is one that the contract's details list.",
        check=instructions.listed_instructions,
    ),
    Rule(
        number=22,
        name="Iceberg",
        codes=(DenialCode.INSTRUCTION,),
        sentence="The shown part of an iceberg is a size of its own, smaller than the whole.",
        check=instructions.shown_size,
    ),
    Rule(
        number=22,
        name="OCA group",
        codes=(DenialCode.INSTRUCTION,),
        sentence="A group has a name that can be sent; what is attached to an order needs none.",
        check=instructions.group,
    ),
    Rule(
        number=22,
        name="Conditions",
        codes=(DenialCode.INSTRUCTION,),
        sentence="Every condition names what it watches, in numbers and texts that can be sent.",
        check=instructions.conditions,
    ),
    Rule(
        number=22,
        name="Algorithm",
        codes=(DenialCode.INSTRUCTION, DenialCode.TIF, DenialCode.TIME),
        sentence="An algorithm stands with a type, a class and a time in force that it works for, in range.",
        check=instructions.algorithm,
    ),
    Rule(
        number=21,
        name="Last trade day",
        codes=(DenialCode.EXPIRED,),
        sentence="The contract still trades.",
        check=sessions.unexpired,
    ),
    Rule(
        number=21,
        name="Session and halt",
        codes=(DenialCode.CLOSED, DenialCode.HALTED_MARKET),
        sentence="Market orders, IOC and FOK meet an open market that is not halted; what rests by its type waits.",
        check=sessions.in_session,
    ),
    Rule(
        number=3,
        name="Stop on its side of the market",
        codes=(DenialCode.TRIGGERS_NOW,),
        sentence="A stop lies beyond the market and a touch price before it: IBKR would start either at once.",
        check=prices.untriggered,
    ),
    Rule(
        number=3,
        name="Collar",
        codes=(DenialCode.NO_REFERENCE, DenialCode.COLLAR),
        settings=("price_band_percent",),
        sentence="No price reaches too far through the market or its stop; without a quote nothing is sent.",
        check=prices.collared,
    ),
    Rule(
        number=2,
        name="Order value",
        codes=(DenialCode.NO_RATE, DenialCode.NO_VALUE, DenialCode.VALUE_MAX),
        settings=("order_value",),
        sentence="Quantity times price times multiplier times exchange rate is within the limit of an order; "
        "that one holds back no closing order that core computed itself.",
        check=value.within_value,
    ),
    Rule(
        number=8,
        name="Open orders",
        codes=(DenialCode.OPEN_ORDERS,),
        settings=("open_orders_side", "open_orders"),
        sentence="No more orders work on a side of an instrument, and in the account, than may; what only closes "
        "passes the second and has a few places more on its side.",
        check=exposure.within_open_orders,
    ),
    Rule(
        number=9,
        name="Unexecuted value",
        codes=(DenialCode.UNEXECUTED_MAX, DenialCode.NO_VALUE, DenialCode.NO_RATE),
        settings=("unexecuted_value",),
        sentence="All that may still trade is worth no more than it may be, orders in doubt and of other clients "
        "included; what only closes passes.",
        check=exposure.within_unexecuted,
    ),
    Rule(
        number=10,
        name="Position",
        codes=(DenialCode.POSITION_MAX, DenialCode.NOT_RECONCILED, DenialCode.NO_VALUE, DenialCode.NO_RATE),
        settings=("position_quantity", "position_value"),
        sentence="If everything filled that works on its side, the position would be no larger than it may be.",
        check=exposure.within_position,
    ),
    Rule(
        number=10,
        name="Whole portfolio",
        codes=(DenialCode.PORTFOLIO_MAX, DenialCode.NO_VALUE),
        settings=("portfolio_risk",),
        sentence="All positions of the account together, long and short alike, stay within a part of its net "
        "liquidation if everything filled that works; what at most closes one passes.",
        check=portfolio.within_portfolio,
    ),
    Rule(
        number=11,
        name="Margin",
        codes=(DenialCode.MARGIN, DenialCode.NO_MARGIN, DenialCode.NO_VALUE, DenialCode.NO_RATE),
        settings=("margin_percent",),
        sentence="What it could take is free, by the last what-if's rate, else by its whole value; what closes passes.",
        check=margin.within_margin,
    ),
    Rule(
        number=4,
        name="Collar over a period",
        codes=(DenialCode.WALKED,),
        settings=("walk_percent", "walk_seconds"),
        sentence="No price further than the limit from where the first order of the last seconds met the market.",
        check=walking.near_the_first,
    ),
    Rule(
        number=13,
        name="Budgets of the day",
        codes=(DenialCode.DAY_ORDERS, DenialCode.DAY_TRADES, DenialCode.DAY_VALUE),
        settings=("day_orders", "day_trades", "day_value"),
        sentence="Orders, trades and order value of an account on one trading day; what reduces a position passes.",
        check=budgets.within_day,
    ),
    Rule(
        number=7,
        name="Repeated automated orders",
        codes=(DenialCode.SCRIPT_DISABLED,),
        settings=("script_repeats",),
        sentence="A script that sent so many orders of one kind sends none, and makes none larger or more aggressive, "
        "until a person at a desk enables it.",
        check=repeats.enabled_script,
    ),
    Rule(
        number=14,
        name="Usual quantity",
        codes=(DenialCode.UNUSUAL_QUANTITY,),
        settings=("unusual_times",),
        sentence="A quantity of many times the usual one of the instrument is typed once more.",
        check=fat_finger.usual_quantity,
    ),
    Rule(
        number=14,
        name="Usual value",
        codes=(DenialCode.UNUSUAL_VALUE,),
        settings=("unusual_value_percent",),
        sentence="For a value near the limit of an order the quantity is typed once more.",
        check=fat_finger.usual_value,
    ),
    Rule(
        number=5,
        name="Duplicate order",
        codes=(DenialCode.DUPLICATE,),
        settings=("duplicate_seconds",),
        sentence="The same order within seconds: the quantity is typed once more; a script must say that it means it.",
        check=repeats.once_only,
    ),
    Rule(
        number=5,
        name="Repeats by a key",
        codes=(DenialCode.REPEATED,),
        sentence="After five repeats within ten seconds the quantity is typed once more.",
        check=repeats.few_repeats,
    ),
    Rule(
        number=19,
        name="Short sale",
        codes=(DenialCode.SHORT_SALE,),
        settings=("ask_short",),
        sentence="A sale that opens a short position or turns a long one needs its word, or the quantity once more.",
        check=short_sale.meant_short,
    ),
)
"""In the order in which a person would want to hear of them. All of them run on every order; none can be left out."""
