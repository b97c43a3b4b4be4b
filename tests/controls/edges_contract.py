"""Edges of what may be ordered, when and for whom: controls 18, 21, 22 beside its numbers, and 24."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from core.domain.commands import Combine, Qualified, Watch
from core.domain.instructions import Conditions, Oca, PctVol, PriceCondition
from core.domain.instruments import ComboLeg
from core.domain.orders import OrderType, Side, TimeInForce
from core.domain.permissions import Permissions
from core.ids import mint_order_ref
from core.practice.chains import Chains
from core.practice.tables_out import MANAGED_ACCOUNTS
from tests.controls.cells import ACCEPTED, NO_FIELD, Edge, NotApplicable
from tests.controls.plane_door import Answer
from tests.controls.spot import AAPL, STAGE, Case, Door, Spot, Way
from tests.warp.loop import warp_loop

D = Decimal
MSFT = 272093
"""Known to IBKR; core has never asked for it."""
NOWHERE = 999_999_999
_SAME_CONTRACT = NotApplicable("a change keeps contract and account: ModifyOrder has no field for either")
_AS_PLACED = NotApplicable("a change keeps it: ModifyOrder has no field for it")
ABOVE = D("300.00")
"""A price at which a sale rests."""


async def of_contract(spot: Spot) -> Answer:
    """A contract that core qualified, one that only IBKR knows, one that nobody knows."""
    await spot.base()
    return await spot.ask(con_id=spot.pick(AAPL, MSFT, NOWHERE))


async def listed(spot: Spot) -> Answer:
    """A person has put symbols on the list of forbidden ones, or AAPL on both lists."""
    await spot.base()
    if spot.case is Case.OUTSIDE:
        await spot.tighten("permissions.allowed_symbols", "AAPL")
    await spot.tighten("permissions.forbidden_symbols", spot.pick("AAPLX, AAP", "AAPL", "AAPL"))
    return await spot.ask(limit_price=D("99.00"))


async def closing_what_is_forbidden(spot: Spot) -> Answer:
    """10 are held when the symbol is forbidden; so many are sold."""
    await spot.hold(10)
    await spot.base(side=Side.SELL, quantity=D(5), limit_price=ABOVE)
    await spot.tighten("permissions.forbidden_symbols", "AAPL")
    return await spot.ask(quantity=spot.number)


async def sale_of_ten(spot: Spot) -> Answer:
    """10 are held; so many are sold."""
    await spot.hold(10)
    await spot.base(side=Side.SELL, quantity=D(5), limit_price=ABOVE)
    return await spot.ask(quantity=spot.number)


async def by_the_close(spot: Spot) -> Answer:
    """What must trade at once, so many seconds after 16:00 in New York."""
    await spot.base()
    closes = warp_loop().time() + (_CLOSE - spot.floor.clock.utc()).total_seconds()
    await spot.at(closes + float(spot.text))
    return await spot.ask(tif=TimeInForce.IOC)


async def by_the_last_day(spot: Spot) -> Answer:
    """A call that trades until Friday, so many seconds after Friday's end in New York."""
    chains: Chains = spot.floor.gateway.hub.catalogue.chains
    day = f"{_LAST_DAY:%Y%m%d}"
    con_id = min(one.con_id for one in chains.options(AAPL).values() if one.last_trade_date == day and one.right == "C")
    assert (await spot.desk.send(Watch(con_id=con_id))).ok
    await spot.until(lambda: any(one.con_id == con_id and one.tradable for one in spot.floor.snapshot.quotes))
    await spot.base(con_id=con_id, limit_price=D("0.05"), tif=TimeInForce.GTC)
    # The gateway lists no option on its last day: a day of the wall clock is left out.
    spot.floor.clock.put_on(timedelta(days=1))
    ends = warp_loop().time() + (_MIDNIGHT - spot.floor.clock.utc()).total_seconds()
    await spot.at(ends + float(spot.text))
    return await spot.ask(limit_price=D("0.10"))


async def type_and_time(spot: Spot) -> Answer:
    """A limit order, one with the time in force of an auction that it can't have, a type that ibdesk does not send."""
    await spot.base()
    terms: dict[str, object] = spot.pick(
        {"tif": TimeInForce.GTC}, {"tif": TimeInForce.OTHER}, {"order_type": OrderType.OTHER}
    )
    return await spot.ask(terms)


async def prices_of_the_type(spot: Spot) -> Answer:
    """A stop-limit with both prices, a stop without one, a limit order with a stop."""
    await spot.base()
    stop, limit = D("300.00"), D("310.00")
    terms: dict[str, object] = spot.pick(
        {"order_type": OrderType.STP_LMT, "stop_price": stop, "limit_price": limit},
        {"order_type": OrderType.STP, "limit_price": None},
        {"stop_price": stop},
    )
    return await spot.ask(terms)


async def until_then(spot: Spot) -> Answer:
    """Good until so many seconds from now."""
    await spot.base()
    await spot.whole_second()
    return await spot.ask(tif=TimeInForce.GTD, good_till=spot.floor.clock.utc() + timedelta(seconds=float(spot.text)))


async def taken_until(spot: Spot) -> Answer:
    """To be taken until so many seconds from now."""
    await spot.base()
    await spot.whole_second()
    return await spot.ask(said={"not_after": spot.floor.clock.utc() + timedelta(seconds=float(spot.text))})


async def reference(spot: Spot) -> Answer:
    """A reference that ends with the last printable character of ASCII, with the one behind it, with one beyond."""
    await spot.base()
    ref = mint_order_ref(spot.desk.client.instance)
    return await spot.ask(order_ref=ref[:-1] + spot.pick("~", "\x7f", "é"))


async def for_account(spot: Spot) -> Answer:
    """The account that was verified, the next number, none."""
    await spot.base()
    return await spot.ask(account=spot.pick(spot.account, f"{spot.account[:-1]}8", ""))


async def login_within(spot: Spot) -> Answer:
    """The gateway says within the connection which accounts it manages: the same, one more, another one alone."""
    account = spot.account
    await spot.base(account=account)
    other = f"{account[:-1]}8"
    said = spot.pick([account], [account, other], [other])
    for session in spot.floor.gateway.hub.clients.values():
        session.send(MANAGED_ACCOUNTS.encode({"accounts": ",".join(said)}))
    spot.floor.gateway.hub.end_turn()
    await spot.sleep(0.01)
    return await spot.ask(limit_price=D("99.00"))


async def iceberg(spot: Spot) -> Answer:
    """So many of 10 are shown."""
    await spot.base(quantity=D(10))
    return await spot.ask(display_size=spot.number)


async def instruction(spot: Spot) -> Answer:
    """An iceberg of a stock, a combination, an iceberg of that, of which details list none."""
    con_id, price = AAPL, D("50.00")
    if spot.case is not Case.INSIDE:
        chains: Chains = spot.floor.gateway.hub.catalogue.chains
        calls = sorted(one.con_id for one in chains.options(AAPL).values() if one.right == "C")[:2]
        made = await spot.desk.send(Combine(legs=tuple(map(_leg, calls, (1, -1)))))
        assert isinstance(made.result, Qualified), made.denied
        con_id, price = made.result.instrument.con_id, D("0.05")
        await spot.until(lambda: any(one.con_id == con_id and one.tradable for one in spot.floor.snapshot.quotes))
    await spot.base(con_id=con_id, quantity=D(3), limit_price=price)
    return await spot.ask(quantity=D(2), display_size=spot.pick(D(1), None, D(1)))


def _leg(con_id: int, ratio: int) -> ComboLeg:
    return ComboLeg(con_id=con_id, ratio=ratio)


async def in_group(spot: Spot) -> Answer:
    """A group whose name ends with the last printable character of ASCII, with the one behind it, without a name."""
    await spot.base()
    return await spot.ask(oca=Oca(group=spot.pick("exits~", "exits\x7f", "")))


async def on_condition(spot: Spot) -> Answer:
    """A condition on the contract of the lowest number there can be, on none, on one below."""
    await spot.base()
    watched = PriceCondition(con_id=spot.count, price=D("250.00"), above=True)
    return await spot.ask(conditions=Conditions(items=(watched,)))


async def by_algorithm(spot: Spot) -> Answer:
    """So many per cent of the volume."""
    await spot.base()
    return await spot.ask(algo=PctVol(percent=spot.number))


_OPENED = datetime(2024, 11, 15, 20, 59, 50, tzinfo=UTC)
_CLOSE = datetime(2024, 11, 15, 21, 0, tzinfo=UTC)
"""16:00 in New York."""
_LAST_DAY = datetime(2024, 11, 15, tzinfo=UTC)
_MIDNIGHT = datetime(2024, 11, 16, 5, 0, tzinfo=UTC)
"""The end of that day in New York."""

EDGES = (
    Edge(
        18,
        "Qualified contract",
        "found at IBKR by core",
        (str(AAPL), f"{MSFT}, known to IBKR alone", str(NOWHERE)),
        of_contract,
        (ACCEPTED, "UNKNOWN_INSTRUMENT", "UNKNOWN_INSTRUMENT"),
        differs={
            Way.MODIFY: _SAME_CONTRACT,
            # The order plane has core find it first.
            Door.PLANE: (ACCEPTED, ACCEPTED, "UNKNOWN_INSTRUMENT"),
        },
    ),
    Edge(
        18,
        "Permissions",
        "forbidden_symbols, an order in AAPL; one letter",
        ("AAPLX and AAP forbidden", "AAPL forbidden", "forbidden and allowed"),
        listed,
        (ACCEPTED, "PERMISSION", "PERMISSION"),
    ),
    Edge(
        18,
        "Permissions",
        "what at most closes the 10 held of a forbidden symbol passes; one share",
        ("9", "10", "11"),
        closing_what_is_forbidden,
        (ACCEPTED, ACCEPTED, "PERMISSION"),
    ),
    Edge(
        18,
        "No short sales",
        "permissions.short = false, 10 held; one share",
        ("9", "10", "11"),
        sale_of_ten,
        (ACCEPTED, ACCEPTED, "PERMISSION"),
        permissions=Permissions(short=False),
    ),
    Edge(
        21,
        "Session and halt",
        "open until 16:00; IOC, seconds after that",
        ("-0.001", "0", "0.001"),
        by_the_close,
        (ACCEPTED, "CLOSED", "CLOSED"),
        stage=replace(STAGE, hours="exchange", start=_OPENED),
    ),
    Edge(
        21,
        "Last trade day",
        "an option's last day in New York; seconds after its midnight",
        ("-0.001", "0", "0.001"),
        by_the_last_day,
        (ACCEPTED, "EXPIRED", "EXPIRED"),
        stage=replace(STAGE, start=_MIDNIGHT - timedelta(days=1, seconds=10)),
    ),
    Edge(
        22,
        "Type and time in force",
        "what ibdesk sends",
        ("LMT GTC", "LMT with a time of others", "a type of others"),
        type_and_time,
        (ACCEPTED, "TIF", "ORDER_TYPE"),
        differs={Door.PLANE: (ACCEPTED, "INTENT", "INTENT")},
    ),
    Edge(
        22,
        "Prices that belong to the type",
        "each price of the type, and no other",
        ("STP LMT with both", "STP without a stop", "LMT with a stop"),
        prices_of_the_type,
        (ACCEPTED, "PRICE_MISSING", "PRICE_NOT_TAKEN"),
        differs={Door.PLANE: (ACCEPTED, "INTENT", "INTENT")},
    ),
    Edge(
        22,
        "Times",
        "GTD ends after now; seconds",
        ("0.001", "0", "-0.001"),
        until_then,
        (ACCEPTED, "TIME", "TIME"),
        differs={Door.PLANE: NO_FIELD},
    ),
    Edge(
        22,
        "Times",
        "not taken after the time that its sender says; seconds",
        ("0.001", "0", "-0.001"),
        taken_until,
        (ACCEPTED, ACCEPTED, "TIME"),
        differs={
            Way.MODIFY: NotApplicable("ModifyOrder says no time until which it may be taken"),
            Door.PLANE: NotApplicable("the order plane says it itself, by the clock on the wall"),
        },
    ),
    Edge(
        22,
        "Texts that can be sent",
        "printable ASCII ends with 0x7E; the last character of the reference",
        ("0x7E", "0x7F", "0xE9"),
        reference,
        (ACCEPTED, "BAD_COMMAND", "BAD_COMMAND"),
        differs={
            Way.MODIFY: NotApplicable("a change sends no text of its own: reference and account stay"),
            Door.PLANE: NotApplicable("the order plane makes the reference of the intent's identity"),
        },
    ),
    Edge(
        22,
        "Iceberg",
        "less than the whole 10 shown; one share",
        ("9", "10", "11"),
        iceberg,
        (ACCEPTED, "INSTRUCTION", "INSTRUCTION"),
        differs={Door.PLANE: NO_FIELD},
    ),
    Edge(
        22,
        "Instructions that the contract takes",
        "details list ICE for stocks, not for combinations",
        ("a stock with 1 of 2 shown", "a combination", "a combination with 1 of 2 shown"),
        instruction,
        (ACCEPTED, ACCEPTED, "INSTRUCTION"),
        differs={Door.PLANE: NO_FIELD},
    ),
    Edge(
        22,
        "OCA group",
        "a name in printable ASCII",
        ("exits~ (0x7E)", "exits with 0x7F", "no name"),
        in_group,
        (ACCEPTED, "BAD_COMMAND", "INSTRUCTION"),
        differs={Way.MODIFY: _AS_PLACED, Door.PLANE: NO_FIELD},
    ),
    Edge(
        22,
        "Conditions",
        "on a contract with a number above 0; one",
        ("1", "0", "-1"),
        on_condition,
        (ACCEPTED, "INSTRUCTION", "INSTRUCTION"),
        differs={Way.MODIFY: _AS_PLACED, Door.PLANE: NO_FIELD},
    ),
    Edge(
        22,
        "Algorithm",
        "PctVol takes 1 to 50 % of the volume; a hundredth of a per cent",
        ("49.99", "50", "50.01"),
        by_algorithm,
        (ACCEPTED, ACCEPTED, "INSTRUCTION"),
        differs={Way.MODIFY: _AS_PLACED, Door.PLANE: NO_FIELD},
    ),
    Edge(
        24,
        "Account",
        "the one that was verified; one digit",
        ("DU1234567", "DU1234568", "none"),
        for_account,
        (ACCEPTED, "ACCOUNT", "BAD_COMMAND"),
        # An intent without one is for the account of the profile.
        differs={Way.MODIFY: _SAME_CONTRACT, Door.PLANE: (ACCEPTED, "ACCOUNT", ACCEPTED)},
    ),
    Edge(
        24,
        "Account",
        "the accounts that the gateway tells within a connection",
        ("the same", "one more", "another alone"),
        login_within,
        (ACCEPTED, "NOT_CONNECTED", "NOT_CONNECTED"),
    ),
)
