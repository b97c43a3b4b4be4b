"""Control 4: prices that walk with the market, each order near enough to it and all of them together too far."""

from __future__ import annotations

from decimal import Decimal

from core.domain.denials import Denial, DenialCode
from core.domain.orders import OrderRequest, Side
from core.risk.circumstances import Circumstances, deny, waits
from core.risk.prices import reference_price


def level(request: OrderRequest, circumstances: Circumstances) -> Decimal | None:
    """Where an order meets the market: its price, or the market itself if that is worse for it or the only one.

    None for what does not trade now whatever its price: stops, orders that wait, and without any price. A limit that
    rests away from the market stands at the market's level: a ladder of resting orders does not walk.
    """
    if request.stop_price is not None or request.trail is not None or waits(request, circumstances):
        return None
    price, reference = request.limit_price, reference_price(request, circumstances)
    if price is None or reference is None:
        return reference if price is None else price
    return max(price, reference) if request.side is Side.BUY else min(price, reference)


def near_the_first(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """No price further than the limit from where the first order of the window met the market, for the trader's worse.

    The first order of a window always passes, and so do closing orders that core computes: whoever must get out can.
    """
    recent, limits = circumstances.recent, circumstances.limits
    first, met = None if recent is None else recent.first_level, level(request, circumstances)
    if recent is None or first is None or met is None or circumstances.asked.computed:
        return None
    # A limit that rests behind a market that has run away goes no further itself.
    now = met if request.limit_price is None else request.limit_price
    beyond = (now - first) * request.side.sign
    allowed = abs(first) * limits.walk_percent / 100
    if beyond <= allowed:
        return None
    part = f"{beyond / abs(first) * 100:.1f} %" if first else f"{beyond:f}"
    label = "this instrument" if circumstances.instrument is None else circumstances.instrument.label
    wait = max(1.0, limits.walk_seconds - recent.first_age)
    return deny(
        DenialCode.WALKED,
        f"{now:f} is {part} beyond {first:f}, where you met {label} {recent.first_age:.0f} s ago; your limit is "
        f"{limits.walk_percent:f} % in {limits.walk_seconds} s. Wait {wait:.0f} s, or press x to close a position.",
        limit="walk_percent",
    )
