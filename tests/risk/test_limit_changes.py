"""Control 28: what a change of limits lets through, and when it may take effect."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.denials import Denial, DenialCode
from core.domain.limit_changes import LimitWaiting
from core.domain.limit_table import LOWER_IS_LOOSER, LimitTable
from core.domain.limits import Limits
from core.risk.limit_changes import WAIT, WORD, Change, Timing, judge_change, loosens, sort_out

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
SYMBOLS, ACCOUNTS = ("", "AAPL", "TSLA"), ("", "DU1", "DU2")
NAMES = [
    *(
        f"{prefix}{field}"
        for prefix in ("", "symbols.AAPL.", "symbols.TSLA.", "accounts.DU1.", "accounts.DU2.")
        for field in ("order_value", "order_quantity")
    ),
    "daily_loss",
    "accounts.DU1.daily_loss",
]
VALUES = st.sampled_from(["1", "2.5", "100"])
SAID = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6).flatmap(
    lambda said: st.sampled_from([said, {**said, "daily_loss": "none"}])
)


def lets_more_through(old: Limits, new: Limits) -> bool:
    """Field by field, as numbers."""
    for field in Limits.__struct_fields__:
        before, after = getattr(old, field), getattr(new, field)
        if before is None or before == after:
            continue
        if after is None or isinstance(before, bool):
            return True
        if (after < before) if field in LOWER_IS_LOOSER else (after > before):
            return True
    return False


def looser_somewhere(old: LimitTable, new: LimitTable) -> bool:
    """For any order that could be judged."""
    return any(lets_more_through(old.of(*where), new.of(*where)) for where in product(SYMBOLS, ACCOUNTS))


def whole(said: dict[str, str]) -> dict[str, str]:
    """With what counts by default."""
    return LimitTable(said).said


def waiting(name: str, new: str | None, *, from_file: bool = False) -> LimitWaiting:
    """A change that waits."""
    return LimitWaiting(name=name, old="1", new=new, by="desk", asked=NOW, due=NOW + WAIT, from_file=from_file)


@settings(deadline=None)
@given(SAID, SAID)
def test_what_is_looser_for_no_order_is_not_looser(old: dict[str, str], new: dict[str, str]) -> None:
    before, after = LimitTable(old), LimitTable(new)

    assert loosens(before, after) == looser_somewhere(before, after)


@settings(deadline=None)
@given(SAID, SAID, st.text(max_size=9) | st.just(WORD), st.booleans(), st.booleans())
def test_a_change_is_judged(old: dict[str, str], new: dict[str, str], word: str, armed: bool, confirmed: bool) -> None:
    before, after = LimitTable(old), LimitTable(new)
    judged = judge_change(before, after, "it", word=word, armed=armed, confirmed=confirmed)

    if not confirmed:
        assert isinstance(judged, Denial)
        assert judged.code is DenialCode.LIVE_NOT_CONFIRMED
    elif not looser_somewhere(before, after):
        assert judged is Timing.NOW, "tighter counts at once"
    elif armed or word != WORD:
        assert isinstance(judged, Denial)
    else:
        assert judged is Timing.LATER


@settings(deadline=None)
@given(SAID, SAID)
def test_of_a_file_nothing_looser_counts_at_once_and_all_of_it_in_the_end(
    old: dict[str, str], new: dict[str, str]
) -> None:
    table, wanted = LimitTable(old), whole(new)
    found = sort_out(table, (), wanted)
    step = table
    for change in found.now:
        assert step.said.get(change.name) == change.old
        assert not looser_somewhere(step, step.changed(change.name, change.new))
        step = step.changed(change.name, change.new)
    assert step.said == found.table.said
    for change in found.later:
        assert looser_somewhere(found.table, found.table.changed(change.name, change.new))
        step = step.changed(change.name, change.new)
    assert step.said == wanted
    assert sort_out(step, (), wanted) == (step, [], [], [])


@pytest.mark.parametrize(
    ("word", "armed", "code", "says"),
    [
        ("", False, DenialCode.LIMIT_LOOSENS, "Type loosen to have it in 10 minutes."),
        ("loose", False, DenialCode.LIMIT_LOOSENS, "Type loosen"),
        (WORD, True, DenialCode.LIMIT, "a desk is armed. Nothing has changed. Disarm it"),
    ],
)
def test_why_nothing_gets_looser(word: str, armed: bool, code: DenialCode, says: str) -> None:
    old, new = LimitTable({"order_value": "10"}), LimitTable({"order_value": "20"})
    judged = judge_change(old, new, "order_value from 10 to 20", word=word, armed=armed, confirmed=True)

    assert isinstance(judged, Denial)
    assert judged.code is code
    assert judged.message.startswith("order_value from 10 to 20 lets more through")
    assert says in judged.message


def test_a_desk_that_is_not_confirmed_is_told_where_to_ask() -> None:
    old, new = LimitTable({"order_value": "10"}), LimitTable({"order_value": "5"})
    judged = judge_change(old, new, "order_value from 10 to 5", word="", armed=False, confirmed=False)

    assert isinstance(judged, Denial)
    assert judged.message == (
        "order_value from 10 to 5 is a change of limits, which a live profile takes from a confirmed desk alone. "
        "Nothing has changed. Type the live phrase at a desk, and ask there."
    )


def test_the_word_is_taken_as_people_type_it() -> None:
    old, new = LimitTable({"order_value": "10"}), LimitTable({"order_value": "20"})

    assert judge_change(old, new, "it", word=" Loosen ", armed=False, confirmed=True) is Timing.LATER


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"permissions.short": "false"}, {"permissions.short": "true"}),
        ({"permissions.forbidden_symbols": "GME"}, {}),
        ({"permissions.allowed_sec_types": "STK"}, {"permissions.allowed_sec_types": "FUT, STK"}),
        ({"symbols.AAPL.order_value": "1"}, {}),
        ({"order_value": "1", "symbols.AAPL.order_value": "1"}, {"order_value": "1", "symbols.AAPL.order_value": "2"}),
        ({"walk_seconds": "60"}, {"walk_seconds": "59"}),
        ({"duplicate_seconds": "60"}, {"duplicate_seconds": "0"}),
        ({"breaker_pause": "30"}, {"breaker_pause": "29"}),
        ({"breaker_failures": "5"}, {"breaker_failures": "none"}),
        ({"ask_short": "true"}, {"ask_short": "false"}),
    ],
)
def test_permissions_and_what_one_symbol_says_are_judged_too(old: dict[str, str], new: dict[str, str]) -> None:
    assert loosens(LimitTable(old), LimitTable(new))
    assert not loosens(LimitTable(new), LimitTable(old))


def test_what_a_symbol_says_no_more_may_loosen_through_its_account() -> None:
    said = {"order_value": "50", "symbols.AAPL.order_value": "100", "accounts.DU1.order_value": "200"}
    old = LimitTable(said)

    assert loosens(old, old.changed("symbols.AAPL.order_value", None))


def test_what_waits_stays_while_the_files_say_nothing_new_of_it() -> None:
    table = LimitTable({"order_value": "1"})
    asked = waiting("order_value", "5")

    assert sort_out(table, [asked], table.said)[1:] == ([], [], [])
    assert sort_out(table, [asked], {**table.said, "order_value": "5"})[1:] == ([], [], [])
    longer = sort_out(table, [asked], {**table.said, "order_value": "7"})
    assert longer[1:] == ([], [Change("order_value", "1", "7")], [])


def test_what_waits_is_withdrawn_by_a_file_that_takes_it_back_or_is_tighter() -> None:
    table = LimitTable({"order_value": "4", "symbols.AAPL.order_value": "2"})
    read = [waiting("order_value", "5", from_file=True), waiting("symbols.AAPL.order_value", None, from_file=True)]

    assert sort_out(table, read, table.said).withdrawn == ["order_value", "symbols.AAPL.order_value"]
    tighter = sort_out(table, read[:1], {**table.said, "order_value": "3"})
    assert (tighter.now, tighter.withdrawn) == ([Change("order_value", "4", "3")], ["order_value"])


def test_a_symbol_goes_first_where_that_keeps_the_general_from_loosening_it() -> None:
    table = LimitTable({"order_value": "50"})
    found = sort_out(table, (), whole({"order_value": "200", "symbols.AAPL.order_value": "50"}))

    assert found.now == [Change("symbols.AAPL.order_value", None, "50")]
    assert found.later == [Change("order_value", "50", "200")]
    assert found.table.of("AAPL", "").order_value == Decimal(50)
