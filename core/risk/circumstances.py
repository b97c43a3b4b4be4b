"""What the controls judge an order against, and the words they share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from core.domain.commands import Denial, DenialCode
from core.domain.instruments import Instrument
from core.domain.limits import Limits
from core.domain.orders import OrderRequest, Terms
from core.domain.permissions import Permissions
from core.domain.quotes import Quote
from core.risk.behaviour import Asked, Day, Recent
from core.risk.facts import Elsewhere, Exposure, Funds

_DIGITS = 15
_DECIMALS = 28


class Circumstances(Struct, frozen=True, kw_only=True):
    """What the controls judge an order against."""

    instrument: Instrument | None
    """None when core has not qualified the contract."""
    quote: Quote | None
    """None when nothing was ever heard of its market."""
    accounts: tuple[str, ...]
    """The accounts that the live guard verified."""
    limits: Limits
    now: datetime | None = None
    """UTC; None leaves times that have passed unjudged."""
    before: Terms | None = None
    """The terms that a modification changes; None for a new order."""
    attached: bool = False
    """True for an order whose parent has not traded."""
    entry: Decimal | None = None
    """Where that parent is expected to trade; None if nobody knows, and for an order that stands alone."""
    exposure: Exposure = Exposure()
    """Nothing known of it refuses every order."""
    funds: Funds = Funds()
    """Nothing known of them refuses every order that takes margin."""
    elsewhere: Elsewhere = Elsewhere()
    """Reckoned only for an account with `portfolio_risk`; nothing known of it refuses every order there."""
    permissions: Permissions = Permissions()
    """What the profile trades at all."""
    asked: Asked = Asked()
    """Who wants the order."""
    recent: Recent | None = None
    """What was sent lately; None where nothing is known of it, as for a preview of core's own."""
    day: Day | None = None
    """What the account has used of its day; None where nothing is counted."""

    queue_wait: float = 0.0
    """Seconds until an order that is queued now would leave, at the pace alone."""


Control = Callable[[OrderRequest, Circumstances], Denial | None]


def is_plain(value: Decimal) -> bool:
    """True for a number that a person could have meant: finite, below 10^15, at most 28 decimals."""
    exponent = value.as_tuple().exponent
    return value.is_finite() and isinstance(exponent, int) and exponent >= -_DECIMALS and value.adjusted() < _DIGITS


def short(value: Decimal) -> str:
    """A number for a message, however odd it is."""
    return f"{value:f}" if is_plain(value) else f"{value:.6g}"


def deny(code: DenialCode, message: str, limit: str = "") -> Denial:
    """A denial."""
    return Denial(code=code, message=message, limit=limit)


def waits(request: OrderRequest, circumstances: Circumstances) -> bool:
    """True for an order that starts to work later: for its parent, a time or conditions."""
    conditional = request.conditions is not None and not request.conditions.cancels
    after, now = request.good_after, circumstances.now
    return circumstances.attached or conditional or (after is not None and (now is None or after > now))
