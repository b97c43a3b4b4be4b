"""Ticks folded into quotes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.quotes import DataType, Quote
from core.domain.reports import Tick, TickField
from core.market.feed import QuoteFeed

D = Decimal
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
PRICES_AND_SIZES = [field for field in TickField if field not in (TickField.HALTED, TickField.DATA_TYPE)]


def tick(field: TickField, value: int | str | None, con_id: int = 1) -> Tick:
    """One tick."""
    return Tick(con_id=con_id, field=field, value=None if value is None else D(value))


def only(quotes: tuple[Quote, ...]) -> Quote:
    """The one quote of an answer."""
    (quote,) = quotes
    return quote


@pytest.mark.parametrize("field", PRICES_AND_SIZES)
def test_each_field_is_kept_and_taken_back(field: TickField) -> None:
    feed = QuoteFeed()

    assert getattr(only(feed.apply([tick(field, "1.5")], NOW)), field.value) == D("1.5")
    assert getattr(only(feed.apply([tick(field, None)], NOW)), field.value) is None


def test_a_batch_names_each_instrument_once_with_its_last_values() -> None:
    feed = QuoteFeed()

    touched = feed.apply(
        [tick(TickField.BID, 1), tick(TickField.BID, 7, con_id=2), tick(TickField.BID, 2), tick(TickField.ASK, 3)], NOW
    )

    assert [(quote.con_id, quote.bid, quote.ask) for quote in touched] == [(1, D(2), D(3)), (2, D(7), None)]
    assert feed.all() == touched
    assert feed.get(2) == touched[1]
    assert feed.get(3) is None
    assert {quote.updated for quote in touched} == {NOW}


@pytest.mark.parametrize(("value", "halted"), [(1, True), (2, True), (0, False), (None, False)])
def test_halts(value: int | None, halted: bool) -> None:
    assert only(QuoteFeed().apply([tick(TickField.HALTED, value)], NOW)).halted is halted


@pytest.mark.parametrize(("value", "kind"), [(1, DataType.LIVE), (3, DataType.DELAYED), (9, DataType.LIVE)])
def test_kinds_of_data(value: int, kind: DataType) -> None:
    assert only(QuoteFeed().apply([tick(TickField.DATA_TYPE, value)], NOW)).data_type is kind


def test_stale_quotes_are_told_once_and_keep_their_values() -> None:
    feed = QuoteFeed()
    feed.apply([tick(TickField.BID, 1), tick(TickField.BID, 2, con_id=2)], NOW)

    stale = feed.mark_stale()

    assert [(quote.con_id, quote.bid, quote.stale) for quote in stale] == [(1, D(1), True), (2, D(2), True)]
    assert feed.mark_stale() == ()
    assert feed.all() == stale


def test_nothing_old_passes_for_new_when_ticks_flow_again() -> None:
    feed = QuoteFeed()
    feed.apply([tick(TickField.BID, 1), tick(TickField.ASK, 2), tick(TickField.DATA_TYPE, 3)], NOW)
    feed.mark_stale()

    fresh = only(feed.apply([tick(TickField.ASK, 9)], NOW + timedelta(hours=1)))

    later = NOW + timedelta(hours=1)
    assert fresh == Quote(con_id=1, ask=D(9), updated=later, ask_updated=later)
    assert not fresh.tradable


def test_silence_makes_quotes_old_and_a_sign_of_life_makes_them_what_they_were() -> None:
    feed = QuoteFeed()
    fresh = feed.apply([tick(TickField.BID, 1), tick(TickField.BID, 2, con_id=2)], NOW)
    feed.mark_stale([2])

    assert [(quote.con_id, quote.stale) for quote in feed.doubt()] == [(1, True)]
    assert feed.trust() == fresh[:1], "the other one's source has ended"
    assert feed.trust() == ()


def test_a_tick_in_the_silence_keeps_what_was_known() -> None:
    feed = QuoteFeed()
    feed.apply([tick(TickField.BID, 1), tick(TickField.ASK, 2)], NOW)
    feed.doubt()

    heard = only(feed.apply([tick(TickField.ASK, 3)], NOW))

    assert (heard.bid, heard.ask, heard.stale) == (D(1), D(3), False)


def test_each_price_has_its_own_age() -> None:
    feed = QuoteFeed()
    moments = [NOW + timedelta(seconds=number) for number in range(5)]
    said = [TickField.BID, TickField.LAST, TickField.ASK, TickField.BID_SIZE, TickField.VOLUME]
    for field, moment in zip(said, moments, strict=True):
        quote = only(feed.apply([tick(field, 1)], moment))

    assert (quote.last_updated, quote.ask_updated, quote.bid_updated, quote.updated) == tuple(moments[1:])
    assert quote.sides_updated == quote.ask_updated
    assert Quote(con_id=1, bid=D(1), bid_updated=NOW).sides_updated is None


def test_what_is_cut_off_is_old_until_it_ticks_itself() -> None:
    feed = QuoteFeed()
    feed.apply([tick(TickField.BID, number, con_id=number) for number in (1, 2, 3)], NOW)
    feed.mark_stale([3])

    assert [quote.con_id for quote in feed.cut_all_off()] == [1, 2]
    assert feed.cut_all_off() == ()
    assert feed.trust() == (), "that the gateway answers says nothing of the market"
    assert not only(feed.apply([tick(TickField.ASK, 9, con_id=2)], NOW)).stale
    assert set(feed.cut_off) == {1}

    feed.doubt()
    assert [quote.con_id for quote in feed.trust()] == [2]
    feed.mark_stale()
    assert not feed.cut_off


def test_forgotten_instruments_start_anew() -> None:
    feed = QuoteFeed()
    feed.apply([tick(TickField.BID, 1)], NOW)

    feed.forget([1, 2])

    assert feed.all() == ()
    assert only(feed.apply([tick(TickField.ASK, 2)], NOW)).bid is None


@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(1, 3), st.sampled_from(PRICES_AND_SIZES), st.none() | st.integers(0, 9)), max_size=6
        ),
        max_size=6,
    )
)
def test_the_last_word_on_each_field_stands(batches: list[list[tuple[int, TickField, int | None]]]) -> None:
    feed = QuoteFeed()
    expected: dict[tuple[int, TickField], Decimal | None] = {}
    for batch in batches:
        ticks = [tick(field, value, con_id) for con_id, field, value in batch]
        expected |= {(one.con_id, one.field): one.value for one in ticks}
        touched = feed.apply(ticks, NOW)
        assert {quote.con_id for quote in touched} == {one.con_id for one in ticks}

    assert all(getattr(feed.get(con_id), field.value) == value for (con_id, field), value in expected.items())
