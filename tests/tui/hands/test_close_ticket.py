"""The close ticket sends what core computed, and nothing before core computed it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from core.domain.commands import Ack, ClosePosition, Denial, DenialCode, OrderPreview, PreviewClose
from core.domain.orders import OrderRequest, OrderType, Side
from tests.tui.sample import AAPL, ACCOUNT, INSTRUMENTS
from tui.hands.answers import close_after_denial, close_with_preview
from tui.hands.close_ticket import CloseTicket, close_command, open_close, take_part
from tui.hands.ticket import Phase

D = Decimal
APPLE = INSTRUMENTS[0]


def preview(quantity: int = 100, denied: Denial | None = None) -> OrderPreview:
    request = OrderRequest(
        order_ref="p",
        account=ACCOUNT,
        con_id=AAPL,
        side=Side.SELL,
        quantity=D(quantity),
        order_type=OrderType.LMT,
        limit_price=D("233.10"),
    )
    return OrderPreview(
        request=request,
        denied=denied,
        value=D(23_310),
        fee=D(1),
        position_before=D(100),
        position_after=D(100 - quantity),
        takes_ticks=24,
        side=Side.SELL,
    )


def opened(fraction: str = "1") -> CloseTicket:
    return open_close(APPLE, ACCOUNT, D(fraction))


def test_nothing_can_be_sent_before_core_has_computed_it() -> None:
    assert close_command(opened(), "ref") is None
    assert opened().content is None
    assert opened().question == PreviewClose(account=ACCOUNT, con_id=AAPL, fraction=D(1))


def test_it_sends_the_quantity_that_was_shown() -> None:
    ticket = close_with_preview(opened("0.5"), Ack(ok=True, result=preview(50)))

    assert ticket.words == "CLOSE 50 % AAPL: SELL 50"
    assert close_command(ticket, "ref") == ClosePosition(
        order_ref="ref", account=ACCOUNT, con_id=AAPL, quantity=D(50), fraction=D("0.5"), side=Side.SELL
    )


def test_keys_choose_the_part_and_ask_anew() -> None:
    ticket = close_with_preview(opened(), Ack(ok=True, result=preview()))

    for key, fraction in (("1", "0.25"), ("2", "0.5"), ("3", "0.75"), ("4", "1")):
        part = take_part(ticket, key)
        assert (part.fraction, part.preview) == (D(fraction), None)
    assert take_part(ticket, "7") == ticket
    sent = replace(ticket, phase=Phase.SENDING)
    assert take_part(sent, "1") == sent


def test_another_position_is_another_content() -> None:
    assert (
        close_with_preview(opened(), Ack(ok=True, result=preview())).content
        != close_with_preview(opened(), Ack(ok=True, result=preview(90))).content
    )


def test_what_core_refuses_is_said_and_not_sent() -> None:
    denial = Denial(code=DenialCode.NO_POSITION, message="No AAPL is held. Nothing to close.")

    refused = close_with_preview(opened(), Ack(ok=False, denied=denial))
    assert refused.note == denial.message
    assert close_command(refused, "ref") is None

    refused = close_with_preview(opened(), Ack(ok=True, result=preview(denied=denial)))
    assert close_command(refused, "ref") is None


def test_a_position_that_changed_is_computed_anew() -> None:
    ticket = close_with_preview(opened(), Ack(ok=True, result=preview()))
    denial = Denial(code=DenialCode.POSITION_CHANGED, message="Not sent: AAPL is 90 now, not 100.")

    again = close_after_denial(replace(ticket, phase=Phase.SENDING), Ack(ok=False, denied=denial))

    assert (again.preview, again.phase, again.note) == (None, Phase.EDITING, denial.message)


def test_without_an_account_it_says_so() -> None:
    assert "No account" in open_close(APPLE, "", D(1)).note


def test_what_core_said_instead_of_a_preview_goes_with_its_next_answer() -> None:
    denial = Denial(code=DenialCode.CLOSE_PENDING, message="A closing order for AAPL is live already.")
    refused = close_with_preview(opened(), Ack(ok=False, denied=denial))
    assert refused.note == denial.message
    assert close_with_preview(refused, Ack(ok=True, result=preview())).note == ""


def test_why_a_close_was_not_sent_stays_over_the_new_preview() -> None:
    denial = Denial(code=DenialCode.POSITION_CHANGED, message="Not sent: the ticket said 100 and 90 would close now.")
    denied = close_after_denial(opened(), Ack(ok=False, denied=denial))

    assert close_with_preview(denied, Ack(ok=True, result=preview(90))).note == denial.message
