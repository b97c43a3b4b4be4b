"""Controls of behaviour in core: what it remembers of orders, over its own restart too, and who may answer."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import Ack, ClosePosition, Denial, DenialCode, EnableScript, ModifyOrder, PlaceOrder
from core.domain.entries import Entry
from core.domain.events import Severity
from core.domain.limits import Limits
from core.domain.orders import OrderRequest, Side
from core.errors import JournalBusyError
from core.execution.state import DeskState
from tests.execution.clockwork import START, jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import ACCOUNT, D, buy, filled, position, ref, status
from tests.execution.rig import Rig, rig, settle
from tests.limits import UNASKED

DUPLICATES = replace(UNASKED, duplicate_seconds=60)
SHORTS = replace(UNASKED, ask_short=True)
ORDERS = replace(UNASKED, day_orders=2)
SCRIPTS = replace(UNASKED, script_repeats=2)
UNTIL_THE_ROLL = timedelta(hours=7)
"""From the start of a rig, 10:00 in New York, to 17:00."""


def code(ack: Ack) -> DenialCode | None:
    """Why it was denied."""
    return None if ack.denied is None else ack.denied.code


async def refused(desk: Rig, request: OrderRequest, client: str = "desk") -> Denial:
    """The refusal of an order that must be refused."""
    ack = await desk.send(PlaceOrder(request=request), client)
    assert ack.denied is not None, request
    return ack.denied


async def typed(desk: Rig, request: OrderRequest, *codes: DenialCode, quantity: Decimal | None = None) -> Ack:
    """Send an order with the answer to what core asked."""
    return await desk.send(
        PlaceOrder(request=request, confirms=codes, typed_quantity=quantity or request.quantity), "desk"
    )


def journalled(desk: Rig) -> list[Entry]:
    """All that another run of core finds."""
    return list(desk.journal.rows)


@pytest.mark.covers("D2.2")
@jumping
async def test_the_same_order_within_a_minute_is_asked_about_and_goes_with_the_typed_quantity() -> None:
    async with rig(limits=DUPLICATES) as desk:
        await desk.working()
        denied = await refused(desk, buy(2))
        assert denied.message == (
            "The same as #1 BUY 100 AAPL @ 233.33, sent 0 s ago. Type 100 to send it, Esc to go back."
        )
        assert denied.retype == D(100)
        assert code(await typed(desk, buy(3), DenialCode.DUPLICATE, quantity=D(10))) is DenialCode.DUPLICATE
        assert (await desk.place(buy(4, price="233.32"))).ok
        assert (await desk.place(buy(5, quantity="99"))).ok
        assert (await typed(desk, buy(6), DenialCode.DUPLICATE)).ok


@pytest.mark.covers("D2.2")
@jumping
async def test_a_script_must_say_that_it_means_a_second_one() -> None:
    async with rig(limits=DUPLICATES) as desk:
        assert (await desk.send(PlaceOrder(request=buy()), "place-1")).ok
        assert (await refused(desk, buy(2), "place-2")).code is DenialCode.DUPLICATE
        assert (await desk.send(PlaceOrder(request=buy(3), confirms=(DenialCode.DUPLICATE,)), "place-3")).ok


@pytest.mark.covers("D2.2")
@jumping
async def test_the_same_reference_is_one_order_whatever_else_it_says() -> None:
    async with rig(limits=DUPLICATES) as desk:
        first = await desk.place()
        again = await typed(desk, buy(), DenialCode.DUPLICATE)

        assert first.ok
        assert again.ok
        assert len(desk.snapshot.orders) == 1


@jumping
async def test_a_duplicate_is_one_for_a_minute_over_a_restart_of_core_too() -> None:
    async with rig(limits=DUPLICATES) as desk:
        await desk.working()
        rows = journalled(desk)
    async with rig(limits=DUPLICATES, entries=rows, start=START + timedelta(seconds=50)) as again:
        assert (await refused(again, buy(2))).code is DenialCode.DUPLICATE
        await again.pass_time(20)
        again.quote()
        assert (await again.place(buy(2))).ok


@jumping
async def test_what_ended_without_a_fill_can_be_sent_again_at_once_and_what_filled_can_not() -> None:
    async with rig(limits=DUPLICATES) as desk:
        order = await desk.working()
        desk.say(status(order.order_id, "Cancelled", perm_id=order.perm_id or 0))
        assert (await desk.place(buy(2))).ok
        desk.say(filled(order_id=desk.order(2).order_id))
        assert (await refused(desk, buy(3))).code is DenialCode.DUPLICATE


@jumping
async def test_five_repeats_by_a_key_pass_in_ten_seconds_and_the_sixth_is_typed() -> None:
    async def again(number: int, *codes: DenialCode) -> Ack:
        given = D(100) if codes else None
        command = PlaceOrder(request=buy(number), repeat_of=ref(1), confirms=codes, typed_quantity=given)
        return await desk.send(command, "desk")

    async with rig(limits=DUPLICATES) as desk:
        await desk.working()
        for number in range(2, 7):
            assert (await again(number)).ok
        assert code(await again(7)) is DenialCode.REPEATED
        assert (await again(8, DenialCode.REPEATED)).ok
        await desk.pass_time(10)
        desk.quote()
        assert (await again(9)).ok
        stranger = PlaceOrder(request=buy(10), repeat_of=ref(77))
        assert code(await desk.send(stranger, "desk")) is DenialCode.DUPLICATE


@jumping
async def test_prices_do_not_walk_after_the_market_further_than_the_limit_within_the_window() -> None:
    async with rig(limits=replace(UNASKED, walk_percent=D(1), walk_seconds=30)) as desk:
        assert (await desk.place(buy(1, price="233.34"))).ok
        desk.quote("235.60", "235.67")
        assert (await desk.place(buy(2, price="235.67"))).ok
        desk.quote("235.70", "235.68")
        desk.quote("235.60", "235.68")
        assert (await refused(desk, buy(3, price="235.68"))).code is DenialCode.WALKED
        assert (await desk.place(buy(4, price="235.00", side=Side.SELL))).ok
        await desk.pass_time(31)
        desk.quote("235.60", "235.68")
        assert (await desk.place(buy(5, price="235.68"))).ok


@jumping
async def test_a_script_is_stopped_at_its_limit_and_a_person_at_a_desk_lets_it_go_on() -> None:
    async with rig(limits=SCRIPTS) as desk:
        for number in (1, 2):
            assert (await desk.send(PlaceOrder(request=buy(number)), f"runner-{number}")).ok
        text = "The script runner is disabled: it has sent 2 orders to BUY AAPL today, its limit."
        assert any(told.startswith(text) for told in desk.told(Severity.ALARM))
        assert (await refused(desk, buy(3, side=Side.SELL), "runner-3")).code is DenialCode.SCRIPT_DISABLED
        assert (await desk.send(PlaceOrder(request=buy(4)), "desk-4")).ok
        assert (await desk.send(PlaceOrder(request=buy(5)), "other-5")).ok
        assert code(await desk.send(EnableScript(script="runner"), "runner-6")) is DenialCode.SCRIPT_DISABLED
        rows = journalled(desk)
    # It stays so over a restart and the end of the trading day.
    async with rig(limits=SCRIPTS, entries=rows, start=START + timedelta(days=3)) as later:
        assert (await refused(later, buy(7), "runner-1")).code is DenialCode.SCRIPT_DISABLED
        assert (await later.send(EnableScript(script="runner"), "desk-2")).ok
        assert (await later.send(PlaceOrder(request=buy(8)), "runner-3")).ok
        rows += journalled(later)
    async with rig(limits=SCRIPTS, entries=rows, start=START + timedelta(days=3)) as last:
        assert (await last.send(PlaceOrder(request=buy(9)), "runner-1")).ok
        assert (await refused(last, buy(10), "runner-1")).code is DenialCode.SCRIPT_DISABLED


@jumping
async def test_a_disabled_script_goes_on_with_no_change_that_does_more() -> None:
    async with rig(limits=SCRIPTS) as desk:
        order = await desk.working()
        for number in (2, 3):
            assert (await desk.send(PlaceOrder(request=buy(number)), f"runner-{number}")).ok
        more = ModifyOrder(order_ref=order.order_ref, revision=order.revision, quantity=D(101))
        less = replace(more, quantity=D(99), limit_price=D("233.32"))
        frames = len(desk.broker.placed)

        assert code(await desk.send(more, "runner-4")) is DenialCode.SCRIPT_DISABLED
        assert len(desk.broker.placed) == frames
        assert (await desk.send(less, "runner-4")).ok


async def counted_as_replayed(desk: Rig) -> None:
    """What the journal says that the day has used is what core itself goes by."""
    replayed = DeskState(desk.connection)
    replayed.replay(journalled(desk), desk.clock.utc())
    assert replayed.usage.recorded() == desk.state.usage.recorded()


@jumping
async def test_an_order_of_a_script_that_is_being_enabled_counts_as_the_journal_has_it() -> None:
    async with rig(limits=SCRIPTS) as desk:
        assert (await desk.send(PlaceOrder(request=buy(1)), "runner-1")).ok
        desk.journal.held = True
        enabling = asyncio.create_task(desk.send(EnableScript(script="runner"), "desk"))
        await settle()
        frames = len(desk.broker.placed)
        placing = asyncio.create_task(desk.send(PlaceOrder(request=buy(2)), "runner-2"))
        await settle()
        assert len(desk.broker.placed) == frames, "nothing leaves before the word of the person is durable"
        desk.journal.release()
        assert (await enabling).ok
        assert (await placing).ok

        assert desk.state.usage.fired("runner", buy(3), desk.clock.utc()) == 1
        await counted_as_replayed(desk)


@jumping
async def test_a_word_that_the_journal_took_late_counts_as_the_journal_has_it() -> None:
    async with rig(limits=SCRIPTS) as desk:
        for number in (1, 2):
            assert (await desk.send(PlaceOrder(request=buy(number)), "runner-1")).ok
        desk.journal.late = JournalBusyError("The disk took 6 s.")
        ack = await desk.send(EnableScript(script="runner"), "desk")

        assert ack.denied is not None
        assert ack.denied.message == (
            "runner may trade again, but core may not know it after a restart: The disk took 6 s. Enable it then."
        )
        await counted_as_replayed(desk)


@jumping
async def test_the_days_orders_are_counted_over_a_restart_and_begin_anew_with_the_trading_day() -> None:
    async with rig(limits=ORDERS) as desk:
        assert (await desk.place(buy(1))).ok
        assert (await desk.place(buy(2))).ok
        denied = await refused(desk, buy(3))
        assert (denied.code, denied.limit) == (DenialCode.DAY_ORDERS, "day_orders")
        assert denied.message.startswith("2 orders were sent today; your limit is 2.")
        rows = journalled(desk)
    just_before, roll = START + UNTIL_THE_ROLL - timedelta(seconds=60), START + UNTIL_THE_ROLL
    async with rig(limits=ORDERS, entries=rows, start=just_before) as again:
        assert (await refused(again, buy(3))).code is DenialCode.DAY_ORDERS
    async with rig(limits=ORDERS, entries=rows, start=roll) as tomorrow:
        assert (await tomorrow.place(buy(3))).ok


@jumping
async def test_with_the_budget_used_up_a_position_can_still_be_left() -> None:
    def long(broker: FakeBroker) -> None:
        broker.book_positions.append(position("100", cost="233.30"))

    async with rig(limits=ORDERS, prepare=long) as desk:
        assert (await desk.place(buy(1))).ok
        assert (await desk.place(buy(2))).ok
        assert (await desk.place(buy(3, side=Side.SELL, quantity="50", price="233.34"))).ok
        assert code(await desk.place(buy(4, side=Side.SELL, quantity="51", price="233.34"))) is DenialCode.DAY_ORDERS
        close = ClosePosition(order_ref=ref(5), account=ACCOUNT, con_id=buy().con_id, quantity=D(50), fraction=D("0.5"))
        assert code(await desk.send(close)) is DenialCode.CLOSE_PENDING, "the order to sell 50 takes from the market"


@jumping
async def test_trades_and_value_count_too() -> None:
    async with rig(limits=replace(UNASKED, day_trades=1)) as desk:
        order = await desk.working()
        desk.say(filled(order_id=order.order_id, perm_id=order.perm_id or 0))
        assert (await refused(desk, buy(2))).code is DenialCode.DAY_TRADES
    async with rig(limits=replace(UNASKED, day_value=D(50_000))) as desk:
        assert (await desk.working()).quantity == D(100)
        assert (await desk.place(buy(2))).ok
        denied = await refused(desk, buy(3))
        assert denied.message.startswith("Value 23,333.00 is more than the 3,334.00 that is left of your 50,000")
        rows = journalled(desk)
    async with rig(limits=replace(UNASKED, day_value=D(50_000)), entries=rows) as again:
        assert (await refused(again, buy(3))).code is DenialCode.DAY_VALUE
        assert (await again.place(buy(4, quantity="10"))).ok


@jumping
async def test_a_change_that_makes_an_order_larger_uses_the_day_up() -> None:
    async with rig(limits=replace(UNASKED, day_value=D(50_000))) as desk:
        await desk.working()
        assert (await desk.modify(quantity="200")).ok
        assert (await refused(desk, buy(2))).code is DenialCode.DAY_VALUE


@jumping
async def test_another_run_counts_the_same_from_the_journal_as_this_one_did() -> None:
    limits = replace(UNASKED, script_repeats=2)
    async with rig(limits=limits) as desk:
        order = await desk.working()
        assert (await desk.modify(quantity="150")).ok
        desk.say(filled(quantity="40", order_id=order.order_id, perm_id=order.perm_id or 0))
        for number in (2, 3):
            assert (await desk.send(PlaceOrder(request=buy(number)), "runner-1")).ok
        rows = journalled(desk)
        replayed = DeskState(desk.connection)
        replayed.replay(rows, desk.clock.utc())
        used = replayed.usage.of(ACCOUNT, desk.clock.utc())

        assert (used.orders, used.trades) == (3, 1)
        assert used.value == D("233.33") * 350
        assert replayed.usage.recorded() == desk.state.usage.recorded()
        assert used == desk.state.usage.of(ACCOUNT, desk.clock.utc())
        assert list(replayed.usage.disabled) == ["runner"]


@jumping
async def test_ten_times_the_usual_is_typed_once_more_and_a_hard_limit_has_no_way_round() -> None:
    async with rig(limits=replace(UNASKED, unusual_times=D(10), order_quantity=D(2000))) as desk:
        for number in range(1, 4):
            assert (await desk.place(buy(number, quantity="100"))).ok
        assert (await desk.place(buy(4, quantity="999"))).ok
        large = buy(5, quantity="1000")
        assert (await refused(desk, large)).message == (
            "Quantity 1,000 is 10x your usual for AAPL. Type 1000 to send it, Esc to go back."
        )
        assert (await typed(desk, large, DenialCode.UNUSUAL_QUANTITY)).ok
        too_large = buy(6, quantity="2001")
        answer = await typed(desk, too_large, DenialCode.UNUSUAL_QUANTITY, DenialCode.QUANTITY_MAX)
        assert code(answer) is DenialCode.QUANTITY_MAX


@jumping
async def test_a_sale_beyond_what_is_held_needs_its_word_and_closing_never_does() -> None:
    def long(broker: FakeBroker) -> None:
        broker.book_positions.append(position("100", cost="233.30"))

    async with rig(limits=SHORTS, prepare=long) as desk:
        sale = buy(1, side=Side.SELL, quantity="101", price="233.40")
        assert (await refused(desk, sale)).code is DenialCode.SHORT_SALE
        close = ClosePosition(order_ref=ref(2), account=ACCOUNT, con_id=sale.con_id, quantity=D(100), fraction=D(1))
        assert (await desk.send(close)).ok
        assert (await refused(desk, buy(3, side=Side.SELL, quantity="1", price="233.40"))).code is (
            DenialCode.SHORT_SALE
        )
        meant = PlaceOrder(request=buy(4, side=Side.SELL, quantity="1", price="233.40"), short=True)
        assert (await desk.send(meant)).ok


@jumping
async def test_changes_are_judged_as_new_orders() -> None:
    limits = replace(UNASKED, walk_percent=D(1), unusual_times=D(10), day_orders=4)
    async with rig(limits=limits) as desk:
        await desk.working()
        for number, price in ((2, "233.32"), (3, "233.31")):
            assert (await desk.place(buy(number, price=price))).ok
        desk.quote("236.60", "236.68")
        assert code(await desk.modify(price="236.68")) is DenialCode.WALKED
        assert (await desk.modify(price="235.60")).ok

        sell = await desk.working(buy(4, side=Side.SELL, price="236.70"))
        raise_it = ModifyOrder(order_ref=sell.order_ref, revision=sell.revision, quantity=D(1000))
        denied = (await desk.send(raise_it)).denied
        assert denied is not None
        assert (denied.code, denied.retype) == (DenialCode.UNUSUAL_QUANTITY, D(1000))
        answer = replace(raise_it, confirms=(denied.code,), typed_quantity=D(1000))
        assert (await desk.send(answer)).ok, "a change is no fifth order"


def test_the_usual_limits_ask_and_count() -> None:
    limits = Limits()

    assert limits.duplicate_seconds == 60
    assert limits.ask_short
    assert None not in (limits.day_orders, limits.day_trades, limits.day_value, limits.script_repeats)
