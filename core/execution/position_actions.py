"""Closing a position: side, quantity and price computed in core from what is held and working at this moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_DOWN, Decimal

from msgspec.structs import replace

from core.domain.commands import Ack, ClosePosition, Denial, DenialCode, PreviewClose, SizeOrder
from core.domain.instruments import Instrument
from core.domain.orders import Order, OrderRequest, OrderState, OrderType, Side
from core.domain.prices import marketable_limit
from core.execution.asking import script_of
from core.execution.orders import OrderDesk
from core.execution.previews import previewed
from core.execution.refusals import deny
from core.execution.sizing import size_now
from core.execution.state import DeskState
from core.market.feed import QuoteFeed
from core.risk.behaviour import COMPUTED, PERSON, Asked

_IN_FLIGHT = (OrderState.INTENT, OrderState.SENT)


class PositionActions:
    """Previews of orders, and orders that core computes itself."""

    def __init__(self, state: DeskState, feed: QuoteFeed, desk: OrderDesk, ask_books: Callable[[], None]) -> None:
        """All parts are those of the one service; `ask_books` wants the broker's books read again."""
        self._state = state
        self._feed = feed
        self._desk = desk
        self._ask_books = ask_books

    def preview(self, request: OrderRequest, children: Sequence[OrderRequest] = (), *, asked: Asked = PERSON) -> Ack:
        """What the request and what is attached to it would do now, by every control."""
        judged = self._desk.gate() or self._desk.judging.family(request, children, asked)
        denied = judged if isinstance(judged, Denial) else None
        position = self._state.held(request.account, request.con_id)
        held = position.quantity if position else Decimal(0)
        around = self._desk.judging.circumstances(request)
        told = previewed(request, children, around, held, denied)
        figures = self._state.risk.get(request.account)
        loss = () if figures is None else (one for one in figures.budgets if one.name == "daily_loss")
        return Ack(ok=True, result=replace(told, budgets=(*told.budgets, *loss)))

    def size(self, command: SizeOrder) -> Ack:
        """How many units a size comes to now, or why none."""
        return size_now(command, self._state, self._desk.judging)

    def preview_close(self, command: PreviewClose) -> Ack:
        """What closing would send now."""
        request = self._request("", command.account, command.con_id, command.fraction)
        return Ack(ok=False, denied=request) if isinstance(request, Denial) else self.preview(request, asked=COMPUTED)

    async def close(self, command: ClosePosition, client: str) -> Ack:
        """Send the closing order, unless one for the same position is live or the position is not what was shown.

        `client` is the desk or script that asks.
        """

        def compute() -> OrderRequest | Denial:
            request = self._request(command.order_ref, command.account, command.con_id, command.fraction)
            if isinstance(request, Denial):
                return request
            if command.side not in (None, request.side):
                text = (
                    f"Not sent: the ticket said {command.side} {command.quantity:f}, but the position has turned: "
                    f"{request.side} {request.quantity:f} would close it now. The ticket shows that; Enter sends it."
                )
            elif request.quantity == command.quantity:
                return request
            else:
                text = (
                    f"Not sent: the ticket said {command.quantity:f} and {request.quantity:f} would close now. "
                    "The ticket shows the new quantity; Enter sends it."
                )
            return deny(DenialCode.POSITION_CHANGED, text)

        asked = Asked(script=script_of(client), computed=True)
        return await self._desk.place_computed(command.order_ref, command.account, command.con_id, compute, asked=asked)

    def _request(self, order_ref: str, account: str, con_id: int, fraction: Decimal) -> OrderRequest | Denial:
        position = self._state.held(account, con_id)
        instrument = self._state.instruments.get(con_id)
        if position is None or instrument is None or position.quantity == 0:
            label = instrument.label if instrument else "this instrument"
            return deny(DenialCode.NO_POSITION, f"No position in {label} to close in this account.")
        if not fraction.is_finite() or not 0 < fraction <= 1:
            text = f"Part {fraction} can't be closed: it must be above 0 and at most 1."
            return deny(DenialCode.QUANTITY, text)
        side = Side.SELL if position.quantity > 0 else Side.BUY
        ticket = "sell ticket ( s )" if side is Side.SELL else "buy ticket ( b )"
        doubted = self._in_doubt(account, con_id, side)
        if doubted is not None:
            text = (
                f"{doubted.name} may have closed this already: its outcome is not known. "
                f"Look at the position; a {ticket} goes past this."
            )
            return deny(DenialCode.CLOSE_PENDING, text)
        if self._taking_liquidity(account, con_id, side):
            text = (
                f"A closing order for {instrument.label} is live already. Wait for it, or cancel it in ORDERS ( Del )."
            )
            return deny(DenialCode.CLOSE_PENDING, text)
        if self._state.unseen_fills.concern(account, con_id):
            self._ask_books()
            text = (
                f"Not sent: {instrument.label} has just traded and its position does not show it yet. "
                "It is being read; look at it and press again."
            )
            return deny(DenialCode.POSITION_CHANGED, text)
        step = instrument.size_increment
        quantity = (abs(position.quantity) * fraction / step).to_integral_value(ROUND_DOWN) * step
        if fraction == 1:
            quantity = abs(position.quantity)
        price = self._price(side, instrument)
        if price is None:
            text = (
                f"{instrument.label} has no live two-sided quote, so no closing price can be computed. "
                f"Type a price in a {ticket}."
            )
            return deny(DenialCode.NO_REFERENCE, text)
        return OrderRequest(
            order_ref=order_ref or "preview",
            account=account,
            con_id=con_id,
            side=side,
            quantity=quantity,
            order_type=OrderType.LMT,
            limit_price=price,
        )

    def _price(self, side: Side, instrument: Instrument) -> Decimal | None:
        quote = self._feed.get(instrument.con_id)
        return marketable_limit(side, quote, instrument.price_bands) if quote is not None and quote.tradable else None

    def _in_doubt(self, account: str, con_id: int, side: Side) -> Order | None:
        """An order of ours on the closing side whose outcome is not known, wherever the market is now; None if none."""
        for order in self._state.book.live_in(account, con_id):
            if order.side is side and not order.external and order.state is OrderState.UNKNOWN:
                return order
        return None

    def _taking_liquidity(self, account: str, con_id: int, side: Side) -> bool:
        """True while an order of ours on the closing side is live at or through the market: a closing order on its way.

        Stops, and targets resting away from the market, don't count: they stay, as HANDS.md rule 9 has it.
        """
        quote = self._feed.get(con_id)
        near = None if quote is None else (quote.bid if side is Side.SELL else quote.ask)
        for order in self._state.book.live_in(account, con_id):
            if order.side is not side or order.external:
                continue
            if order.stop_price is not None or order.trail is not None:
                continue
            if order.state in _IN_FLIGHT:
                return True
            if order.limit_price is None or near is None or (order.limit_price - near) * side.sign >= 0:
                return True
        return False
