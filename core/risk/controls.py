"""Every pre-trade control at once; the only place that makes an `Approved`.

A control is a pure function that returns a `Denial` or None. All of them run on every new order, every modification
and every preview; there is no way to switch one off.
"""

from __future__ import annotations

from decimal import Decimal

from core.domain.commands import Denial, DenialCode, Seen
from core.domain.instruments import Instrument
from core.domain.orders import OrderRequest, Side
from core.domain.prices import increment_at
from core.domain.quotes import Quote
from core.ports import Approved, Preview
from core.risk.basics import unknown_instrument
from core.risk.circumstances import Circumstances, deny
from core.risk.registry import CONTROLS

MOVED_TICKS = 3
MOVED_PART = Decimal("0.001")
"""A market that moved more than the larger of these since it was painted asks for another look."""


def judge(request: OrderRequest, circumstances: Circumstances) -> Approved[OrderRequest] | Denial:
    """The request approved, or the first denial."""
    for rule in CONTROLS:
        denial = rule.check(request, circumstances)
        if denial is not None:
            return denial
    if circumstances.instrument is None:
        return unknown_instrument(request)
    return Approved(request, circumstances.instrument)


MARGIN_CODES = frozenset({DenialCode.MARGIN, DenialCode.NO_MARGIN})
"""What IBKR may be asked about all the same: its answer is what margin is judged by."""


def question(request: OrderRequest, circumstances: Circumstances) -> Preview | Denial:
    """The request to be asked about instead of sent, or the first denial that is not about margin."""
    for rule in CONTROLS:
        denial = rule.check(request, circumstances)
        if denial is not None and denial.code not in MARGIN_CODES:
            return denial
    if circumstances.instrument is None:
        return unknown_instrument(request)
    return Preview(request, circumstances.instrument)


def has_moved(seen: Seen | None, quote: Quote | None, side: Side, instrument: Instrument) -> Denial | None:
    """A denial if the side of the market that `side` trades against left what was painted; None if nothing was."""
    if seen is None or quote is None:
        return None
    was, now = (seen.ask, quote.ask) if side is Side.BUY else (seen.bid, quote.bid)
    if was is None or now is None or abs(now - was) <= moved_allowance(was, instrument):
        return None
    return deny(
        DenialCode.PRICE_MOVED,
        f"Not sent: {instrument.label} moved from {was:f} to {now:f} while you looked. "
        "The ticket shows the new price; Enter sends it.",
    )


def moved_allowance(price: Decimal, instrument: Instrument) -> Decimal:
    """How far a market may move from `price` between the painting and the sending."""
    return max(MOVED_TICKS * increment_at(price, instrument.price_bands), price * MOVED_PART)
