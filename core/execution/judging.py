"""What a request is judged against as things stand, and the judging itself: alone, or with what is attached to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from core.clock import Clock
from core.domain.commands import Denial, DenialCode
from core.domain.orders import Order, OrderRequest, Terms
from core.execution.behaviour import Behaviour
from core.execution.changes import entry_price, unattached
from core.execution.exposure import Exposures
from core.execution.portfolio import Portfolio
from core.execution.refusals import deny
from core.execution.state import DeskState
from core.market.feed import QuoteFeed
from core.ports import Approved, Preview
from core.risk.behaviour import PERSON, Asked
from core.risk.circumstances import Circumstances
from core.risk.controls import judge, question


class Judging:
    """Brings together what the controls want to know, and asks them."""

    def __init__(self, state: DeskState, feed: QuoteFeed, clock: Clock, queue_wait: Callable[[], float]) -> None:
        """All parts are those of the one service; `queue_wait` says for how long an order would wait for its turn."""
        self._queue_wait = queue_wait
        self._state = state
        self._feed = feed
        self._clock = clock
        self.exposures = Exposures(state, feed, clock)
        """What is at stake besides one order."""
        self.portfolio = Portfolio(state, feed, clock)
        """What all positions of an account come to."""
        self.behaviour = Behaviour(state, clock)
        """What was sent lately and today."""

    def circumstances(
        self,
        request: OrderRequest,
        *,
        before: Terms | None = None,
        parent: OrderRequest | Order | None = None,
        beside: Sequence[OrderRequest] = (),
        asked: Asked = PERSON,
    ) -> Circumstances:
        """What a request is judged against now.

        `parent` is what it is attached to, while that has not traded; `beside` are those that would be sent with it;
        `asked` says who wants it.
        """
        known = self._state.instruments.get(request.con_id)
        instrument = None if request.con_id in self._state.sketched else known
        now = Circumstances(
            instrument=instrument,
            quote=self._feed.get(request.con_id),
            accounts=self._state.connection.accounts,
            limits=self._state.limits.of("" if instrument is None else instrument.symbol, request.account),
            permissions=self._state.limits.permissions,
            queue_wait=self._queue_wait(),
            now=self._clock.utc(),
            before=before,
            asked=asked,
        )
        if parent is not None:
            now = replace(now, attached=True, entry=entry_price(parent, now))
        if now.limits.portfolio_risk is not None:
            now = replace(now, elsewhere=self.portfolio.elsewhere(request.account, request.con_id))
        return self.behaviour.around(request, self.exposures.around(request, now, parent=parent, beside=beside))

    def judge(
        self,
        request: OrderRequest,
        *,
        before: Terms | None = None,
        parent: OrderRequest | Order | None = None,
        beside: Sequence[OrderRequest] = (),
        asked: Asked = PERSON,
    ) -> Approved[OrderRequest] | Denial:
        """Put a request through every control as things stand."""
        return judge(request, self.circumstances(request, before=before, parent=parent, beside=beside, asked=asked))

    def question(self, request: OrderRequest, asked: Asked = PERSON) -> Preview | Denial:
        """A request as a question to IBKR, which sends nothing, by every control but that of margin."""
        return question(request, self.circumstances(request, asked=asked))

    def family(
        self, request: OrderRequest, children: Sequence[OrderRequest], asked: Asked = PERSON
    ) -> list[Approved[OrderRequest]] | Denial:
        """A request and what is attached to it, each through every control: all approved, or the first denial."""
        approved: list[Approved[OrderRequest]] = []
        above = self._state.book.get(request.parent_ref) if request.parent_ref else None
        if request.parent_ref and (above is None or above.external or not above.is_live):
            text = f"The order {request.parent_ref} to attach to is not one of ours that works. Not sent."
            return deny(DenialCode.PARENT, text)
        refs = {request.order_ref}
        for leg in (request, *children):
            parent = request if leg is not request else above
            denial = unattached(leg, parent) if parent is not None else None
            if leg is not request and (leg.order_ref in refs or leg.order_ref in self._state.used_refs):
                text = f"The reference {leg.order_ref} is used already. Not sent; mint a new one."
                denial = deny(DenialCode.DUPLICATE_REF, text)
            refs.add(leg.order_ref)
            judged = denial or self.judge(leg, parent=parent, beside=[one.value for one in approved], asked=asked)
            if isinstance(judged, Denial):
                return judged
            approved.append(judged)
        return approved
