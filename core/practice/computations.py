"""Option computations as ticks: volatility, price and greeks at the bid, the ask, the last trade and the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.practice import tables_out as out
from core.practice.ticks import Tick, any_tick

if TYPE_CHECKING:
    from core.practice.derived import OptionQuote
    from core.practice.greeks import Greeks

AT_BID, AT_ASK, AT_LAST, MODEL = 10, 11, 12, 13
#: What a client asked to have computed.
CUSTOM: Final = 53

#: How volatility is counted: by returns.
_BY_RETURNS: Final = 0


def _text(value: float) -> str:
    return f"{value:.8f}".rstrip("0").rstrip(".")


def computation(kind: int, greeks: Greeks, price: float) -> Tick:
    """Return one computation without its request id; the practice market pays no dividends."""
    values = (greeks.volatility, greeks.delta, price, 0.0, greeks.gamma, greeks.vega, greeks.theta, greeks.spot)
    rest = "\0".join(map(_text, values))
    return any_tick(out.OPTION_COMPUTATION, f"{kind}\0{_BY_RETURNS}\0{rest}\0")


def unknown(kind: int) -> Tick:
    """Return a computation that has no answer."""
    fields = out.OPTION_COMPUTATION.fields({"tickType": kind}).split("\0", 2)[2]
    return any_tick(out.OPTION_COMPUTATION, fields)


def option_ticks(quote: OptionQuote, now: float) -> list[Tick]:
    """Return the computations of an option as of the last step."""
    price = quote.instrument.price
    found = [computation(MODEL, quote.greeks, quote.greeks.price)]
    for kind, units in ((AT_BID, quote.bid), (AT_ASK, quote.ask), (AT_LAST, quote.last)):
        paid = float(price(units))
        found.append(computation(kind, quote.implied(paid, now), paid))
    return found
