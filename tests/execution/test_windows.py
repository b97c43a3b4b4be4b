"""What happened in the last seconds, against a plain list of everything."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.execution.windows import LONGEST, Window

STEPS = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 2000)), max_size=40)


@settings(deadline=None)
@given(STEPS, st.sampled_from([1.0, 60.0, 600.0]))
def test_first_and_newest_are_those_of_a_plain_list(steps: list[tuple[str, float]], seconds: float) -> None:
    window: Window[str, int] = Window()
    plain: list[tuple[str, float, int]] = []
    now = 0.0
    for number, (key, pause) in enumerate(steps):
        now += pause
        window.add(key, number, now)
        plain.append((key, now, number))
        for one in "abc":
            kept = [(at, value) for name, at, value in plain if name == one and at > now - seconds]
            assert list(window.newest(one, now - seconds)) == kept[::-1]
            assert window.first(one, now - seconds) == (kept[0] if kept else None)


def test_what_nobody_asks_about_any_more_does_not_pile_up() -> None:
    window: Window[int, None] = Window()
    for number in range(20_000):
        window.add(number, None, number * LONGEST / 100)

    assert sum(window.first(number, float("-inf")) is not None for number in range(20_000)) < 2_000


@settings(deadline=None)
@given(STEPS, st.integers(1, 4))
def test_of_each_key_the_newest_so_many_are_kept(steps: list[tuple[str, float]], most: int) -> None:
    window: Window[str, int] = Window(most)
    now = 0.0
    for number, (key, pause) in enumerate(steps):
        now += pause
        window.add(key, number, now)
    for one in "abc":
        came = [number for number, (key, _) in enumerate(steps) if key == one]
        assert [value for _, value in window.newest(one, float("-inf"))] == came[::-1][:most]


def test_what_was_read_is_forgotten_where_it_is_old() -> None:
    window: Window[str, int] = Window()
    for number in range(10):
        window.add("a", number, float(number))

    assert [value for _, value in window.newest("a", 6.0)] == [9, 8, 7]
    assert [value for _, value in window.newest("a", float("-inf"))] == [9, 8, 7]
