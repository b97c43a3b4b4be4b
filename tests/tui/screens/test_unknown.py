"""The box of an order in doubt: what it says, and that a word goes to core while a letter sends nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from textual.widgets import Input, Static

from core.domain.commands import Ack, Command, Denial, DenialCode, SettleOrder, Verdict
from core.domain.events import OrderChanged, Reconciled
from core.domain.orders import OrderState
from core.domain.reconciliation import Book, Reading
from tests.tui import sample
from tests.tui.desk_pilot import Desk, desk_on
from tests.tui.fake_desk import FakeDesk
from tui.hands.cancel_ticket import CancelTicket
from tui.hands.doubt_words import doubt_lines, verdict_of, ways_out
from tui.panes.blotter import BlotterPane
from tui.screens.unknown import NOT_THE_WORD, UnknownScreen

NOWHERE = "in open orders: no · executions: no · completed: no"
DOUBTED = replace(sample.UNKNOWN, note=NOWHERE)
READING = Reading(
    time=sample.NOW,
    took_ms=sample.D("1.5"),
    counts=tuple((book, 0) for book in Book),
    next_due=sample.NOW + timedelta(seconds=12),
)
TROUBLE = replace(sample.TROUBLE, orders=(*sample.ORDERS, DOUBTED, sample.HELD), reading=READING)
EARLY = "#7 BUY 100 NVDA @ 141.20: 1 of 2 full checks have found nothing of it so far. Not settled."


def too_early(command: Command) -> Ack:
    """Core's answer before two checks."""
    if isinstance(command, SettleOrder):
        return Ack(ok=False, denied=Denial(code=DenialCode.NOT_SETTLED, message=EARLY))
    return Ack(ok=True)


def said(screen: UnknownScreen) -> str:
    """What stands in the box above the field, and below it."""
    return "\n".join(str(screen.query_one(name, Static).content) for name in ("#said", "#hint"))


async def looked_at(desk: Desk) -> UnknownScreen:
    """The box, opened with Space on the doubtful order, which stands on top."""
    desk.screen.query_one(BlotterPane).grid.focus()
    await desk.pilot.pause()
    await desk.pilot.press("home", "space")
    await desk.until(lambda: isinstance(desk.app.screen, UnknownScreen))
    screen = desk.app.screen
    assert isinstance(screen, UnknownScreen)
    return screen


async def test_space_says_what_is_known_of_an_order_in_doubt() -> None:
    async with desk_on(TROUBLE, size=(100, 30)) as desk:
        screen = await looked_at(desk)
        await desk.until(lambda: "Sent" in said(screen))

        words = said(screen)
        assert "Counts as 100 bought." in desk.words(), "and it can be seen"
        assert "#7 BUY 100 NVDA @ 141.20" in words
        assert "Sent 10:30:24, nothing heard. Unknown for 0:43." in words
        assert "Counts as 100 bought. Next check 0:12." in words
        assert "In open orders: no · executions: no · completed: no." in words
        assert "Full checks that found nothing: 0 of 2." in words
        assert "c cancel anyway · after two full checks: type not placed · Esc back" in words


async def test_the_word_goes_to_core_and_the_box_closes() -> None:
    async with desk_on(TROUBLE, size=(100, 30)) as desk:
        await looked_at(desk)
        await desk.pilot.press(*"Not", "space", "space", *"placed", "enter")
        await desk.until(lambda: not isinstance(desk.app.screen, UnknownScreen))

        assert desk.core.sent == [SettleOrder(order_ref=DOUBTED.order_ref, verdict=Verdict.NOT_PLACED)]


async def test_core_says_when_it_is_too_early() -> None:
    async with desk_on(FakeDesk(TROUBLE, answer=too_early), size=(100, 30)) as desk:
        screen = await looked_at(desk)
        await desk.pilot.press(*"not", "space", *"placed", "enter")
        await desk.until(lambda: EARLY in said(screen))

        assert desk.app.screen is screen
        assert desk.screen.query_one(BlotterPane) is not None


async def test_another_word_settles_nothing() -> None:
    async with desk_on(TROUBLE, size=(100, 30)) as desk:
        screen = await looked_at(desk)
        await desk.pilot.press(*"placed", "enter")
        await desk.until(lambda: NOT_THE_WORD in said(screen))
        await desk.pilot.press("escape")

        assert desk.core.sent == []


async def test_nothing_is_pasted() -> None:
    async with desk_on(TROUBLE, size=(100, 30)) as desk:
        screen = await looked_at(desk)
        desk.app.copy_to_clipboard("not placed")
        await desk.pilot.press("ctrl+v")

        assert screen.query_one(Input).value == ""


async def test_c_opens_a_cancel_ticket_for_it_and_sends_nothing() -> None:
    async with desk_on(TROUBLE, size=(100, 30)) as desk:
        await looked_at(desk)
        await desk.pilot.press("c")
        await desk.until(lambda: desk.screen.order_entry.ticket is not None)

        ticket = desk.screen.order_entry.ticket
        assert isinstance(ticket, CancelTicket)
        assert ticket.order is not None
        assert ticket.order.order_ref == DOUBTED.order_ref
        assert desk.core.sent == []


async def test_it_follows_what_core_finds_out() -> None:
    async with desk_on(TROUBLE, size=(100, 30)) as desk:
        screen = await looked_at(desk)
        later = replace(READING, next_due=sample.NOW + timedelta(seconds=3))
        desk.core.emit(Reconciled(reading=later), OrderChanged(order=replace(DOUBTED, checks=2)))
        await desk.until(lambda: "Full checks that found nothing: 2 of 2." in said(screen))
        assert "Next check 0:03." in said(screen)
        assert "c cancel anyway · type not placed · Esc back" in said(screen)

        desk.core.emit(OrderChanged(order=replace(DOUBTED, state=OrderState.WORKING, note="")))
        await desk.until(lambda: "It is working now. Esc goes back." in said(screen))


@pytest.mark.parametrize("order", [sample.HELD, sample.ORDERS[0]])
async def test_other_orders_say_what_they_are_in_the_message_row(order: object) -> None:
    shown = replace(sample.SNAPSHOT, orders=(order,))
    async with desk_on(shown, size=(100, 30)) as desk:
        desk.screen.query_one(BlotterPane).grid.focus()
        await desk.pilot.pause()
        await desk.pilot.press("home", "space")
        await desk.pilot.pause()

        assert not isinstance(desk.app.screen, UnknownScreen)


def test_words() -> None:
    taken = replace(DOUBTED, perm_id=900_001)
    failed = replace(READING, problem="no answer", counts=((Book.POSITIONS, None),))

    assert "Sent 10:30:24, taken by IBKR as 900001, then nothing heard." in doubt_lines(taken, READING, sample.NOW)[2]
    assert "type ended" in ways_out(taken)
    assert doubt_lines(DOUBTED, failed, sample.NOW)[3].endswith("The last check failed: positions.")
    assert doubt_lines(DOUBTED, None, sample.NOW)[3].endswith("Next check once connected.")
    assert (verdict_of(" ENDED "), verdict_of("not  placed"), verdict_of("notplaced")) == (
        Verdict.ENDED,
        Verdict.NOT_PLACED,
        None,
    )
