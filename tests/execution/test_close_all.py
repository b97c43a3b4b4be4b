"""Closing every position past KILL, at the service: what it waits for, what it never does, and what it says."""

from __future__ import annotations

from msgspec.structs import replace

from core.domain.commands import CancelOrder, CloseAll, DenialCode, Kill
from core.domain.connection import Mode
from core.domain.orders import OrderState, OrderType, Side
from core.domain.reports import ErrorClass
from core.domain.trading import KillScope, kill_in_words
from core.errors import JournalBusyError, NotConnectedError
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import AAPL, TSLA, buy, error, filled, open_order, position, session_error, status
from tests.execution.rig import Rig, rig, settle


def long(broker: FakeBroker) -> None:
    """100 AAPL are held."""
    broker.book_positions.append(position("100"))


async def asked(desk: Rig) -> None:
    """KILL, then the word to close all."""
    desk.service.kill(Kill(), "desk")
    ack = await desk.send(CloseAll())
    assert ack.ok, ack.denied
    await settle()


def unclosed(desk: Rig) -> tuple[str, ...]:
    """What each position waits for."""
    killed = desk.snapshot.killed
    assert killed is not None
    return killed.unclosed


def sold(desk: Rig) -> list[tuple[Side, int, OrderType]]:
    """Every sale that was placed."""
    placed = [one.request for one in desk.broker.placed if one.request.side is Side.SELL]
    return [(one.side, int(one.quantity), one.order_type) for one in placed]


@jumping
async def test_a_closing_order_waits_until_nothing_else_works_on_its_side() -> None:
    async with rig(prepare=long) as desk:
        stop = await desk.working(buy(1, side=Side.SELL, price="236.00"))
        await asked(desk)

        assert desk.broker.cancelled == [stop.order_id]
        assert unclosed(desk) == (f"AAPL: waits for {desk.order().name} to end",)
        desk.say(status(stop.order_id, "Cancelled"))
        await settle()
        assert sold(desk)[1:] == [(Side.SELL, 100, OrderType.LMT)]
        await desk.pass_time(5)
        assert len(sold(desk)) == 2, "one at a time"
        assert any("closes it and is" in line for line in unclosed(desk))


@jumping
async def test_an_order_of_another_client_on_that_side_keeps_it_back_and_is_named() -> None:
    async with rig(prepare=long) as desk:
        desk.say(replace(open_order("theirs", perm_id=5, client_id=0, order_id=99), side=Side.SELL))
        await asked(desk)
        await desk.pass_time(61)

        assert sold(desk) == []
        (line,) = unclosed(desk)
        assert line.startswith("AAPL: not closed: still waits for")
        assert "Look at it, then close again" in line
        killed = desk.snapshot.killed
        assert killed is not None
        assert f"Close all: {line}." in kill_in_words(killed, {})


@jumping
async def test_a_closing_order_that_ibkr_refuses_is_not_sent_again() -> None:
    async with rig(prepare=long) as desk:
        await asked(desk)
        (order,) = desk.snapshot.orders
        desk.say(error(order.order_id, 201, ErrorClass.REJECTED, text="no trading permission"))
        await desk.pass_time(120)

        assert len(sold(desk)) == 1
        assert "is rejected. Look at it, then close again" in unclosed(desk)[0]


@jumping
async def test_kill_leaves_closing_orders_alone_until_it_is_released() -> None:
    async with rig(prepare=long) as desk:
        await asked(desk)
        (order,) = desk.snapshot.orders
        desk.say(status(order.order_id, perm_id=7))
        desk.service._kill.look()
        desk.say(session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
        await settle()

        assert desk.broker.cancelled == []


@jumping
async def test_without_a_quote_it_goes_to_the_market_and_nothing_else_may() -> None:
    async with rig(prepare=lambda broker: broker.book_positions.append(position("-50", instrument=TSLA))) as desk:
        desk.service._publish_quotes(desk.service._feed.mark_stale())
        await asked(desk)

        (placed,) = desk.broker.placed
        assert (placed.request.side, placed.request.order_type) == (Side.BUY, OrderType.MKT)
        denied = (await desk.place(buy(3, instrument=AAPL))).denied
        assert denied is not None
        assert denied.code is DenialCode.HALTED


@jumping
async def test_a_sick_journal_besides_lets_no_closing_order_through() -> None:
    async with rig(prepare=long) as desk:
        desk.service.kill(Kill(), "desk")
        desk.service.halt("The disk is full.")
        denied = (await desk.send(CloseAll())).denied

        assert denied is not None
        assert denied.code is DenialCode.HALTED
        assert sold(desk) == []


@jumping
async def test_in_a_live_profile_it_takes_the_phrase() -> None:
    async with rig(mode=Mode.LIVE, account="U7654321", ready=False) as desk:
        desk.service.kill(Kill(), "desk")
        denied = (await desk.send(CloseAll())).denied

        assert denied is not None
        assert denied.code is DenialCode.LIVE_NOT_CONFIRMED
        assert OrderState.INTENT not in {order.state for order in desk.snapshot.orders}


def two(broker: FakeBroker) -> None:
    """100 AAPL and 100 TSLA are held."""
    broker.book_positions += [position("100"), position("100", instrument=TSLA)]


@jumping
async def test_asked_once_more_while_an_order_is_being_recorded_it_goes_on() -> None:
    async with rig(prepare=two) as desk:
        desk.journal.held = True
        await asked(desk)
        desk.say(position("0"))
        assert (await desk.send(CloseAll())).ok, "AAPL, whose order is being recorded, is not among them any more"
        desk.journal.release()
        await desk.pass_time(5)

        assert [one.request.con_id for one in desk.broker.placed] == [TSLA.con_id]
        assert not any("ended early" in line for line in unclosed(desk))


@jumping
async def test_what_fails_for_one_position_keeps_no_other_from_being_closed() -> None:
    async with rig(prepare=two) as desk:
        desk.state.instruments[AAPL.con_id] = replace(AAPL, price_bands=())
        await asked(desk)

        assert [one.request.con_id for one in desk.broker.placed] == [TSLA.con_id]
        assert "AAPL: not closed: closing it has ended early" in unclosed(desk)[0]


@jumping
async def test_what_can_not_leave_for_a_moment_is_sent_once_it_can() -> None:
    async with rig(prepare=long) as desk:
        desk.broker.order_wait = 1000.0
        desk.service.kill(Kill(), "desk")
        desk.journal.late = JournalBusyError("another program locks it")
        assert (await desk.send(CloseAll())).ok
        await desk.pass_time(10)
        assert "waits: Not sent: another program locks it" in unclosed(desk)[0]
        assert len(desk.snapshot.orders) <= 11, "one a second"
        desk.journal.late, desk.journal.busy = None, "another program locks it"
        await desk.pass_time(10)
        rows = len(desk.journal.rows)
        assert unclosed(desk) == ("AAPL: waits: another program locks it",)
        await desk.pass_time(10)
        assert len(desk.journal.rows) == rows, "nothing is written of waiting"
        desk.journal.busy = ""
        await desk.pass_time(2)

        assert sold(desk) == [(Side.SELL, 100, OrderType.LMT)]


@jumping
async def test_what_can_not_leave_for_long_is_given_up() -> None:
    async with rig(prepare=long) as desk:
        desk.service.kill(Kill(), "desk")
        assert (await desk.send(CloseAll())).ok
        desk.journal.busy = "another program locks it"
        await desk.pass_time(62)
        desk.journal.busy = ""
        await desk.pass_time(5)

        assert sold(desk) == []
        assert unclosed(desk) == ("AAPL: not closed: another program locks it",)


@jumping
async def test_what_is_told_besides_while_kill_holds_takes_no_closing_order_back() -> None:
    async with rig(prepare=long) as desk:
        desk.trace.clear()
        desk.service.kill(Kill(), "desk")
        assert desk.trace.count("withdraw orders") == 1
        desk.broker.sending = "waits"
        assert (await desk.send(CloseAll())).ok
        await settle()
        desk.service._halting.limit_loss("The day lost too much.", desk.clock.utc().date())
        desk.service._halting.break_circuit("Breaker on orders.")
        desk.service.kill(Kill(scope=KillScope.EVERYTHING), "desk")
        assert desk.trace.count("withdraw orders") == 1
        desk.service.halt("The disk is full.")
        desk.service._halting.break_circuit("Breaker on the connection.")

        assert desk.trace.count("withdraw orders") == 2, "for the journal, once"


@jumping
async def test_another_closing_order_follows_one_that_never_left() -> None:
    async with rig(prepare=long) as desk:
        desk.broker.sending = "waits"
        await asked(desk)
        desk.broker.sending = "sent"
        desk.broker.waiting[0].set_exception(NotConnectedError("Withdrawn. Nothing was sent."))
        await desk.pass_time(5)

        assert [one.state for one in desk.snapshot.orders] == [OrderState.DENIED, OrderState.SENT]
        assert sold(desk) == [(Side.SELL, 100, OrderType.LMT)] * 2


@jumping
async def test_no_other_follows_a_closing_order_that_a_person_took_back() -> None:
    async with rig(prepare=long) as desk:
        desk.broker.sending = "waits"
        await asked(desk)
        (order,) = desk.snapshot.orders
        assert (await desk.send(CancelOrder(order_ref=order.order_ref))).ok
        desk.broker.waiting[0].set_exception(NotConnectedError("Withdrawn. Nothing was sent."))
        await desk.pass_time(5)

        assert len(sold(desk)) == 1
        assert "is denied. Look at it, then close again" in unclosed(desk)[0]


def sale_fills(desk: Rig) -> None:
    """The last sale fills."""
    order = next(one for one in reversed(desk.snapshot.orders) if one.side is Side.SELL)
    perm_id = 7000 + order.order_id
    sale = filled(f"s{order.order_id}", order_ref=order.order_ref, order_id=order.order_id, perm_id=perm_id)
    desk.say(replace(sale, execution=replace(sale.execution, side=Side.SELL)), position("0"))


@jumping
async def test_an_entry_that_fills_after_the_position_was_closed_is_closed_too() -> None:
    async with rig(prepare=long) as desk:
        entry = await desk.working(buy(1, quantity="100"))
        await asked(desk)
        assert len(sold(desk)) == 1
        sale_fills(desk)
        await desk.pass_time(10)
        assert unclosed(desk) == (f"AAPL: waits for {desk.order().name} to end",)
        desk.say(filled("b1", order_id=entry.order_id, perm_id=900_000 + entry.order_id))
        await desk.pass_time(2)
        assert unclosed(desk) == ("AAPL: waits for a fill that the position does not show yet",)
        desk.say(position("100"))
        await desk.pass_time(2)

        assert sold(desk) == [(Side.SELL, 100, OrderType.LMT)] * 2
        sale_fills(desk)
        await desk.pass_time(2)
        assert unclosed(desk) == ()
        assert not desk.service._closing._due, "done with"


@jumping
async def test_what_an_entry_opens_that_worked_when_it_was_asked_for_is_closed() -> None:
    async with rig() as desk:
        entry = await desk.working(buy(1, quantity="100"))
        await asked(desk)
        assert desk.broker.cancelled == [entry.order_id]
        desk.say(filled("b1", order_id=entry.order_id, perm_id=900_000 + entry.order_id), position("100"))
        await settle()

        assert sold(desk) == [(Side.SELL, 100, OrderType.LMT)]


@jumping
async def test_an_entry_whose_end_is_not_told_is_named() -> None:
    async with rig() as desk:
        await desk.working(buy(1, quantity="100"))
        await asked(desk)
        await desk.pass_time(62)

        name = desk.order().name
        assert unclosed(desk) == (f"AAPL: flat: still waits for {name} to end. Look at it, then close again",)
