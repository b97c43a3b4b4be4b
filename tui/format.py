"""Numbers as the screen shows them: one sign for none, one for unknown, and never 0 for either."""

from decimal import Decimal

NONE = "—"
"""There is no such value."""
UNKNOWN = "?"
"""There is a value, but nobody knows it now."""
MINUS = "−"
"""The minus sign of every shown number, U+2212, as wide as a plus."""
UP = "▲"
DOWN = "▼"
ESTIMATE = "~"
DELAYED = "D"
FROZEN = "F"

Number = Decimal | int
"""What money, sizes and prices are given in; never a float."""


def price(value: Number | None, decimals: int) -> str:
    """Format a price with the instrument's decimals and no separators: `6014.25`.

    Args:
        value: The price; None is shown as none, a value that is no number as unknown.
        decimals: Digits after the point; further digits of the value are rounded away (half to even).
    """
    return _plain(value, decimals)


def change(value: Number | None, decimals: int) -> str:
    """Format a difference of prices, always signed: `+1.42`; None is shown as none."""
    return _signed(value, f".{decimals}f")


def money(value: Number | None, decimals: int = 2) -> str:
    """Format an amount with thousands separators: `23,333.00`; None is shown as none."""
    return _plain(value, decimals, ",")


def size(value: Number | None) -> str:
    """Format a quantity with thousands separators and as many decimals as it has: `1,200`, `−50`, `0.5`.

    None is shown as none.
    """
    if value is None:
        return NONE
    number = Decimal(value)
    if not number.is_finite():
        return UNKNOWN
    # The absolute value takes the sign off a negative zero.
    text = f"{number or abs(number):,f}"
    return _minus(text.rstrip("0").rstrip(".") if "." in text else text)


def pnl(value: Number | None) -> str:
    """Format a profit or loss, always signed, with two decimals: `+84.00`, `−40.40`; None is shown as none."""
    return _signed(value, ",.2f")


def r_multiple(value: Number | None) -> str:
    """Format a profit in multiples of the risk, always signed: `+1.4R`; None, as without a stop, is shown as none."""
    text = _signed(value, ".1f")
    return text if text in (NONE, UNKNOWN) else f"{text}R"


def percent(value: Number | float | None, decimals: int = 2, unit: str = "") -> str:
    """Format a change in percent with its arrow: `▲ +0.61`, `▼ −0.42`.

    Args:
        value: Percent, so 0.61 for 0.61 %; None is shown as none. What rounds to zero has no arrow.
        decimals: Digits after the point.
        unit: Text glued to the number, such as the percent sign where no column title says it.
    """
    text = _signed(Decimal(repr(value)) if isinstance(value, float) else value, f".{decimals}f")
    if text in (NONE, UNKNOWN):
        return text
    if not text.strip("+0."):
        return text + unit
    return f"{DOWN if text.startswith(MINUS) else UP} {text}{unit}"


def volume(value: Number | None) -> str:
    """Format a volume in k and M, at most one decimal: `32.1M`, `812k`, `9.8k`, `640`; None is shown as none."""
    if value is None:
        return NONE
    number = Decimal(value)
    if not number.is_finite():
        return UNKNOWN
    # The limits are where rounding would carry into the next unit: 999,500 is 1.0M, not 1000k.
    for limit, unit, suffix in ((Decimal(999_500), 1_000_000, "M"), (Decimal("999.5"), 1_000, "k")):
        if number >= limit:
            scaled = number / unit
            return f"{scaled:,.0f}{suffix}" if scaled >= Decimal("99.95") else f"{scaled:.1f}{suffix}"
    return _plain(number, 0)


def age(seconds: float | None) -> str:
    """Format how long ago something was: `0:43`, `4:10`, `1:01:09`; None is shown as none.

    Parts of a second are dropped; a negative age, as between two clocks, is shown as `0:00`.
    """
    if seconds is None:
        return NONE
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def short_age(seconds: float) -> str:
    """Format an age in its largest whole unit: `9s`, `2m`, `3h`, `5d`."""
    whole = max(0, int(seconds))
    for unit, suffix in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if whole >= unit:
            return f"{whole // unit}{suffix}"
    return f"{whole}s"


def stale(text: str, seconds: float | None) -> str:
    """Mark a shown value as old: `27.22~2m`.

    Args:
        text: The value as formatted; none and unknown have no age and stay as they are.
        seconds: Its age; None for an age that is not known, which leaves the sign alone.
    """
    if text in (NONE, UNKNOWN):
        return text
    return f"{text}{ESTIMATE}" if seconds is None else f"{text}{ESTIMATE}{short_age(seconds)}"


def estimate(text: str) -> str:
    """Mark a shown value as an estimate: `~61,210`; none and unknown stay as they are."""
    return text if text in (NONE, UNKNOWN) else f"{ESTIMATE}{text}"


def delayed(text: str) -> str:
    """Mark a shown value as coming from a delayed feed: `27.22D`; none and unknown stay as they are."""
    return text if text in (NONE, UNKNOWN) else f"{text}{DELAYED}"


def frozen(text: str) -> str:
    """Mark a shown value as the last one of a session that is over: `27.22F`; none and unknown stay as they are."""
    return text if text in (NONE, UNKNOWN) else f"{text}{FROZEN}"


def uncertain(text: str) -> str:
    """Mark a shown value as possibly out of date because something unknown bears on it: `0?`."""
    return UNKNOWN if text in (NONE, UNKNOWN) else f"{text}{UNKNOWN}"


def filled(done: Number | None, total: Number | None) -> str:
    """Format how much of an order is filled: `80/200`; a side that is None is shown as unknown."""
    return f"{UNKNOWN if done is None else size(done)}/{UNKNOWN if total is None else size(total)}"


def _plain(value: Number | None, decimals: int, separator: str = "") -> str:
    if value is None:
        return NONE
    number = Decimal(value)
    if not number.is_finite():
        return UNKNOWN
    text = f"{number:{separator}.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.") else _minus(text)


def _signed(value: Number | None, spec: str) -> str:
    if value is None:
        return NONE
    number = Decimal(value)
    if not number.is_finite():
        return UNKNOWN
    text = f"{number:{spec}}".lstrip("-")
    # What rounds to zero is neither a profit nor a loss: it never reads as −0.00.
    return f"{MINUS if number < 0 and text.strip('0.,') else '+'}{text}"


def _minus(text: str) -> str:
    return text.replace("-", MINUS)
