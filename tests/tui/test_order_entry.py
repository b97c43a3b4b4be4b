"""Tickets at the desk: what they show, what Enter sends, and what becomes of an answer."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace as change

from core.domain.commands import ClosePosition, Denial, DenialCode, PlaceOrder, PreviewOrder, Seen
from core.domain.connection import Mode
from core.domain.events import ConnectionChanged
from core.domain.orders import OrderType, Side, TimeInForce
from core.domain.quotes import DataType
from tests.tui import sample
from tests.tui.hands_desk import Hands, desk

D = Decimal


async def placed(hands: Hands) -> PlaceOrder:
    """The one order that was sent."""
    await hands.until(lambda: hands.core.sends)
    (sent,) = hands.core.commands(PlaceOrder)
    return sent


async def test_a_buy_is_two_keys() -> None:
    async with desk() as hands:
        await hands.press("b")
        await hands.see("BUY 100 AAPL @ 233.33 LMT DAY  joins bid")
        await hands.press("enter")
        sent = await placed(hands)

        request = sent.request
        assert (request.side, request.quantity, request.limit_price) == (Side.BUY, D(100), D("233.33"))
        assert (request.con_id, request.account) == (sample.AAPL, sample.ACCOUNT)
        assert (request.order_type, request.tif) == (OrderType.LMT, TimeInForce.DAY)
        assert sent.seen == Seen(bid=D("233.33"), ask=D("233.34"))
        assert request.order_ref.startswith(f"ibd-{sample.INSTANCE}-")
        await hands.until(lambda: hands.entry.ticket is None)
        assert hands.app.said[-1] == "BUY 100 AAPL @ 233.33: on its way."
        assert hands.screen.focused is not hands.entry.face


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("n", "BUY 100 AAPL @ 233.57 LMT DAY  takes ask 233.34"),
        ("s", "SELL 100 AAPL @ 233.34 LMT DAY  joins ask"),
        ("d", "SELL 100 AAPL @ 233.10 LMT DAY  takes bid 233.33"),
    ],
)
async def test_the_other_verbs(key: str, line: str) -> None:
    async with desk() as hands:
        await hands.press(key)
        await hands.see(line)


async def test_the_ticket_is_two_lines_at_80_columns() -> None:
    async with desk() as hands:
        await hands.press("b")
        await hands.see("limits ok")

        assert hands.lines == [
            "BUY 100 AAPL @ 233.33 LMT DAY  joins bid",
            "≈23,333.00  fee ~1.00  margin ?  pos 100→200  limits ok  PRACTICE DU…123",
        ]
        assert hands.entry.size.height == 3
        assert hands.entry.title == "TICKET"
        assert hands.entry.status == "Enter sends · Esc closes"


async def test_a_wide_ticket_shows_the_route_and_its_keys() -> None:
    async with desk(size=(120, 40)) as hands:
        await hands.press("b")
        await hands.see("BUY 100 AAPL @ 233.33 LMT DAY SMART  joins bid")

        assert hands.entry.status == "Enter sends · Esc closes · Tab fields · ↑↓ tick · ←→ style"


@pytest.mark.parametrize(
    ("mode", "weight", "tail"),
    [
        (Mode.PRACTICE, "dashed", "PRACTICE DU…123"),
        (Mode.PAPER, "single", "PAPER DU…123"),
        (Mode.LIVE, "heavy", "LIVE U…456"),
    ],
)
async def test_the_mode_stands_in_the_border_and_behind_the_preview(mode: Mode, weight: str, tail: str) -> None:
    async with desk(sample.in_mode(sample.SNAPSHOT, mode)) as hands:
        await hands.press("b")
        await hands.see("limits ok")

        assert hands.entry.weight == weight
        assert hands.entry.has_class(f"-{mode.value}")
        assert hands.lines[-1].endswith(tail)


async def test_typing_a_price() -> None:
    async with desk() as hands:
        await hands.press("b", *"233.30", gap=0.2)
        await hands.see("BUY 100 AAPL @ 233.30", "3 ticks below bid")
        await hands.press("enter")
        sent = await placed(hands)

        assert sent.request.limit_price == D("233.30")
        assert sent.seen is None


async def test_ticks_styles_and_fields() -> None:
    async with desk() as hands:
        await hands.press("b", "up")
        await hands.see("@ 233.34")
        await hands.press("pagedown")
        await hands.see("@ 233.24")
        await hands.press("right", "right")
        await hands.see("@ 233.57")
        await hands.press("right")
        await hands.see("BUY 100 AAPL MKT DAY  at the market")
        await hands.press("left", "tab", "up")
        await hands.see("BUY 200 AAPL @ 233.57")
        await hands.press("tab", "up", "up", "up")
        await hands.see("LMT FOK")
        await hands.press("shift+tab", "5", "0")
        await hands.see("BUY 50")
        await hands.press("enter")
        sent = await placed(hands)

        assert (sent.request.quantity, sent.request.limit_price) == (D(50), D("233.57"))
        assert sent.request.tif is TimeInForce.FOK


async def test_a_stop_limit_that_stands_till_cancelled_is_sent_as_shown() -> None:
    async with desk() as hands:
        await hands.press("b", "tab", "tab", "right")
        await hands.see("LMT GTC")
        await hands.press("tab", "right", "right", "right")
        await hands.see("BUY 100 AAPL @ ? STP LMT ? GTC")
        await hands.press("tab", *"234", "tab", "up")
        await hands.see("GTC ext")
        await hands.press("tab", *"234.5")
        await hands.see("BUY 100 AAPL @ 234.5")
        await hands.see("STP LMT 234 GTC ext")
        await hands.see("WAITS for 234")
        await hands.press("enter")
        sent = await placed(hands)

        assert sent.request.order_type is OrderType.STP_LMT
        assert (sent.request.stop_price, sent.request.limit_price) == (D("234"), D("234.5"))
        assert (sent.request.tif, sent.request.outside_rth) == (TimeInForce.GTC, True)
        assert sent.seen is None


async def test_size_presets_and_steps_in_the_pane() -> None:
    async with desk() as hands:
        await hands.see("AAPL  size 1:100 shares")
        await hands.press("3")
        await hands.see("size 3:500")
        await hands.press("plus")
        await hands.see("size 600")
        await hands.press("minus", "minus", "b")
        await hands.see("BUY 400 AAPL")


async def test_previews_follow_each_change_and_never_hold_a_send() -> None:
    async with desk() as hands:
        await hands.press("b", "tab", "5")
        await hands.until(lambda: any(preview.request.quantity == 5 for preview in hands.core.commands(PreviewOrder)))
        await hands.press("0", "enter", gap=0.2)
        await placed(hands)

        references = [preview.request.order_ref for preview in hands.core.commands(PreviewOrder)]
        assert len(set(references)) == len(references)


async def test_a_refusal_stands_in_the_preview() -> None:
    async with desk() as hands:
        hands.core.preview_denial = Denial(
            code=DenialCode.VALUE_MAX, message="value 23,333 > 20,000 an order", limit="order_value"
        )
        await hands.press("b")
        await hands.see("REFUSED value 23,333 > 20,000 an order (limit order_value)", "PRACTICE DU…123")


async def test_a_long_refusal_is_whole_on_more_lines() -> None:
    text = "Quantity 1,000,000,000 is above your limit of 10,000 an order. Type a smaller one, or raise the limit."
    async with desk() as hands:
        hands.core.preview_denial = Denial(code=DenialCode.QUANTITY_MAX, message=text)
        await hands.press("b")
        await hands.see("REFUSED")

        assert " ".join(" ".join(hands.lines[1:]).split()) == f"REFUSED {text} PRACTICE DU…123"
        await hands.until(lambda: hands.entry.size.height == 4)


async def test_a_preview_says_what_it_takes_and_flips() -> None:
    async with desk() as hands:
        await hands.press("n")
        await hands.see("TAKES 24 ticks")
        await hands.press("escape", "down", "b", "tab", *"100", gap=0.3)
        await hands.see("TSLA", "FLIPS −50→+50")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("abc", "Quantity abc is not a number. Type AAPL shares, as in 100 or $10k."),
        ("10,000", "Quantity 10,000: write 10000. Type AAPL shares, as in 100 or $10k."),
    ],
)
async def test_what_is_no_number_is_explained_and_nothing_is_lost(typed: str, words: str) -> None:
    keys = [{",": "comma"}.get(key, key) for key in typed]
    async with desk() as hands:
        await hands.press("b", "tab", *keys)
        await hands.see(f"BUY {typed}", words)
        await hands.press("enter", "enter")

        assert hands.core.sends == []
        await hands.see(f"BUY {typed}", words)


@pytest.mark.parametrize(("keys", "text"), [("0", "0"), (("minus", "5"), "-5"), ("1e9", "1e9")])
async def test_numbers_are_for_core_to_refuse(keys: str | tuple[str, ...], text: str) -> None:
    message = f"Quantity {text} can't be sent. Type the quantity again."
    async with desk() as hands:
        hands.core.denials.append(Denial(code=DenialCode.QUANTITY, message=message))
        await hands.press("b", "tab", *keys)
        await hands.press("enter")
        await hands.see(message)

        assert f"BUY {text}" in hands.lines[0]
        await hands.press("enter", gap=1)
        await hands.until(lambda: hands.entry.ticket is None)


async def test_no_price_on_a_limit() -> None:
    async with desk() as hands:
        await hands.press("b", "delete")
        await hands.see("The AAPL limit price is missing. Type it, or ← → computes.")
        await hands.press("enter")

        assert hands.core.sends == []


async def test_escape_keeps_the_draft() -> None:
    async with desk() as hands:
        await hands.press("b", *"230", "tab", *"300", "escape", gap=0.2)
        await hands.see("AAPL  size 1:100 shares  draft BUY 300 AAPL @ 230")
        assert hands.screen.focused is not hands.entry.face

        await hands.press("s")
        await hands.see("SELL 100 AAPL")
        await hands.press("escape", "b")
        await hands.see("BUY 300 AAPL @ 230 LMT DAY  draft · Del drops it")
        await hands.press("enter")
        await placed(hands)
        await hands.until(lambda: hands.entry.ticket is None)

        await hands.press("b")
        await hands.see("BUY 100 AAPL @ 233.33")


async def test_a_draft_can_be_dropped() -> None:
    async with desk() as hands:
        await hands.press("b", *"230", "escape", "b", gap=0.2)
        await hands.see("@ 230", "draft")
        await hands.press("delete")
        await hands.see("BUY 100 AAPL @ 233.33 LMT DAY  joins bid")

        assert hands.entry.drafts == {}


async def test_a_ticket_keeps_its_instrument_when_the_focus_goes_elsewhere() -> None:
    async with desk() as hands:
        await hands.press("b")
        hands.screen.focus_on(sample.TSLA, by_user=True)
        await hands.pilot.pause()
        await hands.see("BUY 100 AAPL")
        await hands.press("enter")

        assert (await placed(hands)).request.con_id == sample.AAPL


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"halted": True}, "trading is halted"),
        ({"stale": True}, "the quote is stale"),
        ({"data_type": DataType.DELAYED}, "the quote is delayed"),
        ({"bid": D(240)}, "bid and ask are crossed"),
    ],
)
@pytest.mark.parametrize("key", ["b", "n", "s", "d"])
async def test_rule_12_quote_priced_keys_are_off(key: str, changes: dict[str, object], reason: str) -> None:
    quotes = tuple(
        change(quote, **changes) if quote.con_id == sample.AAPL else quote for quote in sample.SNAPSHOT.quotes
    )
    async with desk(change(sample.SNAPSHOT, quotes=quotes)) as hands:
        await hands.press(key)
        await hands.see(f"AAPL: no price, because {reason}. Type the price.")
        await hands.press("right", "enter")
        assert hands.core.sends == []

        await hands.press(*"233", gap=0.2)
        await hands.press("enter")
        assert (await placed(hands)).request.limit_price == D(233)


async def test_rule_12_a_computed_price_goes_when_its_market_does() -> None:
    async with desk() as hands:
        await hands.press("n")
        hands.core.quote(sample.AAPL, halted=True)
        await hands.until(lambda: hands.app.replica.quotes[sample.AAPL].halted)
        await hands.press("enter")
        await hands.see("AAPL: no price, because trading is halted.")

        assert hands.core.sends == []


async def test_a_note_about_the_market_goes_when_it_can_be_priced_again() -> None:
    async with desk() as hands:
        hands.core.quote(sample.AAPL, stale=True)
        await hands.until(lambda: hands.app.replica.quotes[sample.AAPL].stale)
        await hands.press("b")
        await hands.see("AAPL: no price, because the quote is stale.")
        hands.core.quote(sample.AAPL, stale=False)
        await hands.until(hands.app.desk.flush)
        await hands.see("The AAPL limit price is missing. Type it, or ← → computes.")
        await hands.press("enter")

        assert hands.core.sends == [], "the price is not computed behind the trader's back"


@pytest.mark.parametrize("key", ["b", "x"])
async def test_a_ticket_takes_the_account_once_it_is_verified(key: str) -> None:
    connection = sample.SNAPSHOT.connection
    unverified = change(connection, accounts=(), account="", verified=None)
    async with desk(change(sample.SNAPSHOT, connection=unverified)) as hands:
        await hands.press(key)
        await hands.see("No account is verified yet")
        hands.core.emit(ConnectionChanged(connection=connection))
        await hands.see("limits ok")
        await hands.press("enter")

        await hands.until(lambda: hands.core.sends)
        accounts = [sent.request.account for sent in hands.core.commands(PlaceOrder)]
        accounts += [sent.account for sent in hands.core.commands(ClosePosition)]
        assert accounts == [connection.account]


async def test_previews_follow_the_market() -> None:
    async with desk() as hands:
        await hands.press("b")
        await hands.see("limits ok")
        asked = len(hands.core.commands(PreviewOrder))
        hands.core.quote(sample.AAPL, bid=D("233.30"))
        await hands.until(hands.app.desk.flush)

        await hands.until(lambda: len(hands.core.commands(PreviewOrder)) > asked)


async def test_previews_are_asked_again_each_second() -> None:
    async with desk() as hands:
        await hands.press("b")
        await hands.see("limits ok")
        asked = len(hands.core.commands(PreviewOrder))
        hands.app.call_later(hands.pass_second)

        await hands.until(lambda: len(hands.core.commands(PreviewOrder)) > asked)
        await hands.see("limits ok")


async def test_without_an_instrument_in_focus_there_is_no_ticket() -> None:
    async with desk(change(sample.SNAPSHOT, watchlist=(), positions=(), orders=())) as hands:
        await hands.press("b")

        assert hands.entry.ticket is None
        assert hands.app.said[-1] == "No instrument is in focus. / finds one."
