"""Several accounts at the desk: a ticket trades the account of the row that it was opened on, and says which."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from core.domain.commands import CancelOrder, ClosePosition, PlaceOrder, PreviewClose
from core.domain.orders import OrderState, OrderType, Side
from core.practice.tables import Record
from tests.orders.floor import AAPL, ACCOUNT, Floor
from tests.tui import sample
from tests.tui.hands_desk import Hands, desk
from tests.tui.person import Person, person
from tui.hands.ticket import OrderTicket
from tui.panes.blotter import BlotterPane
from tui.panes.instrument import InstrumentRow

D = Decimal
SECOND = "DU7654321"
OTHER = replace(sample.POSITIONS[0], account=SECOND, quantity=D(30))
THEIRS = replace(sample.ORDERS[3], account=SECOND)
SEVERAL = replace(
    sample.SNAPSHOT,
    connection=replace(sample.CONNECTION, accounts=(sample.ACCOUNT, SECOND)),
    positions=(*sample.POSITIONS, OTHER),
    orders=tuple(THEIRS if order is sample.ORDERS[3] else order for order in sample.SNAPSHOT.orders),
)
"""The sample day with 30 AAPL and one order in a second account."""


async def to_other_position(hands: Hands) -> None:
    """Go to the row of the second account: the positions' rows begin with AAPL of both."""
    await hands.press("w")
    for _ in range(8):
        if hands.screen.focus_account == SECOND:
            return
        await hands.press("down")
    raise AssertionError("no row of the second account")


async def test_close_on_a_row_of_another_account_closes_there() -> None:
    async with desk(SEVERAL) as hands:
        await to_other_position(hands)
        assert "PRACTICE DU…321" in hands.lines[-1]
        await hands.press("x")
        await hands.see("CLOSE 100 % AAPL …321: SELL 30 @", "PRACTICE DU…321")
        await hands.press("enter")
        await hands.until(lambda: hands.core.sends)

        (sent,) = hands.core.commands(ClosePosition)
        assert (sent.account, sent.con_id, sent.quantity) == (SECOND, sample.AAPL, D(30))
        assert {asked.account for asked in hands.core.commands(PreviewClose)} == {SECOND}


async def test_half_of_a_position_in_another_account() -> None:
    async with desk(SEVERAL) as hands:
        await to_other_position(hands)
        await hands.press("p")
        await hands.see("CLOSE 50 % AAPL …321: SELL 15 @")


async def test_a_row_without_an_account_trades_the_desks() -> None:
    async with desk(SEVERAL) as hands:
        await hands.press("x")
        await hands.see("CLOSE 100 % AAPL …", "SELL 100 @")
        await hands.press("enter")
        await hands.until(lambda: hands.core.sends)

        assert hands.core.commands(ClosePosition)[0].account == sample.ACCOUNT


async def test_tab_closes_the_same_in_the_other_account() -> None:
    async with desk(SEVERAL, size=(120, 40)) as hands:
        await hands.press("x")
        await hands.see("SELL 100 @", "Tab account")
        await hands.press("tab")
        await hands.see("…321: SELL 30 @")
        await hands.press("enter")
        await hands.until(lambda: hands.core.sends)

        assert hands.core.commands(ClosePosition)[0].account == SECOND


async def test_an_order_ticket_is_for_the_account_of_its_row_wherever_the_focus_goes() -> None:
    async with desk(SEVERAL) as hands:
        await to_other_position(hands)
        await hands.press("b")
        await hands.see("BUY 100 AAPL @ 233.33", "in DU…321", "pos 30→130")
        hands.screen.focus_on(sample.TSLA, by_user=False)
        await hands.until(lambda: hands.screen.focus_con_id == sample.TSLA)
        await hands.press("enter")
        await hands.until(lambda: hands.core.sends)

        request = hands.core.commands(PlaceOrder)[0].request
        assert (request.account, request.con_id) == (SECOND, sample.AAPL)


async def test_the_account_is_chosen_one_field_before_the_price_and_kept_in_the_draft() -> None:
    async with desk(SEVERAL) as hands:
        await hands.press("b", "shift+tab", "right", "escape")
        await hands.see("draft BUY 100 AAPL @ 233.33 in DU…321")
        assert hands.core.sends == []
        await hands.press("b")
        await hands.see("in DU…321", "draft")
        await hands.press("enter")
        await hands.until(lambda: hands.core.sends)

        assert hands.core.commands(PlaceOrder)[0].request.account == SECOND


async def test_a_draft_of_one_account_is_not_opened_for_another() -> None:
    async with desk(SEVERAL) as hands:
        await hands.press("b", "2", "3", "0", "escape")
        await to_other_position(hands)
        await hands.press("b")
        await hands.see("in DU…321")

        ticket = hands.entry.ticket
        assert isinstance(ticket, OrderTicket)
        assert (ticket.account, ticket.price_text, ticket.is_draft) == (SECOND, "233.33", False)


async def test_an_order_row_names_its_account_and_so_does_its_cancel() -> None:
    async with desk(SEVERAL) as hands:
        pane = hands.screen.query_one(BlotterPane)
        await hands.press("w", "w")
        await hands.until(lambda: hands.screen.selected_order() is not None)
        for _ in range(8):
            selected = hands.screen.selected_order()
            if selected is not None and selected.order_ref == THEIRS.order_ref:
                break
            await hands.press("down")
        assert hands.screen.focus_account == SECOND
        assert pane.rows()[THEIRS.order_ref]["note"].text.startswith("…321 ")
        await hands.press("delete")
        await hands.see("CANCEL #9", "PRACTICE DU…321")
        await hands.press("a")
        await hands.see("PRACTICE all accounts")
        await hands.press("shift+tab", "enter")
        await hands.until(lambda: hands.core.sends)

        assert hands.core.sends == [CancelOrder(order_ref=THEIRS.order_ref)]


async def test_what_is_held_is_said_of_the_account_in_focus() -> None:
    async with desk(SEVERAL, size=(120, 40)) as hands:
        row = hands.screen.query_one(InstrumentRow)
        await to_other_position(hands)
        await hands.until(lambda: "pos …321 30" in str(row.render()))


async def test_with_one_account_nothing_names_it_twice() -> None:
    async with desk(size=(120, 40)) as hands:
        await hands.press("b")
        await hands.see("BUY 100 AAPL @ 233.33 LMT DAY", "PRACTICE DU…")
        assert " in DU" not in " ".join(hands.lines)
        await hands.press("shift+tab")
        await hands.see("regular hours")


async def test_a_position_of_another_account_is_closed_there_at_the_gateway() -> None:
    async with person(others=(SECOND,)) as someone:
        behind = someone.behind
        await bought(behind, ACCOUNT, 200)
        await bought(behind, SECOND, 70)
        before = len(someone.placed())
        await someone.press("w")
        # Two rows, of which the cursor stands on one.
        await someone.pilot.pause()
        if f"PRACTICE DU…{SECOND[-3:]}" not in someone.ticket:
            await someone.press("down")
        await someone.press("x")
        await someone.see(f"…{SECOND[-3:]}: SELL 70 @")
        frame = await sent(someone, before)

        assert (frame.text("account"), frame.text("action")) == (SECOND, "SELL")
        assert frame.number("totalQuantity") == 70
        await behind.until(lambda: holds(behind, SECOND) == 0)
        assert holds(behind, ACCOUNT) == 200


async def bought(behind: Floor, account: str, quantity: int) -> None:
    """Hold so much AAPL in an account."""
    request = behind.request(
        await behind.watch(AAPL), OrderType.MKT, account=account, side=Side.BUY, quantity=D(quantity)
    )
    await behind.placed(request)
    await behind.until(lambda: behind.order(request).state is OrderState.FILLED)
    await behind.until(lambda: holds(behind, account) == quantity)


def holds(behind: Floor, account: str) -> Decimal:
    """What core knows of AAPL in an account."""
    position = behind.state.held(account, AAPL)
    return D(0) if position is None else position.quantity


async def sent(someone: Person, before: int) -> Record:
    """Press Enter until the frame is at the gateway; a market that moved meanwhile asks for Enter again."""
    for _ in range(5):
        await someone.press("enter")
        await someone.until(lambda: len(someone.placed()) > before or "Not sent" in someone.ticket)
        if len(someone.placed()) > before:
            return someone.placed()[-1]
    raise AssertionError(f"nothing was sent: {someone.ticket}")
