"""Edges of who may ask and of what is changed: controls 23, 26, 27 and 28."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from core.domain.authority import Arm, ConfirmLive, GrantLive
from core.domain.connection import Mode
from tests.controls.cells import ACCEPTED, Edge, NotApplicable, Three
from tests.controls.edges_order import TICK
from tests.controls.plane_door import Answer
from tests.controls.spot import AAPL, STAGE, Case, Door, Spot, Way

D = Decimal
LIVE = "U7654321"
PHRASE, WRONG = "trade live 321", "trade live 320"
GRANTED = 600.0
"""Seconds without an order for which a grant lasts."""
LOOSER = 600.0
"""Seconds that a looser limit waits."""
_A_CHANGE = NotApplicable("it judges changes alone; that they are judged as new orders is what each modify row shows")


async def _confirmed(spot: Spot) -> None:
    """Another desk has confirmed live trading, and sets the scene from now on."""
    spot.desk = await spot.floor.attach("desk")
    assert (await spot.desk.send(ConfirmLive(phrase=PHRASE))).ok
    await _traded(spot)


async def _traded(spot: Spot) -> None:
    await spot.until(lambda: spot.floor.service.connection.can_trade)
    await spot.until(lambda: any(one.con_id == AAPL and one.tradable for one in spot.floor.snapshot.quotes))
    await spot.sleep(4)


async def by_phrase(spot: Spot) -> Answer:
    """The phrase is typed for the door: rightly, with another digit, not at all."""
    await _confirmed(spot)
    await spot.base(by=spot.desk)
    phrase = spot.pick(PHRASE, WRONG, "")
    if phrase and spot.is_desk:
        ack = await spot.door.send(ConfirmLive(phrase=phrase))
    elif phrase:
        ack = await spot.desk.send(GrantLive(client=spot.asker, phrase=phrase))
    assert not phrase or ack.ok is (phrase == PHRASE)
    return await spot.ask(limit_price=D("99.00"))


async def idle_grant(spot: Spot) -> Answer:
    """What a person gave is so many seconds beside its end."""
    await _confirmed(spot)
    await spot.base(by=spot.desk)
    begun = await spot.whole_second()
    if spot.is_desk:
        assert (await spot.door.send(ConfirmLive(phrase=PHRASE))).ok
    else:
        assert (await spot.desk.send(GrantLive(client=spot.asker, phrase=PHRASE))).ok
    await spot.at(begun + GRANTED + float(spot.text))
    return await spot.ask(limit_price=D("99.00"))


async def revision(spot: Spot) -> Answer:
    """A change that names the revision so many beside the order's."""
    await spot.base()
    assert (await spot.ask(quantity=D(2))).ok
    await spot.settled()
    return await spot.ask(revision=spot.order.revision + spot.count, quantity=D(3))


async def of_nothing(spot: Spot) -> Answer:
    """A change of one tick, of none."""
    await spot.base()
    return await spot.ask(limit_price=D("100.00") + spot.number * TICK)


async def below_what_filled(spot: Spot) -> Answer:
    """A part of the order has filled; its quantity becomes so many more than that."""
    quote = spot.quote()
    assert quote.ask is not None
    assert quote.ask_size is not None
    await spot.base(quantity=quote.ask_size + 10_000, limit_price=quote.ask)
    assert 0 < spot.order.filled < spot.order.quantity
    return await spot.ask(quantity=spot.order.filled + spot.number)


async def _read_again(spot: Spot) -> None:
    before = spot.floor.snapshot.reading
    await spot.until(lambda: spot.floor.snapshot.reading != before)


async def unexplained(spot: Spot) -> str:
    """A share comes into the account without a fill; so many readings of the books since. What is told, and the order.

    Orders pass: it is told, and no fill is made up for it.
    """
    await spot.base()
    spot.floor.gateway.transfer(AAPL, 1)
    if spot.count:
        # Reads the books; what it suspects makes core read them again by itself.
        spot.floor.gateway.drop_clients()
    for _ in range(spot.count):
        await _read_again(spot)
    await spot.until(lambda: spot.floor.service.connection.can_trade)
    told = any("came without a fill" in one.text for one in spot.floor.snapshot.incidents)
    ack = await spot.ask(limit_price=D("99.00"))
    return f"{ACCEPTED if ack.ok else ack.code}, {'told' if told else 'nothing told'}"


async def tighter(spot: Spot) -> Answer:
    """50 become the most, after the order was judged or before."""
    await spot.base(quantity=D(10))
    if spot.case is not Case.ON:
        await spot.tighten("order_quantity", 50)
    return await spot.ask(quantity=spot.pick(D(50), D(51), D(51)))


async def looser(spot: Spot) -> Answer:
    """Whoever asks says the word for 101 as the most; so many seconds beside the end of the wait, 101."""
    await spot.base(quantity=D(10))
    begun = await spot.whole_second()
    assert (await spot.limit("order_quantity", 101, "loosen", by=spot.door)).ok
    await spot.at(begun + LOOSER + float(spot.text))
    await spot.turns()
    return await spot.ask(quantity=D(101))


async def looser_by_word(spot: Spot) -> str:
    """What comes of asking for a looser limit, and of an order of 101 right after."""
    await spot.base(quantity=D(10))
    if spot.case is Case.OUTSIDE:
        assert (await spot.desk.send(Arm(phrase=""))).ok
    ack = await spot.limit("order_quantity", 101, spot.pick("loosen", "loose", "loosen"), by=spot.door)
    said = "waits" if ack.denied is None else ack.denied.code.value
    order = await spot.ask(quantity=D(101))
    return f"{said}, {ACCEPTED if order.ok else order.code}"


_NEW_TOO: Mapping[Way | Door | tuple[Way, Door], Three | NotApplicable] = {Way.NEW: _A_CHANGE}
_LIVE = replace(STAGE, account=LIVE, mode=Mode.LIVE)
_HUNDRED = {"order_quantity": D(100)}

EDGES = (
    Edge(
        23,
        "Live phrase and grants",
        "the phrase at the desk that asks, or a grant of the script by name; one digit",
        (PHRASE, WRONG, "nothing typed"),
        by_phrase,
        (ACCEPTED, "LIVE_NOT_CONFIRMED", "LIVE_NOT_CONFIRMED"),
        stage=_LIVE,
    ),
    Edge(
        23,
        "Live phrase and grants",
        "ten minutes without an order end a grant; seconds beside the end",
        ("-0.001", "0", "0.001"),
        idle_grant,
        (ACCEPTED, "LIVE_NOT_CONFIRMED", "LIVE_NOT_CONFIRMED"),
        # A desk's confirmation ends with its connection, not with time.
        differs={Door.DESK: (ACCEPTED, ACCEPTED, ACCEPTED)},
        stage=_LIVE,
        slow=True,
    ),
    Edge(
        26,
        "Changes are judged as new orders",
        "the revision that was seen; one",
        ("0", "-1", "1"),
        revision,
        (ACCEPTED, "REVISION", "REVISION"),
        differs=_NEW_TOO,
    ),
    Edge(
        26,
        "Changes are judged as new orders",
        "other terms than it has; ticks",
        ("-1", "0", "0.0"),
        of_nothing,
        (ACCEPTED, "NOTHING_TO_CHANGE", "NOTHING_TO_CHANGE"),
        differs=_NEW_TOO,
    ),
    Edge(
        26,
        "Changes are judged as new orders",
        "more than has filled; shares",
        ("1", "0", "-1"),
        below_what_filled,
        (ACCEPTED, "QUANTITY", "QUANTITY"),
        differs=_NEW_TOO,
    ),
    Edge(
        27,
        "Fills against positions",
        "a share that no fill explains; readings of the books since",
        ("0", "1", "2"),
        unexplained,
        (f"{ACCEPTED}, nothing told", f"{ACCEPTED}, nothing told", f"{ACCEPTED}, told"),
    ),
    Edge(
        28,
        "Limits are changed on record",
        "order_quantity from 100 to 50 counts at once; one share",
        ("50 after it", "51 before it", "51 after it"),
        tighter,
        (ACCEPTED, ACCEPTED, "QUANTITY_MAX"),
        limits=_HUNDRED,
    ),
    Edge(
        28,
        "Looser limits wait",
        "order_quantity from 100 to 101 counts in 600 s; seconds beside that",
        ("0.001", "0", "-0.001"),
        looser,
        (ACCEPTED, ACCEPTED, "QUANTITY_MAX"),
        limits=_HUNDRED,
        slow=True,
    ),
    Edge(
        28,
        "Looser limits wait",
        "order_quantity from 100 to 101 with the word; one letter",
        ("loosen", "loose", "loosen while a desk is armed"),
        looser_by_word,
        ("waits, QUANTITY_MAX", "LIMIT_LOOSENS, QUANTITY_MAX", "LIMIT, QUANTITY_MAX"),
        limits=_HUNDRED,
    ),
)
