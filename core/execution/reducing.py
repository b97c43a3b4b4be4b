"""While only what reduces a position may leave: whether an order does."""

from __future__ import annotations

from decimal import Decimal

from core.domain.commands import Denial, DenialCode
from core.domain.events import TradingState
from core.domain.orders import OrderRequest
from core.execution.state import DeskState


def why_not_reducing(state: DeskState, request: OrderRequest, *, attached: bool) -> Denial | None:
    """Why `request` may not leave as trading stands; None if it may: all of it makes a position smaller, or any may.

    Whatever else works on the same side counts, for it may fill first; `attached` orders open or add by nature.
    """
    reducing = state.trading_state is TradingState.REDUCING
    if not reducing and not state.loss_unknown:
        return None
    position = state.held(request.account, request.con_id)
    held = Decimal(0) if position is None else position.quantity
    own = state.book.get(request.order_ref)
    working = state.book.working_quantity(request.account, request.con_id, request.side)
    others = working - (own.remaining if own is not None and own.side is request.side else Decimal(0))
    wanted = request.quantity - (Decimal(0) if own is None else own.filled)
    if not attached and held * request.side.sign < 0 and wanted + others <= abs(held):
        return None
    if not reducing:
        text = f"Not sent, for it would open: {state.loss_unknown}, so the limit of the day's loss can't be judged."
        return Denial(code=DenialCode.DAILY_LOSS, message=f"{text} Try again in a moment.", limit="daily_loss")
    text = f"Only orders that reduce a position are sent: {state.trading_reason} Not sent. Look at the position."
    return Denial(code=DenialCode.REDUCING, message=text)
