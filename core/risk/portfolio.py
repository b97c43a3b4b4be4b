"""Control 10, the whole portfolio: what all positions of an account come to, as a part of its net liquidation.

`portfolio_risk` (variable MAX_PORTFOLIO_RISK) is the most that may be invested: every position at its market value,
long and short alike, each as large as it becomes if everything filled that works in it and is attached to nothing.
"""

from __future__ import annotations

from decimal import Decimal

from core.domain.denials import Denial, DenialCode
from core.domain.orders import OrderRequest
from core.risk.circumstances import Circumstances, deny
from core.risk.closing import closes
from core.risk.exposure import units_if_filled
from core.risk.value import unit_value

_ZERO = Decimal(0)


def within_portfolio(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """All positions together stay within their part of net liquidation; what at most closes one passes."""
    exposure, limit = circumstances.exposure, circumstances.limits.portfolio_risk
    if limit is None or closes(request, exposure):
        return None
    equity, elsewhere = circumstances.funds.equity, circumstances.elsewhere
    units, unit = units_if_filled(request, exposure), unit_value(request, circumstances)
    label = "this instrument" if circumstances.instrument is None else circumstances.instrument.label
    unknown = elsewhere.unvalued
    if equity is None:
        unknown = "IBKR has not told net liquidation yet"
    elif unit is None:
        unknown = f"no price or exchange rate of {label} is known"
    if unknown or units is None or unit is None or equity is None or elsewhere.value is None:
        why = unknown or "the positions have not been read yet"
        text = (
            f"What all positions come to can't be judged: {why}. Not sent. Wait for it, or reduce a position instead."
        )
        return deny(DenialCode.NO_VALUE, text, limit="portfolio_risk")
    sign = request.side.sign
    held = exposure.expected if exposure.held is None else exposure.held
    other = max(-held * sign, -exposure.expected * sign) + exposure.other_side_standing
    total = elsewhere.value + max(units, other, _ZERO) * unit
    most = max(equity, _ZERO) * limit
    if total <= most:
        return None
    return deny(
        DenialCode.PORTFOLIO_MAX,
        f"All positions together could come to {total:,.2f} {exposure.base_currency}; your limit is "
        f"{(limit * 100).normalize():f} % of net liquidation, {most:,.2f}. Not sent. Type a smaller quantity, or see "
        "`ibdesk limits` (portfolio_risk).",
        limit="portfolio_risk",
    )
