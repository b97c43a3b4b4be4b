"""While only what reduces a position may leave: with which words all else is refused."""

from __future__ import annotations

from decimal import Decimal

from core.domain.commands import Denial, DenialCode
from core.domain.events import TradingState
from core.domain.orders import OrderRequest
from core.execution.state import DeskState
from core.execution.working import NOTHING, part_of
from core.risk.closing import only_moves, reduces
from core.risk.facts import Exposure


def only_reducing(state: DeskState, *, past_kill: bool = False) -> Denial | None:
    """The refusal of an order that does not reduce a position, as trading stands; None while any order may leave.

    Of those that go past KILL no other may.
    """
    if past_kill:
        text = "Past KILL only what closes a position is sent, and nothing that could turn it. Not sent. Look at it."
        return Denial(code=DenialCode.REDUCING, message=text)
    if state.trading_state is TradingState.REDUCING:
        text = f"Only orders that reduce a position are sent: {state.trading_reason} Not sent. Look at the position."
        return Denial(code=DenialCode.REDUCING, message=text)
    if state.loss_unknown:
        text = f"Not sent, for it would open: {state.loss_unknown}, so the limit of the day's loss can't be judged."
        return Denial(code=DenialCode.DAILY_LOSS, message=f"{text} Try again in a moment.", limit="daily_loss")
    return None


def why_not_reducing(
    state: DeskState, request: OrderRequest, *, attached: bool, past_kill: bool = False
) -> Denial | None:
    """Why `request` may not leave as trading stands, by control 20 alone; None if it may.

    For what was judged before and may have been overtaken since. `attached` orders open or add by nature.
    """
    denial = only_reducing(state, past_kill=past_kill)
    if denial is None or attached or state.positions is None:
        return denial
    account, con_id = request.account, request.con_id
    position, own = state.held(account, con_id), state.book.get(request.order_ref)
    held = Decimal(0) if position is None else position.quantity
    rest = state.book.working.tally(account, con_id, request.side).less(NOTHING if own is None else part_of(own))
    exposure = Exposure(
        held=held,
        expected=state.unseen_fills.expected(account, con_id, held),
        same_side=rest.units,
        same_side_taking=rest.taking,
        filled=Decimal(0) if own is None else own.filled,
    )
    moved = only_moves(request, exposure, None if own is None else own.previous)
    return None if moved or reduces(request, exposure, past_kill=past_kill) else denial
