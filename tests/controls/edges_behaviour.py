"""Edges of what is done again, too fast or out of the ordinary: controls 4, 5, 6, 7 and 14."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from msgspec.structs import replace

from core.domain.authority import program_of
from core.domain.commands import DenialCode, EnableScript
from core.domain.orders import OrderRequest
from tests.controls.cells import ACCEPTED, NO_FIELD, Edge, NotApplicable
from tests.controls.edges_order import TICK, quantity
from tests.controls.plane_door import Answer
from tests.controls.spot import STAGE, Case, Door, Spot, Way

D = Decimal
WALK = {"walk_percent": D(5), "walk_seconds": 5}
_NO_SECOND = NotApplicable("a change adds no order, so it can't send one a second time")
_NO_REPEAT = NotApplicable("a key for once more sends a new order: ModifyOrder has no field for it")


async def _met(spot: Spot) -> Decimal:
    """A first order meets the market at a whole dollar above the ask; the price."""
    await spot.base()
    # What is to be changed stood at the market's level too, and is forgotten by then.
    await spot.sleep(6)
    level = spot.market_ask.to_integral_value(ROUND_CEILING)
    await spot.whole_second()
    await spot.place(limit_price=level)
    return level


async def walking(spot: Spot) -> Answer:
    """So many ticks beside 5 % above that."""
    level = await _met(spot)
    return await spot.ask(limit_price=level * D("1.05") + spot.number * TICK)


async def walking_later(spot: Spot) -> Answer:
    """6 % above that, so many seconds beside the end of its window."""
    level = await _met(spot)
    await spot.later(5 + float(spot.text))
    return await spot.ask(limit_price=level * D("1.06"))


async def same_again(spot: Spot) -> Answer:
    """The same order, so many seconds beside the end of its window."""
    await spot.whole_second()
    await spot.place()
    await spot.later(5 + float(spot.text))
    return await spot.ask()


async def nearly_the_same(spot: Spot) -> Answer:
    """An order one tick beside, the same one, the same one from a price with another zero."""
    await spot.place()
    return await spot.ask(limit_price=spot.pick(D("100.01"), D("100.00"), D("100.0")))


def _answers(spot: Spot, codes: Sequence[DenialCode], asked: int) -> dict[str, object]:
    """The question answered rightly, not at all, wrongly: a person types the quantity, a script names the code."""
    typed = spot.pick(D(asked), None, D(asked - 1)) if spot.is_desk else None
    if spot.is_plane:
        return {"confirms": tuple(spot.pick(codes, [], [])), "short": spot.pick(False, False, True)}
    wrong = codes if spot.is_desk else [DenialCode.SHORT_SALE]
    return {"confirms": tuple(spot.pick(codes, [], wrong)), "typed_quantity": typed}


async def same_by_word(spot: Spot) -> Answer:
    """The same order, with an answer."""
    await spot.place(quantity=D(10))
    return await spot.ask(quantity=D(10), said=_answers(spot, [DenialCode.DUPLICATE], 10))


async def once_more(spot: Spot) -> Answer:
    """The key for once more, after so many."""
    first = await spot.place()

    async def again() -> Answer:
        return await spot.ask(said={"repeat_of": first.order_ref})

    for _ in range(spot.count):
        assert (await again()).ok
    return await again()


async def behind_a_burst(spot: Spot) -> Answer:
    """Five orders leave at once, the most in 1.025 s; another one, so many seconds from where it would wait for 1 s."""
    await spot.base()
    await spot.sleep(3)
    burst = [spot.request(limit_price=D("90.00") + place) for place in range(5)]
    begun = await spot.whole_second()
    for request in burst:
        await spot.desk.place(request)
    await spot.at(begun + 0.025 - float(spot.text))
    return await spot.ask(limit_price=D("99.00"))


async def script_again(spot: Spot) -> Answer:
    """One more of one kind after so many; then, of what works, only what holds back may be changed."""
    await spot.base(quantity=D(10))
    for _ in range(spot.count - (spot.way is Way.MODIFY)):
        await spot.place()
    await spot.sleep(0.1)
    return await spot.ask(limit_price=D("100.01"))


async def disabled_script(spot: Spot) -> Answer:
    """A script that may send no more makes an order smaller, moves it from the market, to it."""
    await spot.base(quantity=D(10))
    for _ in range(3 - (spot.way is Way.MODIFY)):
        await spot.place()
    less, away, nearer = {"quantity": D(9)}, {"limit_price": D("99.99")}, {"limit_price": D("100.01")}
    return await spot.ask(spot.pick(less, away, nearer))


async def enabled_script(spot: Spot) -> Answer:
    """A script that may send no more, after a person at a desk has let it, itself or nobody."""
    await spot.base(quantity=D(10))
    for _ in range(3 - (spot.way is Way.MODIFY)):
        await spot.place()
    command = EnableScript(script=program_of(spot.asker))
    if spot.case is Case.INSIDE and not spot.is_desk:
        assert (await spot.desk.send(command)).ok
    elif spot.case is Case.ON and not spot.is_desk:
        assert not (await spot.door.send(command)).ok
    return await spot.ask(quantity=D(11))


async def beside_usual(spot: Spot) -> Answer:
    """The last orders were for 10; so many."""
    await _usual(spot)
    return await quantity(spot)


async def unusual_by_word(spot: Spot) -> Answer:
    """The last orders were for 10; 101, with an answer."""
    await _usual(spot)
    await spot.base(quantity=D(10))
    return await spot.ask(quantity=D(101), said=_answers(spot, [DenialCode.UNUSUAL_QUANTITY], 101))


async def _usual(spot: Spot) -> Sequence[OrderRequest]:
    return [await spot.place(quantity=D(10)) for _ in range(3)]


async def beside_usual_value(spot: Spot) -> Answer:
    """One share at a price."""
    await spot.base(limit_price=D("50.00"))
    return await spot.ask(limit_price=spot.number)


EDGES = (
    Edge(
        4,
        "Collar over a period",
        "walk_percent = 5 beyond the first of walk_seconds = 5; ticks beside 1.05 times it",
        ("-1", "0", "1"),
        walking,
        (ACCEPTED, ACCEPTED, "WALKED"),
        limits=WALK,
    ),
    Edge(
        4,
        "Collar over a period",
        "6 % beyond, walk_percent = 5, walk_seconds = 5; seconds beside the window's end",
        ("0.001", "0", "-0.001"),
        walking_later,
        (ACCEPTED, ACCEPTED, "WALKED"),
        limits=WALK,
    ),
    Edge(
        5,
        "Duplicate order",
        "duplicate_seconds = 5; seconds beside the window's end",
        ("0.001", "0", "-0.001"),
        same_again,
        (ACCEPTED, ACCEPTED, "DUPLICATE"),
        differs={Way.MODIFY: _NO_SECOND},
        limits={"duplicate_seconds": 5},
    ),
    Edge(
        5,
        "Duplicate order",
        "the same content; one tick",
        ("100.01 after 100.00", "100.00 twice", "100.0 after 100.00"),
        nearly_the_same,
        (ACCEPTED, "DUPLICATE", "DUPLICATE"),
        differs={Way.MODIFY: _NO_SECOND},
        limits={"duplicate_seconds": 5},
    ),
    Edge(
        5,
        "Duplicate order",
        "the question answered",
        ("rightly", "not", "wrongly"),
        same_by_word,
        (ACCEPTED, "DUPLICATE", "DUPLICATE"),
        differs={Way.MODIFY: _NO_SECOND},
        limits={"duplicate_seconds": 5},
    ),
    Edge(
        5,
        "Repeats by a key",
        "five repeats in 10 s; repeats before, one",
        ("3", "4", "5"),
        once_more,
        (ACCEPTED, ACCEPTED, "REPEATED"),
        differs={Way.MODIFY: _NO_REPEAT, Door.PLANE: NO_FIELD},
    ),
    Edge(
        6,
        "Turn on the wire",
        "queue_seconds = 1 at a pace of 10 a second; seconds beyond",
        ("-0.001", "0", "0.001"),
        behind_a_burst,
        (ACCEPTED, ACCEPTED, "THROTTLED"),
        # The order plane asks again until there is room.
        differs={Door.PLANE: (ACCEPTED, ACCEPTED, ACCEPTED)},
        limits={"queue_seconds": D(1)},
        stage=replace(STAGE, pace=10),
    ),
    Edge(
        7,
        "Repeated automated orders",
        "script_repeats = 3; orders of the kind before, one",
        ("1", "2", "3"),
        script_again,
        (ACCEPTED, ACCEPTED, "SCRIPT_DISABLED"),
        # A person is no automation.
        differs={Door.DESK: (ACCEPTED, ACCEPTED, ACCEPTED)},
        limits={"script_repeats": 3},
    ),
    Edge(
        7,
        "Repeated automated orders",
        "script_repeats = 3, all sent; a change that holds back passes, one share, one tick",
        ("9 of 10", "a tick away", "a tick nearer"),
        disabled_script,
        (ACCEPTED, ACCEPTED, "SCRIPT_DISABLED"),
        differs={
            Door.DESK: (ACCEPTED, ACCEPTED, ACCEPTED),
            Way.NEW: ("SCRIPT_DISABLED", "SCRIPT_DISABLED", "SCRIPT_DISABLED"),
            (Way.NEW, Door.DESK): (ACCEPTED, ACCEPTED, ACCEPTED),
        },
        limits={"script_repeats": 3},
    ),
    Edge(
        7,
        "Repeated automated orders",
        "script_repeats = 3, all sent, until a person enables the script",
        ("a person did", "it asked itself", "nobody did"),
        enabled_script,
        (ACCEPTED, "SCRIPT_DISABLED", "SCRIPT_DISABLED"),
        differs={Door.DESK: (ACCEPTED, ACCEPTED, ACCEPTED)},
        limits={"script_repeats": 3},
    ),
    Edge(
        14,
        "Usual quantity",
        "unusual_times = 10, the usual quantity 10: asked from 100 on; one share",
        ("99", "100", "101"),
        beside_usual,
        (ACCEPTED, "UNUSUAL_QUANTITY", "UNUSUAL_QUANTITY"),
        limits={"unusual_times": D(10)},
    ),
    Edge(
        14,
        "Usual quantity",
        "101 where 10 is usual, the question answered",
        ("rightly", "not", "wrongly"),
        unusual_by_word,
        (ACCEPTED, "UNUSUAL_QUANTITY", "UNUSUAL_QUANTITY"),
        differs={Door.PLANE: NotApplicable("an intent can't answer this question: the rows above show its refusal")},
        limits={"unusual_times": D(10)},
    ),
    Edge(
        14,
        "Usual value",
        "unusual_value_percent = 75 of order_value = 100.00; one share, one cent",
        ("74.99", "75.00", "75.01"),
        beside_usual_value,
        (ACCEPTED, ACCEPTED, "UNUSUAL_VALUE"),
        limits={"order_value": D(100), "unusual_value_percent": D(75)},
    ),
)
