"""Whose order a ticket writes where the login has several accounts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from msgspec.structs import replace as change

from core.domain.quotes import Quote
from core.domain.sizes import Size, SizeKind
from tests.tui.sample import AAPL, ACCOUNT, INSTRUMENTS, NOW
from tui.hands.accounts import account_mark, account_name, account_words, next_account
from tui.hands.close_ticket import CloseTicket, catch_up_close, change_account, close_command, open_close
from tui.hands.editing import move_field, restyle, step, type_text
from tui.hands.order_kinds import Field
from tui.hands.order_words import request_of
from tui.hands.ticket import VERBS, OrderTicket, Phase, catch_up, open_ticket, reopen

D = Decimal
APPLE = INSTRUMENTS[0]
QUOTE = Quote(con_id=AAPL, bid=D("233.33"), ask=D("233.34"), last=D("233.34"), updated=NOW)
SECOND, THIRD = "DU7654321", "DU7654322"
BOTH = (ACCOUNT, SECOND)


def ticket(account: str = ACCOUNT, accounts: tuple[str, ...] = BOTH, opened_for: str = "") -> OrderTicket:
    return open_ticket(
        VERBS["buy"], APPLE, account, Size(SizeKind.UNITS, D(100)), QUOTE, accounts=accounts, opened_for=opened_for
    )


def on_account(opened: OrderTicket) -> OrderTicket:
    """The ticket with its last field active, one step back from the first."""
    return move_field(opened, -1)


@pytest.mark.parametrize(
    ("accounts", "shown"),
    [
        ((SECOND,), "DU…321"),
        ((SECOND, THIRD), "DU…321"),
        ((SECOND, "DU1111321"), "DU…4321"),
        ((SECOND, "DU1654321"), "DU…7654321"),
        ((SECOND, "DF7654321"), "DU…U7654321"),
    ],
)
def test_a_name_is_masked_and_tells_the_account_from_the_others(accounts: tuple[str, ...], shown: str) -> None:
    assert account_name(SECOND, accounts) == shown
    assert len({account_name(account, accounts) for account in accounts}) == len(accounts)


def test_one_account_is_not_named_everywhere() -> None:
    assert (account_mark(ACCOUNT, (ACCOUNT,)), account_words(ACCOUNT, (ACCOUNT,))) == ("", "")
    assert account_mark(SECOND, BOTH) == " …321"
    assert account_words(SECOND, BOTH) == " in DU…321"
    assert account_name("", ()) == "no account"
    assert next_account("gone", BOTH, 1) == ACCOUNT
    assert next_account("gone", (), 1) == "gone"


def test_the_account_is_a_field_only_where_there_are_several() -> None:
    assert Field.ACCOUNT not in ticket(accounts=(ACCOUNT,)).fields
    assert on_account(ticket(accounts=(ACCOUNT,))).field is Field.RTH
    assert on_account(ticket()).field is Field.ACCOUNT


def test_the_arrows_choose_the_account_that_the_order_is_for() -> None:
    opened = on_account(ticket())
    chosen = step(opened, 1, QUOTE)

    assert (chosen.account, restyle(opened, 1, QUOTE).account) == (SECOND, SECOND)
    assert step(chosen, 1, QUOTE).account == ACCOUNT
    assert (chosen.price_text, chosen.quantity_text) == (opened.price_text, opened.quantity_text)
    assert chosen.content != opened.content
    assert chosen.words == "BUY 100 AAPL @ 233.33 in DU…321"
    request = request_of(chosen, "ref")
    assert request is not None
    assert request.account == SECOND


def test_letters_in_the_account_field_change_nothing_but_say_so() -> None:
    opened = on_account(ticket())
    typed = type_text(opened, "7")

    assert typed.content == opened.content
    assert "choose the account" in typed.note


def test_a_ticket_that_is_sent_keeps_its_account() -> None:
    assert step(replace(on_account(ticket()), phase=Phase.SENDING), 1, QUOTE).account == ACCOUNT


def test_a_draft_keeps_the_account_that_was_chosen() -> None:
    draft = step(on_account(ticket()), 1, QUOTE)

    assert reopen(draft, ACCOUNT, QUOTE, accounts=BOTH).account == SECOND
    assert draft.draft_key == ticket().draft_key
    assert draft.draft_key != ticket(SECOND, opened_for=SECOND).draft_key


def test_a_draft_keeps_its_account_while_no_account_is_verified() -> None:
    assert reopen(ticket(SECOND), "", QUOTE, accounts=()).account == SECOND


def test_a_draft_of_an_account_that_the_login_has_no_more_is_for_the_present_one() -> None:
    again = reopen(ticket(SECOND), ACCOUNT, change(QUOTE, bid=D(250)), accounts=(ACCOUNT, THIRD))

    assert (again.account, again.accounts) == (ACCOUNT, (ACCOUNT, THIRD))


def test_accounts_that_become_known_add_the_field_and_exchange_nothing() -> None:
    early = ticket("", ())

    late = catch_up(early, ACCOUNT, QUOTE, accounts=BOTH)
    assert (late.account, Field.ACCOUNT in late.fields) == (ACCOUNT, True)
    assert catch_up(ticket(SECOND), ACCOUNT, QUOTE, accounts=(ACCOUNT, SECOND, THIRD)).account == SECOND


def test_a_field_that_goes_with_the_accounts_leaves_the_keys_in_another_one() -> None:
    left = catch_up(on_account(ticket()), ACCOUNT, QUOTE, accounts=(ACCOUNT,))

    assert left.field is Field.PRICE
    assert move_field(left, 1).field is Field.QUANTITY


def closing(account: str = SECOND) -> CloseTicket:
    return open_close(APPLE, account, D(1), accounts=BOTH)


def test_a_close_asks_and_closes_in_its_account() -> None:
    opened = closing()

    assert opened.question.account == SECOND
    assert opened.words == "CLOSE 100 % AAPL in DU…321"
    assert open_close(APPLE, ACCOUNT, D(1), accounts=(ACCOUNT,)).words == "CLOSE 100 % AAPL"


def test_a_close_in_another_account_is_computed_anew() -> None:
    moved = change_account(closing(), 1)

    assert (moved.account, moved.preview, close_command(moved, "ref")) == (ACCOUNT, None, None)
    assert change_account(replace(closing(), phase=Phase.SENDING), 1).account == SECOND
    alone = open_close(APPLE, ACCOUNT, D(1), accounts=(ACCOUNT,))
    assert change_account(alone, 1) is alone


def test_a_close_never_exchanges_its_account() -> None:
    assert catch_up_close(closing(), ACCOUNT, accounts=(*BOTH, THIRD)).account == SECOND
    assert catch_up_close(closing(""), ACCOUNT, accounts=BOTH).account == ACCOUNT
