"""Control 21: whether an order meets a market, or the close, a halt, or a contract that trades no more."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.domain.commands import Denial, DenialCode
from core.domain.instruments import Instrument
from core.domain.order_types import RULES
from core.domain.orders import OrderRequest, TimeInForce
from core.domain.sessions import next_open
from core.risk.circumstances import Circumstances, deny, waits

_AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)
_DATE_DIGITS = 8


def unexpired(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """The contract's last trade day has not passed, by the date where it trades; New York's if nobody knows where."""
    instrument, now = circumstances.instrument, circumstances.now
    last = "" if instrument is None else instrument.last_trade_date[:_DATE_DIGITS]
    if instrument is None or now is None or not last.isdigit() or len(last) < _DATE_DIGITS:
        return None
    if f"{now.astimezone(_zone(instrument)):%Y%m%d}" <= last:
        return None
    day = f"{last[:4]}-{last[4:6]}-{last[6:]}"
    return deny(
        DenialCode.EXPIRED, f"{instrument.label} traded last on {day}. Not sent; choose a contract that still trades."
    )


def in_session(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """What must trade at once meets an open market that is not halted.

    Refused are market orders, which would trade blind when the market opens, and IOC and FOK, which IBKR would only
    cancel. What waits by its type or time in force passes: a limit order outside the hours is an ordinary order that
    rests until the open (the preview says WAITS and until when), and so do stops, auctions and orders that start
    later. Where no hours are known, a live two-sided quote is the word for an open market: control 3 asks for one.
    """
    instrument, quote, now = circumstances.instrument, circumstances.quote, circumstances.now
    rule = RULES.get(request.order_type)
    blind = rule is not None and rule.blind
    must_trade = (blind and request.tif is not TimeInForce.OPG) or request.tif in _AT_ONCE
    if instrument is None or not must_trade or waits(request, circumstances):
        return None
    what = (
        f"a {rule.words}"
        if rule is not None and blind
        else f"{'an' if request.tif == 'IOC' else 'a'} {request.tif} order"
    )
    advice = "Use a limit price with DAY, which waits" if blind else "Use DAY or GTC, which waits"
    if quote is not None and quote.halted:
        text = f"{instrument.label} is halted: {what} can't trade now. {advice} for the reopening."
        return deny(DenialCode.HALTED_MARKET, text)
    opens = None if now is None else next_open(instrument, now, regular=not request.outside_rth)
    if now is None or opens is None or opens <= now:
        return None
    when = f"{opens:%H:%M}" if opens.date() == now.astimezone(opens.tzinfo).date() else f"{opens:%Y-%m-%d %H:%M}"
    ext = ""
    if not blind and not request.outside_rth:
        sooner = next_open(instrument, now, regular=False)
        ext = ", or add ext" if sooner is not None and sooner <= now else ""
    text = f"{instrument.label} is closed until {when} {opens.tzname()}: {what} can't trade now. {advice}{ext}."
    return deny(DenialCode.CLOSED, text)


def _zone(instrument: Instrument) -> tzinfo:
    try:
        return ZoneInfo(instrument.time_zone or "America/New_York")
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return UTC
