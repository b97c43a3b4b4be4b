"""Who has a market data line, and how fast lines change hands."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.market.subscriptions import DWELL_SECONDS, FRAME_WINDOW, LONGEST_PROBE, PROBE_SECONDS, LineBudget, Step

EVERY = range(1, 21)


class Account:
    """A budget of lines, told step by step what is wanted; `now` is moved by the test."""

    def __init__(self, lines: int = 4, frames: int = 100) -> None:
        self.budget = LineBudget(lines, frames)
        self.now = 100.0
        self.at_stake: set[int] = set()
        self.watched: list[int] = list(EVERY)

    def step(self) -> Step:
        """One step, now."""
        return self.budget.step(self.at_stake, self.watched, EVERY, self.now)

    def see(self, *con_ids: int, viewer: str = "desk") -> Step:
        """These are in sight, and stay there."""
        self.budget.see(viewer, con_ids, self.now)
        self.now += DWELL_SECONDS
        return self.step()

    @property
    def active(self) -> set[int]:
        """Who has a line."""
        return set(self.budget.active)


def test_lines_go_to_the_first_of_the_list_when_nobody_looks() -> None:
    account = Account()

    assert account.step() == Step((), (1, 2, 3, 4), None)
    assert account.step() == Step((), (), None)


def test_what_is_at_stake_comes_before_what_is_seen_and_that_before_the_rest() -> None:
    account = Account()
    account.step()
    account.at_stake = {20}

    assert account.see(10, 11).take == (20, 10, 11)
    assert account.active == {20, 10, 11, 1}

    account.at_stake = {17, 18, 19, 20}
    account.step()
    assert account.active == {17, 18, 19, 20}


def test_what_more_desks_see_comes_first() -> None:
    account = Account(lines=2)
    account.see(5, 6, 7, viewer="one")
    account.see(7, 8, viewer="two")

    assert 7 in account.active
    account.budget.leave("one")
    account.now += 1
    account.step()
    assert account.active == {7, 8}


def test_a_line_is_kept_until_somebody_needs_it_and_the_longest_unseen_goes_first() -> None:
    account = Account()
    account.see(5, 6)
    account.see(7, 8)
    assert account.active == {5, 6, 7, 8}, "5 and 6 are out of sight, and nothing else was in need"
    account.see(5)

    assert account.see(9) == Step((6,), (9,), None)
    assert account.active == {5, 7, 8, 9}


def test_rows_that_are_scrolled_past_take_nothing() -> None:
    account = Account()
    account.see(1, 2, 3, 4)
    for first in range(5, 17):
        account.budget.see("desk", range(first, first + 4), account.now)
        step = account.step()
        assert (step.drop, step.take) == ((), ())
        assert step.again_in is not None
        assert 0 < step.again_in < DWELL_SECONDS + 0.001
        account.now += DWELL_SECONDS / 4 - 0.001
    account.now += DWELL_SECONDS

    assert set(account.step().take) == {16, 17, 18, 19}


def test_what_is_asked_for_by_name_counts_at_once_and_until_the_next() -> None:
    account = Account(lines=1)
    account.step()
    account.budget.focus("desk", 9)
    assert account.step() == Step((1,), (9,), None)

    account.budget.focus("desk", 12)
    assert account.step() == Step((9,), (12,), None)


def test_what_nobody_wants_any_more_gives_its_line_back() -> None:
    account = Account()
    account.step()
    account.watched = [2]

    assert set(account.step().drop) == {1, 3, 4}
    assert account.active == {2}


def test_a_refused_one_is_left_alone_and_its_line_goes_to_another() -> None:
    account = Account(lines=2)
    account.step()
    account.budget.refuse(1)
    assert account.step().take == (3,)
    account.budget.restart(2)

    assert account.step().take == (1, 2)


def test_lines_that_other_programs_use_are_not_asked_for_again() -> None:
    account = Account(lines=4)
    account.step()
    account.budget.shrink(4, account.now)

    assert account.budget.lines == 3
    assert account.step() == Step((), (), None)
    assert account.see(9).take == (9,)
    assert len(account.active) == 3


def test_lines_come_back_one_by_one_while_none_is_refused() -> None:
    account = Account(lines=4)
    account.step()
    for con_id in (4, 3):
        account.budget.shrink(con_id, account.now)
    account.now += PROBE_SECONDS - 1
    assert account.step() == Step((), (), None)

    account.now += 1
    assert account.step().take == (3,)
    assert account.step() == Step((), (), None)
    account.now += PROBE_SECONDS
    assert account.step().take == (4,)
    account.now += 10 * PROBE_SECONDS
    account.step()
    assert account.budget.lines == 4


def test_a_line_that_is_refused_again_is_tried_later_each_time() -> None:
    account = Account(lines=4)
    account.step()
    account.budget.shrink(4, account.now)
    tried = []
    for _ in range(7):
        began = account.now
        while not account.step().take:
            account.now += 1
        tried.append(account.now - began)
        account.budget.shrink(4, account.now)

    assert tried == [180, 360, 720, 1440, 2880, LONGEST_PROBE, LONGEST_PROBE]


def test_no_line_comes_back_while_some_are_free() -> None:
    account = Account(lines=4)
    account.step()
    account.budget.shrink(4, account.now)
    account.watched = [1]
    account.step()
    account.now += 10 * PROBE_SECONDS
    account.step()

    assert account.budget.lines == 3


def test_lost_subscriptions_are_taken_anew_at_the_same_pace() -> None:
    account = Account(lines=4, frames=6)
    account.step()
    account.now += 2

    assert account.budget.renew(account.now) == (1, 2, 3, 4)
    assert account.step().take == (1, 2)
    account.now += FRAME_WINDOW
    assert account.step().take == (3, 4)


MOVES = st.one_of(
    st.tuples(st.just("see"), st.sampled_from(["one", "two"]), st.sets(st.sampled_from(EVERY), max_size=9)),
    st.tuples(st.just("stake"), st.just(""), st.sets(st.sampled_from(EVERY), max_size=4)),
    st.tuples(st.just("watch"), st.just(""), st.sets(st.sampled_from(EVERY), max_size=20)),
    st.tuples(st.just("leave"), st.sampled_from(["one", "two"]), st.just(set[int]())),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(MOVES, st.floats(0, 0.5)), max_size=60), st.integers(1, 12), st.integers(2, 9))
def test_never_too_many_lines_nor_frames_and_at_rest_the_right_ones(
    moves: list[tuple[tuple[str, str, set[int]], float]], lines: int, frames: int
) -> None:
    account = Account(lines, frames)
    sent: list[float] = []
    has: set[int] = set()

    def step() -> Step:
        made = account.step()
        has.difference_update(made.drop)
        assert has.isdisjoint(made.take)
        has.update(made.take)
        sent.extend([account.now] * (len(made.drop) + len(made.take)))
        assert len(has) <= lines
        assert len([moment for moment in sent if moment > account.now - 1]) <= frames
        return made

    sight: dict[str, set[int]] = {}
    for (kind, viewer, con_ids), passes in moves:
        if kind == "see":
            account.budget.see(viewer, sorted(con_ids), account.now)
            sight[viewer] = con_ids
        elif kind == "leave":
            account.budget.leave(viewer)
            sight.pop(viewer, None)
        elif kind == "stake":
            account.at_stake = con_ids
        else:
            account.watched = sorted(con_ids)
        step()
        account.now += passes
    for _ in range(200):
        again_in = step().again_in
        if again_in is None:
            break
        account.now += again_in

    seen = set().union(*sight.values())
    wanted = account.at_stake | seen | set(account.watched)
    assert len(has) == min(lines, len(wanted))
    assert has <= wanted
    assert has == account.active
    first, second = account.at_stake, account.at_stake | seen
    assert len(has & first) == min(lines, len(first))
    assert len(has & second) == min(lines, len(second))
