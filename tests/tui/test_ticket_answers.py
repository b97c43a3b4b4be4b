"""What becomes of a ticket when core answers, refuses, or is gone while it was asked."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import Ack, CancelEntries, Command, Denial, DenialCode, PlaceOrder, Seen
from core.domain.events import OrderChanged
from core.domain.orders import OrderState
from core.errors import LinkError
from tests.tui import sample
from tests.tui.hands_desk import SENDS, Core, Hands, desk
from tui.messages import LinkRestored

D = Decimal


async def placed(hands: Hands) -> PlaceOrder:
    """The one order that was sent."""
    await hands.until(lambda: hands.core.sends)
    (sent,) = hands.core.commands(PlaceOrder)
    return sent


async def test_a_price_that_moved_is_shown_and_waits_for_another_enter() -> None:
    message = (
        "Not sent: AAPL moved from 233.34 to 233.45 while you looked. The ticket shows the new price; Enter sends it."
    )
    async with desk() as hands:
        hands.core.denials.append(Denial(code=DenialCode.PRICE_MOVED, message=message))
        await hands.press("b")
        hands.core.quote(sample.AAPL, bid=D("233.44"), ask=D("233.45"))
        await hands.until(lambda: hands.app.replica.quotes[sample.AAPL].ask == D("233.45"))
        await hands.press("enter")
        await hands.see("BUY 100 AAPL @ 233.44", "Not sent: AAPL moved from 233.34 to 233.45")
        assert len(hands.core.sends) == 1

        await hands.press("enter", gap=0.1)
        assert len(hands.core.sends) == 1
        await hands.press("enter", gap=1)
        await hands.until(lambda: len(hands.core.sends) == 2)
        first, second = hands.core.commands(PlaceOrder)
        assert first.request.order_ref != second.request.order_ref
        assert second.seen == Seen(bid=D("233.44"), ask=D("233.45"))


async def test_a_broken_link_is_looked_up_and_never_sent_again() -> None:
    async with desk() as hands:
        hands.core.breaks = True
        await hands.press("b", "enter")
        await hands.see("BUY 100 AAPL @ 233.33: sent? looking it up.")
        sent = await placed(hands)
        await hands.press("enter", "1", "enter", gap=1)
        assert len(hands.core.sends) == 1

        order = replace(sample.make_order(11, sample.AAPL, "BUY 100 AAPL LMT 233.33"), order_ref=sent.request.order_ref)
        hands.core.state = replace(hands.core.state, orders=(*hands.core.state.orders, order))
        hands.core.revive()
        await hands.until(lambda: hands.entry.ticket is None)

        assert hands.app.said[-1] == "#11 BUY 100 AAPL @ 233.33: it was sent and is WORKING. Don't send it again."
        assert len(hands.core.sends) == 1


async def test_an_order_that_core_never_got_is_offered_again_under_a_new_reference() -> None:
    async with desk() as hands:
        hands.core.breaks = True
        await hands.press("b", "enter")
        await hands.see("looking it up")
        hands.core.revive()
        await hands.see("never sent, core does not know it. Enter sends it now.")
        await hands.press("enter", gap=1)
        await hands.until(lambda: len(hands.core.sends) == 2)

        first, second = hands.core.commands(PlaceOrder)
        assert first.request.order_ref != second.request.order_ref


async def test_an_order_that_turns_up_late_raises_an_alarm() -> None:
    async with desk() as hands:
        hands.core.breaks = True
        await hands.press("b", "enter")
        await hands.see("looking it up")
        sent = await placed(hands)
        hands.core.revive()
        await hands.see("never sent")
        order = replace(sample.make_order(11, sample.AAPL, "BUY 100 AAPL LMT 233.33"), order_ref=sent.request.order_ref)
        hands.core.emit(OrderChanged(order=order))

        await hands.until(lambda: "#11 BUY 100 AAPL @ 233.33: it was sent after all and is WORKING." in hands.app.said)


async def test_nothing_is_sent_while_the_desk_is_not_attached() -> None:
    async with desk() as hands:
        await hands.press("b")
        hands.core.lose()
        await hands.until(lambda: not hands.app.desk.is_attached)
        await hands.press(*"233", "enter", gap=0.3)
        await hands.see("not sent, the desk is not attached to core")

        assert hands.core.sends == []


async def test_a_refusal_after_escape_becomes_a_draft_and_is_said() -> None:
    async with desk() as hands:
        hands.core.held = asyncio.Event()
        hands.core.denials.append(Denial(code=DenialCode.TICK, message="233.337 is between ticks."))
        await hands.press("b", *"233.337", "enter", gap=0.2)
        await hands.until(lambda: hands.core.sends)
        await hands.press("escape")
        hands.core.held.set()
        await hands.until(lambda: "233.337 is between ticks." in hands.app.said)

        assert hands.entry.ticket is None
        await hands.see("draft BUY 100 AAPL @ 233.337")


async def test_the_answer_of_core_names_the_order() -> None:
    async with desk() as hands:
        order = sample.make_order(12, sample.AAPL, "BUY 100 AAPL LMT 233.33", OrderState.INTENT)
        hands.core.accepted = order
        await hands.press("b", "enter")

        await hands.until(lambda: "#12 BUY 100 AAPL @ 233.33: on its way." in hands.app.said)


async def test_an_answer_that_comes_after_the_fill_says_nothing_older() -> None:
    async with desk() as hands:
        filled = sample.make_order(3, sample.AAPL, "BUY 100 AAPL LMT 233.33", OrderState.FILLED)
        known = hands.app.replica.orders.get(filled.order_ref)
        assert known is not None
        assert not known.is_live
        hands.core.accepted = filled
        await hands.press("b", "enter")

        await hands.until(lambda: hands.entry.ticket is None)
        assert not [text for text in hands.app.said if "on its way" in text]


class Cut(Core):
    """Breaks under each send, as a link does whose end nobody has noticed yet."""

    async def send(self, command: Command) -> Ack:
        ack = await super().send(command)
        if isinstance(command, SENDS):
            raise LinkError("Core ended.")
        return ack


async def test_a_link_that_is_back_before_the_news_of_its_end_is_looked_up_at_once() -> None:
    async with desk(core=Cut()) as hands:
        hands.core.held = asyncio.Event()
        await hands.press("b", "enter")
        await hands.until(lambda: hands.core.sends)
        hands.app.call_later(lambda: hands.app.publish(LinkRestored()))
        await hands.pilot.pause()
        hands.core.held.set()

        await hands.see("never sent, core does not know it. Enter sends it now.")


async def test_while_the_link_is_not_back_nothing_is_looked_up() -> None:
    async with desk(core=Cut()) as hands:
        await hands.press("b", "enter")
        await hands.see("sent? looking it up.")
        await hands.pilot.pause(0.2)

        await hands.see("sent? looking it up.")


async def test_a_lookup_goes_on_when_the_ticket_is_closed() -> None:
    async with desk(core=Cut()) as hands:
        await hands.press("b", "enter")
        await hands.see("looking it up")
        await hands.press("escape")
        await hands.until(lambda: hands.entry.ticket is None)
        hands.app.call_later(lambda: hands.app.publish(LinkRestored()))

        await hands.until(lambda: any("never sent" in said for said in hands.app.said))
        await hands.see("draft BUY 100 AAPL @ 233.33")


async def test_a_cancel_that_the_link_broke_under_may_be_asked_again() -> None:
    async with desk(core=Cut()) as hands:
        await hands.press("c", "enter")
        await hands.see("the link to core broke. Look at ORDERS once it is back; Enter asks again.")
        await hands.press("enter", gap=1)
        await hands.until(lambda: len(hands.core.commands(CancelEntries)) == 2)


@pytest.mark.parametrize("code", [DenialCode.POSITION_CHANGED, DenialCode.CLOSE_PENDING])
async def test_a_close_that_is_refused_is_computed_anew(code: DenialCode) -> None:
    message = "Not sent: AAPL is 90 now, not 100. Look at the ticket, then Enter."
    async with desk() as hands:
        hands.core.denials.append(Denial(code=code, message=message))
        await hands.press("x")
        await hands.see("SELL 100 AAPL")
        await hands.press("enter")
        await hands.see(message)
        await hands.see("SELL 100 AAPL")


async def test_an_order_that_is_older_than_what_core_shows_is_not_offered_again() -> None:
    async with desk() as hands:
        hands.core.breaks = True
        await hands.press("b", "enter")
        await hands.see("looking it up")
        hands.core.state = replace(hands.core.state, since=hands.entry.host.utc() + timedelta(minutes=1))
        hands.core.revive()
        await hands.until(lambda: hands.entry.ticket is None)

        assert "whether it was sent is not known here" in hands.app.said[-1]
        assert len(hands.core.sends) == 1
