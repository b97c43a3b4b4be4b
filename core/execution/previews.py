"""What an order and what is attached to it would do if they were sent now; nothing is sent, nothing is journalled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_UP, Decimal

from core.domain.commands import AttachedPreview, Denial, OrderPreview
from core.domain.instruments import Instrument
from core.domain.order_types import AUCTIONS, RULES, at_open
from core.domain.orders import OrderRequest, Side
from core.domain.prices import increment_at
from core.domain.quotes import Quote
from core.domain.sessions import next_open
from core.execution.changes import entry_price
from core.risk.circumstances import Circumstances, is_plain, waits
from core.risk.fees import estimate_commission
from core.risk.sizing import OF_SIZE, largest_allowed
from core.risk.usage import of_order
from core.risk.value import order_value


def previewed(
    request: OrderRequest, children: Sequence[OrderRequest], around: Circumstances, held: Decimal, denied: Denial | None
) -> OrderPreview:
    """The preview of a request: `held` is the position now, `denied` what the controls said of it and its children."""
    plain = _is_plain(request)
    value = order_value(request, around) if plain else None
    opens = _waits_until(request, around, outside_rth=request.outside_rth)
    sooner = _waits_until(request, around, outside_rth=True)
    rule = RULES.get(request.order_type)
    return OrderPreview(
        request=request,
        denied=denied,
        value=value,
        fee=_fee(request, value, around),
        position_before=held,
        position_after=held + request.quantity * request.side.sign if plain else held,
        takes_ticks=_ticks_through(request, around.instrument, around.quote) if plain else 0,
        side=request.side,
        waits_until=opens,
        outside_helps=opens is not None and sooner != opens and rule is not None and not rule.blind,
        children=tuple(_attached(child, request, around) for child in children),
        budgets=of_order(request, around) if plain else (),
        rate=around.exposure.rate,
        fits=_fits(request, around, denied),
    )


def _fits(request: OrderRequest, around: Circumstances, denied: Denial | None) -> Decimal | None:
    """The largest quantity that passes, where the size is what was refused."""
    if denied is None or denied.limit not in OF_SIZE:
        return None
    fits = largest_allowed(request, around)
    return fits if 0 < fits < request.quantity else None


def _is_plain(request: OrderRequest) -> bool:
    return all(
        number is None or is_plain(number) for number in (request.quantity, request.limit_price, request.stop_price)
    )


def _fee(request: OrderRequest, value: Decimal | None, around: Circumstances) -> Decimal | None:
    instrument = around.instrument
    if instrument is None or value is None or request.quantity <= 0:
        return None
    price = value / instrument.multiplier / request.quantity
    return estimate_commission(instrument, request.quantity, price) if price > 0 else None


def _attached(child: OrderRequest, parent: OrderRequest, around: Circumstances) -> AttachedPreview:
    entry, instrument = entry_price(parent, around), around.instrument
    exit_price = child.limit_price if child.limit_price is not None else child.stop_price
    profit = fee = None
    if instrument is not None and entry is not None and exit_price is not None and _is_plain(child):
        made = (exit_price - entry) * child.quantity * instrument.multiplier
        profit = made * parent.side.sign
        fee = _fee(child, order_value(child, around), around)
    return AttachedPreview(request=child, fee=fee, profit=profit)


def _waits_until(request: OrderRequest, around: Circumstances, *, outside_rth: bool) -> datetime | None:
    """When the market opens that an order waits for; None while it is open, and for what waits for something else."""
    instrument, now = around.instrument, around.now
    auction = at_open(request.order_type, request.tif) in AUCTIONS
    if instrument is None or now is None or auction or waits(request, around):
        return None
    opens = next_open(instrument, now, regular=not outside_rth)
    return opens if opens is not None and opens > now else None


def _ticks_through(request: OrderRequest, instrument: Instrument | None, quote: Quote | None) -> int:
    if instrument is None or quote is None or request.limit_price is None or request.stop_price is not None:
        return 0
    other = quote.ask if request.side is Side.BUY else quote.bid
    if other is None:
        return 0
    through = (request.limit_price - other) * request.side.sign
    if through < 0:
        return 0
    ticks = through / increment_at(other, instrument.price_bands)
    return int(ticks.to_integral_value(ROUND_UP)) or 1
