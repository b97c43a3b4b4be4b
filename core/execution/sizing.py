"""How many units a size comes to for an order now: the answer to a desk that sends nothing yet."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from core.domain.commands import Ack, SizeOrder
from core.domain.denials import Denial, DenialCode
from core.domain.orders import OrderRequest
from core.domain.sizes import Sized, SizeKind
from core.execution.judging import Judging
from core.execution.state import DeskState
from core.risk.basics import quantity, unknown_instrument
from core.risk.circumstances import Circumstances, deny, is_plain
from core.risk.margin import within_margin
from core.risk.prices import reference_price
from core.risk.sizing import Means, largest_within, size_order
from core.risk.value import worst_price


def size_now(command: SizeOrder, state: DeskState, judging: Judging) -> Ack:
    """What the size comes to by prices and figures of this moment, or why to nothing."""
    size, request = command.size, replace(command.request, quantity=Decimal(1))
    prices = (request.limit_price, request.stop_price, command.stop_price)
    if not all(price is None or is_plain(price) for price in prices):
        text = f"{size.text}: a price of the order is no number. Type it again."
        return Ack(ok=False, denied=deny(DenialCode.PRICE, text))
    around = judging.circumstances(request)
    instrument, exposure = around.instrument, around.exposure
    if instrument is None:
        return Ack(ok=False, denied=unknown_instrument(request))
    if size.kind is SizeKind.MARGIN:
        return _of_margin(replace(request, quantity=size.amount), around)
    at_risk = size.kind in (SizeKind.RISK, SizeKind.RISK_PERCENT)
    account = state.accounts.get(request.account)
    means = Means(
        instrument=instrument,
        side=request.side,
        price=_worst_entry(request, around) if at_risk else worst_price(request, around),
        stop=command.stop_price,
        held=exposure.held,
        rate=None if exposure.rate is None else exposure.rate.value,
        base_currency=exposure.base_currency,
        buying_power=None if account is None else account.buying_power,
        net_liquidation=None if account is None else account.net_liquidation,
    )
    found = size_order(size, means)
    return Ack(ok=False, denied=found) if isinstance(found, Denial) else Ack(ok=True, result=found)


def _of_margin(request: OrderRequest, around: Circumstances) -> Ack:
    fits = largest_within(request, around, within_margin)
    if fits:
        return Ack(ok=True, result=Sized(quantity=fits))
    return Ack(ok=False, denied=within_margin(request, around) or quantity(request, around))


def _worst_entry(request: OrderRequest, around: Circumstances) -> Decimal | None:
    """The price at which most is lost to a stop: the order's own, however much better the market is."""
    own = request.limit_price if request.limit_price is not None else request.stop_price
    return reference_price(request, around) if own is None else own
