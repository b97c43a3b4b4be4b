"""What the broker says that an order would do to an account: its answer to a what-if. Never an order."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from core.domain.orders import OrderRequest, Side


class Shift(Struct, frozen=True, kw_only=True):
    """One figure of an account in its base currency; None where the broker said nothing."""

    before: Decimal | None = None
    change: Decimal | None = None
    after: Decimal | None = None


class WhatIf(Struct, frozen=True, kw_only=True):
    """The answer to one what-if.

    Source: TWS API, "Placing Orders", "Test Order Impact (WhatIf)", and the fields of OrderState there.
    """

    time: datetime
    """When it came, UTC: the figures are of that moment."""
    initial: Shift
    """Initial margin."""
    maintenance: Shift
    """Maintenance margin."""
    equity: Shift
    """Equity with loan value."""
    commission: Decimal | None = None
    """None where the broker only knows a range, or nothing."""
    commission_min: Decimal | None = None
    commission_max: Decimal | None = None
    commission_currency: str = ""
    warning: str = ""
    """IBKR's own words, cleaned; empty for none."""


class WhatIfAnswered(Struct, frozen=True, kw_only=True, tag="what_if"):
    """What became of the what-if for the newest draft of the desk that asked; only the last of these counts."""

    request: OrderRequest
    """The draft, with the reference of the preview that asked first."""
    what_if: WhatIf | None
    """None when there is no answer: the figures are unknown, not 0."""
    problem: str = ""
    """For a person: the broker's refusal; empty when it just did not answer."""

    def is_about(self, request: OrderRequest, *, priced: bool) -> bool:
        """True if `request` is the draft that was asked about; `priced` as of `draft_of`."""
        return draft_of(self.request, priced=priced) == draft_of(request, priced=priced)


class MarginRate(Struct, frozen=True, kw_only=True):
    """Initial margin per unit of value, from the last what-if that asked for more of it."""

    rate: Decimal
    """Base currency of the account per unit of the instrument's currency."""
    time: datetime
    """When the broker said it, UTC."""


RateKey = tuple[str, int, Side]
"""Account, contract number and side."""


def draft_of(request: OrderRequest, *, priced: bool) -> OrderRequest:
    """What makes two requests the same draft: all terms but the reference, and the limit price only if `priced`.

    A closing order's price is computed anew with each quote, and its margin hardly depends on it.
    """
    return replace(request, order_ref="", limit_price=request.limit_price if priced else None)
