"""What-ifs for drafts of desks: after a rest, one at a time, the newest draft of each desk only. They gate nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from core.clock import Clock
from core.domain.commands import Ack, Denial, OrderPreview, PreviewClose, PreviewOrder
from core.domain.events import StreamEvent
from core.domain.orders import OrderRequest
from core.domain.what_ifs import MarginRate, WhatIf, WhatIfAnswered, draft_of
from core.errors import BrokerError, DeskError
from core.execution.asking import script_of
from core.execution.orders import OrderDesk
from core.execution.position_actions import PositionActions
from core.execution.state import DeskState
from core.ports import Broker
from core.risk.behaviour import COMPUTED, Asked
from core.risk.controls import MARGIN_CODES

log = logging.getLogger(__name__)

REST = 0.3
"""Seconds for which a draft must have stood unchanged before the broker is asked about it."""
RENEWED = 15.0
"""Seconds after which the same draft, still open at its desk, is asked about again."""


class _Draft(Struct, frozen=True, kw_only=True):
    """A draft that waits for its rest to end."""

    request: OrderRequest
    key: OrderRequest
    value: Decimal | None
    """In the instrument's currency; None without a price."""
    due: float
    """Loop time."""


class WhatIfs:
    """Answers previews at once with core's own figures, and tells the desk later what the broker says."""

    def __init__(
        self,
        broker: Broker,
        actions: PositionActions,
        orders: OrderDesk,
        state: DeskState,
        clock: Clock,
        tell: Callable[[str, StreamEvent], None],
    ) -> None:
        """`tell` brings something to one desk; the other parts are those of the one service."""
        self._broker = broker
        self._actions = actions
        self._orders = orders
        self._state = state
        self._clock = clock
        self._tell = tell
        self._waiting: dict[str, _Draft] = {}
        self._newest: dict[str, OrderRequest] = {}
        self._asked: dict[str, tuple[OrderRequest, float]] = {}
        self._changed = asyncio.Event()
        self.rates = orders.judging.exposures.margin_rates
        """The margin that the last what-if asked for, by account, contract and side: control 11 judges by it."""

    def preview(self, command: PreviewOrder | PreviewClose, client: str, *, confirmed: bool) -> Ack:
        """What the order would do by core's own figures; the broker is asked too once the draft has rested.

        `confirmed` is False for a desk that may not trade yet: nothing leaves for it.
        """
        closing = isinstance(command, PreviewClose)
        if isinstance(command, PreviewClose):
            ack = self._actions.preview_close(command)
        else:
            asked = Asked(script=script_of(client))
            ack = self._actions.preview(command.request, command.children, asked=asked)
        told = ack.result
        # What a person is only asked about is worth an answer of the broker, and so is what may take too much margin.
        denied = told.denied if isinstance(told, OrderPreview) else None
        refused = denied is not None and denied.retype is None and denied.code not in MARGIN_CODES
        if not isinstance(told, OrderPreview) or refused or not confirmed:
            self._drop(client)
            return ack
        self._follow(client, told, priced=not closing)
        return Ack(ok=True, result=replace(told, margin_estimate=self._estimate(told)))

    def gone(self, client: str) -> None:
        """A desk is gone, and its draft with it."""
        self._drop(client)
        self._asked.pop(client, None)

    def _drop(self, client: str) -> None:
        """There is no draft to ask about: what waits is not asked, and an answer on its way is told to nobody."""
        self._waiting.pop(client, None)
        self._newest.pop(client, None)

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            self._changed.clear()
            if not self._waiting:
                await self._changed.wait()
                continue
            client, draft = min(self._waiting.items(), key=lambda item: item[1].due)
            left = draft.due - self._clock.mono()
            if left <= 0:
                del self._waiting[client]
                await self._ask(client, draft)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()

    def _follow(self, client: str, told: OrderPreview, *, priced: bool) -> None:
        key, now = draft_of(told.request, priced=priced), self._clock.mono()
        self._newest[client] = key
        waiting = self._waiting.get(client)
        if waiting is not None and waiting.key == key:
            self._waiting[client] = replace(waiting, request=told.request, value=told.value)
            return
        self._waiting.pop(client, None)
        asked, at = self._asked.get(client, (None, 0.0))
        if asked != key or now - at >= RENEWED:
            self._waiting[client] = _Draft(request=told.request, key=key, value=told.value, due=now + REST)
            self._changed.set()

    async def _ask(self, client: str, draft: _Draft) -> None:
        judged = self._orders.gate() or self._orders.judging.question(draft.request, COMPUTED)
        if isinstance(judged, Denial):
            return
        self._asked[client] = draft.key, self._clock.mono()
        what_if, problem = None, ""
        try:
            what_if = await self._broker.what_if(judged)
        except BrokerError as error:
            problem = str(error)
        except DeskError as error:
            log.info("a what-if was not answered: %s", error)
        if what_if is not None:
            self._learn(draft, what_if)
        if self._newest.get(client) == draft.key:
            self._tell(client, WhatIfAnswered(request=draft.request, what_if=what_if, problem=problem))

    def _learn(self, draft: _Draft, what_if: WhatIf) -> None:
        """Keep the rate of an order that only opens; one that closes a part says too little about the next one."""
        change, request = what_if.initial.change, draft.request
        position = self._state.held(request.account, request.con_id)
        opens = position is None or position.quantity * request.side.sign >= 0
        if opens and change is not None and change > 0 and draft.value:
            rate = MarginRate(rate=change / draft.value, time=what_if.time)
            self.rates[request.account, request.con_id, request.side] = rate

    def _estimate(self, told: OrderPreview) -> Decimal | None:
        """Initial margin after it by the last rate; None without one, and for what adds nothing to the position."""
        request = told.request
        rate = self.rates.get((request.account, request.con_id, request.side))
        account = self._state.accounts.get(request.account)
        added = abs(told.position_after) - abs(told.position_before)
        if rate is None or account is None or account.initial_margin is None or told.value is None or added <= 0:
            return None
        return account.initial_margin + rate.rate * told.value * added / request.quantity
