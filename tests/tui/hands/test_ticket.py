"""The order ticket as a value: fields, styles, steps, what it says can't be sent, and what would be sent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as change

from core.domain.commands import Ack, Denial, DenialCode, Seen
from core.domain.orders import OrderType, Side, TimeInForce
from core.domain.quotes import Quote
from core.domain.sizes import Size, SizeKind
from tests.tui.sample import AAPL, ACCOUNT, INSTRUMENTS, NOW
from tui.hands.answers import after_denial, looking
from tui.hands.editing import clear, erase, move_field, restyle, step, type_text
from tui.hands.order_kinds import Field
from tui.hands.order_words import problem_with, request_of
from tui.hands.pricing import PriceStyle
from tui.hands.ticket import (
    VERBS,
    OrderTicket,
    Phase,
    open_ticket,
    reopen,
    reprice,
    sending,
)

D = Decimal
APPLE = INSTRUMENTS[0]
QUOTE = Quote(con_id=AAPL, bid=D("233.33"), ask=D("233.34"), last=D("233.34"), updated=NOW)
HALTED = change(QUOTE, halted=True)


def ticket(verb: str = "buy", quote: Quote | None = QUOTE) -> OrderTicket:
    return open_ticket(VERBS[verb], APPLE, ACCOUNT, Size(SizeKind.UNITS, D(100)), quote)


def typed(start: OrderTicket, *keys: str) -> OrderTicket:
    for key in keys:
        start = type_text(start, key)
    return start


@pytest.mark.parametrize(
    ("verb", "side", "price"),
    [
        ("buy", Side.BUY, "233.33"),
        ("buy_now", Side.BUY, "233.57"),
        ("sell", Side.SELL, "233.34"),
        ("sell_now", Side.SELL, "233.10"),
    ],
)
def test_each_verb_prices_its_ticket(verb: str, side: Side, price: str) -> None:
    opened = ticket(verb)

    assert (opened.side, opened.price_text, opened.order_type) == (side, price, OrderType.LMT)
    assert opened.seen == Seen(bid=D("233.33"), ask=D("233.34"))
    assert not opened.touched


@pytest.mark.parametrize("verb", sorted(VERBS))
@pytest.mark.parametrize("quote", [None, HALTED, change(QUOTE, stale=True), change(QUOTE, bid=D(300))])
def test_rule_12_without_a_good_market_there_is_no_computed_price(verb: str, quote: Quote | None) -> None:
    opened = ticket(verb, quote)

    assert opened.price_text == ""
    assert opened.seen is None
    assert "no price, because" in opened.note
    assert request_of(opened, "ref") is None


def test_rule_12_arrows_compute_no_price_either() -> None:
    opened = restyle(ticket(quote=HALTED), 1, HALTED)

    assert opened.price_text == ""
    assert opened.order_type is OrderType.LMT
    assert "trading is halted" in opened.note


def test_rule_12_a_typed_price_is_taken_in_any_market() -> None:
    request = request_of(typed(ticket(quote=HALTED), *"27.5"), "ref")

    assert request is not None
    assert request.limit_price == D("27.5")


def test_the_first_digit_replaces_the_computed_price() -> None:
    first = type_text(ticket(), "2")

    assert first.price_text == "2"
    assert typed(first, *"33.30").price_text == "233.30"
    assert first.style is None
    assert first.seen is None


def test_erase_takes_from_the_computed_price() -> None:
    assert erase(ticket()).price_text == "233.3"
    assert clear(ticket()).price_text == ""


def test_tab_goes_round_the_fields() -> None:
    fields = [ticket()]
    for _ in range(5):
        fields.append(move_field(fields[-1], 1))

    assert [t.field for t in fields] == [
        Field.PRICE,
        Field.QUANTITY,
        Field.TIF,
        Field.TYPE,
        Field.RTH,
        Field.PRICE,
    ]
    assert move_field(ticket(), -1).field is Field.RTH


def test_wrong_things_can_be_typed_into_the_quantity() -> None:
    for text in ("abc", "-5", "1e9", "0", "10,000"):
        assert typed(move_field(ticket(), 1), *text).quantity_text == text


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ("abc", "Quantity abc is not a number. Type AAPL shares, as in 100 or $10k."),
        ("10,000", "Quantity 10,000: write 10000. Type AAPL shares, as in 100 or $10k."),
        ("", "The quantity is missing. Type the number of AAPL shares."),
    ],
)
def test_what_is_no_quantity_is_explained_and_kept(quantity: str, words: str) -> None:
    wrong = replace(ticket(), quantity_text=quantity)

    assert problem_with(wrong) == words
    assert request_of(wrong, "ref") is None


@pytest.mark.parametrize(("quantity", "value"), [("0", "0"), ("-5", "-5"), ("1e9", "1000000000")])
def test_whether_a_number_is_a_good_quantity_is_for_core_to_say(quantity: str, value: str) -> None:
    request = request_of(replace(ticket(), quantity_text=quantity), "ref")

    assert request is not None
    assert str(request.quantity) == value


@pytest.mark.parametrize(
    ("price", "words"),
    [
        ("", "The AAPL limit price is missing. Type it, or ← → computes."),
        ("233,33", "Price 233,33: write 233.33. Type the AAPL price in USD."),
        ("x", "Price x is not a number. Type the AAPL price in USD."),
    ],
)
def test_what_is_no_price_is_explained(price: str, words: str) -> None:
    assert problem_with(replace(ticket(), price_text=price, style=None)) == words


def test_whether_a_price_is_on_a_tick_is_for_core_to_say() -> None:
    request = request_of(typed(ticket(), *"233.337"), "ref")

    assert request is not None
    assert request.limit_price == D("233.337")


def test_nothing_is_sent_without_an_account() -> None:
    assert "No account" in problem_with(replace(ticket(), account=""))


def test_arrows_walk_the_styles_and_stop_at_the_ends() -> None:
    walk = [ticket()]
    for _ in range(4):
        walk.append(restyle(walk[-1], 1, QUOTE))

    assert [t.style for t in walk] == [
        PriceStyle.JOIN,
        PriceStyle.MID,
        PriceStyle.NOW,
        PriceStyle.MARKET,
        PriceStyle.MARKET,
    ]
    assert [t.price_text for t in walk] == ["233.33", "233.33", "233.57", "", ""]
    assert restyle(ticket(), -1, QUOTE).style is PriceStyle.JOIN


def test_a_market_ticket_has_no_price_and_still_says_what_was_seen() -> None:
    market = restyle(ticket("buy_now"), 1, QUOTE)
    request = request_of(market, "ref")

    assert request is not None
    assert (request.order_type, request.limit_price) == (OrderType.MKT, None)
    assert market.seen == Seen(bid=D("233.33"), ask=D("233.34"))


def test_a_digit_makes_a_limit_of_a_market_ticket() -> None:
    limit = typed(restyle(ticket("buy_now"), 1, QUOTE), *"230")

    assert (limit.order_type, limit.price_text) == (OrderType.LMT, "230")


def test_arrows_bring_a_typed_price_back_to_the_style_of_its_key() -> None:
    back = restyle(typed(ticket("sell_now"), *"1"), 1, QUOTE)

    assert (back.style, back.price_text) == (PriceStyle.NOW, "233.10")


def test_ticks_move_the_price_and_stay_with_the_market() -> None:
    moved = step(step(ticket(), 1, QUOTE), -10, QUOTE)

    assert moved.price_text == "233.24"
    assert reprice(moved, change(QUOTE, bid=D("240.00"), ask=D("240.01"))).price_text == "239.91"


def test_ticks_move_a_typed_price_too() -> None:
    assert step(typed(ticket(), *"233.337"), 1, QUOTE).price_text == "233.34"
    assert step(typed(ticket(), *"233.337"), -1, QUOTE).price_text == "233.33"


def test_ticks_begin_at_ones_own_side_where_there_is_no_price() -> None:
    assert step(clear(ticket()), 1, QUOTE).price_text == "233.33"
    assert step(ticket(quote=HALTED), 1, HALTED).price_text == "233.33"


def test_ticks_on_what_is_no_price_explain_it() -> None:
    assert "not a number" in step(typed(ticket(), "x"), 1, QUOTE).note


def test_steps_of_the_quantity() -> None:
    quantity = move_field(ticket(), 1)

    assert step(quantity, 1, QUOTE).quantity_text == "200"
    assert step(quantity, 10, QUOTE).quantity_text == "1100"
    assert "not a number" in step(typed(quantity, *"abc"), 1, QUOTE).note


def test_the_time_in_force_is_walked_or_named_by_its_letter() -> None:
    tif = move_field(ticket(), 2)

    assert step(tif, 1, QUOTE).tif is TimeInForce.GTC
    assert restyle(tif, -1, QUOTE).tif is TimeInForce.OPG
    for word in TimeInForce:
        if word is not TimeInForce.OTHER:
            assert typed(tif, *word.lower()).tif is word
    assert typed(tif, *"ioc").tif is TimeInForce.IOC
    assert typed(tif, *"ioc").note == ""
    assert "no time in force" in typed(tif, "x").note


def test_a_paste_ends_at_its_first_line() -> None:
    assert type_text(move_field(ticket(), 1), "100\n200").quantity_text == "100"
    assert type_text(move_field(ticket(), 1), "\n").quantity_text == "100"


def test_a_field_does_not_grow_without_end() -> None:
    long = type_text(move_field(ticket(), 1), "9" * 40)

    assert long.quantity_text == "100"
    assert "32 characters" in long.note


def test_a_draft_opens_as_it_was_left() -> None:
    draft = typed(move_field(typed(ticket(), *"230.5"), 1), *"300")

    again = reopen(draft, ACCOUNT, change(QUOTE, bid=D(250), ask=D("250.01")))

    assert (again.price_text, again.quantity_text, again.touched) == ("230.5", "300", False)


def test_a_draft_with_a_computed_price_computes_it_anew() -> None:
    draft = typed(move_field(ticket(), 1), *"300")

    assert reopen(draft, ACCOUNT, change(QUOTE, bid=D(250), ask=D("250.01"))).price_text == "250.00"


def test_rule_3_a_moved_market_is_priced_anew_and_waits() -> None:
    denial = Denial(code=DenialCode.PRICE_MOVED, message="Not sent: AAPL moved.")
    moved = change(QUOTE, bid=D("233.40"), ask=D("233.41"))

    again = after_denial(sending(ticket(), "ref"), Ack(ok=False, denied=denial), moved)

    assert (again.price_text, again.note, again.phase) == ("233.40", "Not sent: AAPL moved.", Phase.EDITING)
    assert again.content != ticket().content


def test_a_refusal_keeps_every_text() -> None:
    wrong = typed(ticket(), *"233.337")
    denial = Denial(code=DenialCode.TICK, message="233.337 is between ticks. Use 233.33 or 233.34.")

    again = after_denial(sending(wrong, "ref"), Ack(ok=False, denied=denial), QUOTE)

    assert (again.price_text, again.quantity_text) == ("233.337", "100")
    assert again.note == denial.message


@pytest.mark.parametrize("phase", [Phase.SENDING, Phase.LOOKING])
@given(keys=st.lists(st.sampled_from(["1", "tab", "up", "left", "erase", "clear"]), max_size=6))
def test_rule_3_a_ticket_that_is_being_sent_takes_no_keys(phase: Phase, keys: list[str]) -> None:
    sent = replace(sending(ticket(), "ref"), phase=phase)
    acts = {
        "1": lambda t: type_text(t, "1"),
        "tab": lambda t: move_field(t, 1),
        "up": lambda t: step(t, 1, QUOTE),
        "left": lambda t: restyle(t, -1, QUOTE),
        "erase": erase,
        "clear": clear,
    }

    after = sent
    for key in keys:
        after = acts[key](after)

    assert after == sent


def test_a_broken_link_never_asks_for_a_second_send() -> None:
    lost = looking(sending(ticket(), "ref"))

    assert lost.phase is Phase.LOOKING
    assert lost.note.startswith("BUY 100 AAPL @ 233.33: sent? looking it up.")


def test_the_content_tells_every_order_from_another() -> None:
    base = ticket()
    others = [
        ticket("sell"),
        typed(base, *"233.33"),
        replace(base, quantity_text="101"),
        replace(base, tif=TimeInForce.GTC),
        replace(base, account="DU1"),
        restyle(base, 3, QUOTE),
        replace(base, kind=OrderType.LOC),
        replace(base, trigger_text="230"),
        replace(base, till_text="2026-12-31"),
        replace(base, outside_rth=True),
    ]

    assert len({base.content, *(other.content for other in others)}) == len(others) + 1
