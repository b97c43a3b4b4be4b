"""Numbers read back as what they were, and none, unknown and zero never look alike."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import format as fmt

D = Decimal

amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=4)
counts = st.integers(min_value=0, max_value=10**10)
formatters: list[Callable[[Decimal | None], str]] = [
    lambda value: fmt.price(value, 2),
    lambda value: fmt.change(value, 2),
    fmt.money,
    fmt.size,
    fmt.pnl,
    fmt.r_multiple,
    fmt.percent,
    fmt.volume,
]


def read_back(text: str) -> Decimal:
    return D(text.replace(",", "").replace(fmt.MINUS, "-"))


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (fmt.price(D("6014.254"), 2), "6014.25"),
        (fmt.price(D("233.3"), 2), "233.30"),
        (fmt.price(D("1.08412"), 5), "1.08412"),
        (fmt.price(D("-37.63"), 2), "−37.63"),
        (fmt.price(D("-0.001"), 2), "0.00"),
        (fmt.price(4500, 0), "4500"),
        (fmt.change(D("1.42"), 2), "+1.42"),
        (fmt.money(D("23333")), "23,333.00"),
        (fmt.money(D("-1240.5")), "−1,240.50"),
        (fmt.money(D("104215.3"), 0), "104,215"),
        (fmt.size(1200), "1,200"),
        (fmt.size(D("-50.000")), "−50"),
        (fmt.size(D("0.5000")), "0.5"),
        (fmt.size(D("1E+3")), "1,000"),
        (fmt.size(D("-0.0")), "0"),
        (fmt.pnl(D(84)), "+84.00"),
        (fmt.pnl(D("-40.4")), "−40.40"),
        (fmt.pnl(D(0)), "+0.00"),
        (fmt.pnl(D("-0.001")), "+0.00"),
        (fmt.pnl(D("1240.5")), "+1,240.50"),
        (fmt.r_multiple(D("1.4")), "+1.4R"),
        (fmt.r_multiple(D("-0.3")), "−0.3R"),
        (fmt.percent(D("0.61")), "▲ +0.61"),
        (fmt.percent(-0.42), "▼ −0.42"),
        (fmt.percent(D("0.61"), unit="%"), "▲ +0.61%"),
        (fmt.percent(D("-0.001")), "+0.00"),
        (fmt.volume(32_100_000), "32.1M"),
        (fmt.volume(812_345), "812k"),
        (fmt.volume(9_800), "9.8k"),
        (fmt.volume(640), "640"),
        (fmt.volume(0), "0"),
        (fmt.volume(999_499), "999k"),
        (fmt.volume(999_500), "1.0M"),
        (fmt.volume(D("999.5")), "1.0k"),
        (fmt.volume(1_234_000_000), "1,234M"),
        (fmt.age(43), "0:43"),
        (fmt.age(250.9), "4:10"),
        (fmt.age(3669), "1:01:09"),
        (fmt.age(-3), "0:00"),
        (fmt.age(None), "—"),
        (fmt.short_age(9), "9s"),
        (fmt.short_age(7200), "2h"),
        (fmt.short_age(172_800), "2d"),
        (fmt.stale("27.22", 130), "27.22~2m"),
        (fmt.stale("27.22", None), "27.22~"),
        (fmt.stale(fmt.NONE, 130), "—"),
        (fmt.estimate("61,210"), "~61,210"),
        (fmt.estimate(fmt.UNKNOWN), "?"),
        (fmt.delayed("27.22"), "27.22D"),
        (fmt.delayed(fmt.NONE), "—"),
        (fmt.frozen("27.22"), "27.22F"),
        (fmt.frozen(fmt.UNKNOWN), "?"),
        (fmt.uncertain("0"), "0?"),
        (fmt.uncertain(fmt.NONE), "?"),
        (fmt.filled(80, 200), "80/200"),
        (fmt.filled(None, D(200)), "?/200"),
    ],
)
def test_as_the_screens_show_it(shown: str, wanted: str) -> None:
    assert shown == wanted


@pytest.mark.parametrize("formatter", formatters)
def test_none_unknown_and_zero_differ(formatter: Callable[[Decimal | None], str]) -> None:
    assert formatter(None) == fmt.NONE
    assert formatter(D("NaN")) == formatter(D("Infinity")) == fmt.UNKNOWN
    assert formatter(D(0)) not in (fmt.NONE, fmt.UNKNOWN)


@given(amounts, st.integers(min_value=0, max_value=6))
def test_a_price_reads_back_to_its_decimals(value: Decimal, decimals: int) -> None:
    text = fmt.price(value, decimals)
    assert "," not in text
    assert "-" not in text
    assert read_back(text) == round(value, decimals)
    assert len(text.partition(".")[2]) == decimals


@given(amounts)
def test_money_reads_back_to_the_cent(value: Decimal) -> None:
    assert read_back(fmt.money(value)) == round(value, 2)


@given(amounts)
def test_a_profit_is_always_signed(value: Decimal) -> None:
    text = fmt.pnl(value)
    assert text[0] == (fmt.MINUS if round(value, 2) < 0 else "+")
    assert read_back(text) == round(value, 2)


@given(amounts)
def test_a_size_loses_nothing(value: Decimal) -> None:
    text = fmt.size(value)
    assert read_back(text) == value
    assert "." not in text or text[-1] not in "0."


@given(amounts)
def test_the_arrow_agrees_with_the_sign(value: Decimal) -> None:
    text = fmt.percent(value)
    assert text.startswith(f"{fmt.UP} +") == (round(value, 2) > 0)
    assert text.startswith(f"{fmt.DOWN} {fmt.MINUS}") == (round(value, 2) < 0)


@given(counts)
def test_a_volume_is_near_and_short(value: int) -> None:
    text = fmt.volume(value)
    scale = {"k": 1_000, "M": 1_000_000}.get(text[-1], 1)
    shown = read_back(text.rstrip("kM")) * scale
    assert abs(shown - value) <= max(D(value) / 19, D("0.5"))
    assert scale == 1_000_000 or len(text) <= 5


@given(counts)
def test_a_larger_volume_never_shows_smaller(value: int) -> None:
    def shown(count: int) -> Decimal:
        text = fmt.volume(count)
        return read_back(text.rstrip("kM")) * {"k": 1_000, "M": 1_000_000}.get(text[-1], 1)

    assert shown(value) <= shown(value + 1) <= shown(value + 997)


@given(st.integers(min_value=0, max_value=10**7))
def test_an_age_reads_back(seconds: int) -> None:
    parts = [int(part) for part in fmt.age(seconds).split(":")]
    hours, minutes, rest = [0, 0, 0, *parts][-3:]
    assert (hours * 60 + minutes) * 60 + rest == seconds
    assert minutes < 60
    assert rest < 60
