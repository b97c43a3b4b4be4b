"""Closing every position while KILL holds: by a person's word at its panel, and by nothing else."""

from __future__ import annotations

import asyncio
import logging
from decimal import ROUND_DOWN, Decimal

from msgspec.structs import replace

from core.clock import Clock
from core.domain.commands import Ack, Denial, DenialCode, Kill
from core.domain.events import Envelope, OrderChanged, PositionsUpdated, Severity, TradingStateChanged
from core.domain.instruments import Instrument
from core.domain.orders import Order, OrderRequest, OrderState, OrderType, Side
from core.domain.prices import marketable_limit
from core.domain.trading import Cause, KillScope
from core.execution.incidents import incident
from core.execution.kill import KillSwitch
from core.execution.orders import OrderDesk
from core.execution.publisher import Publisher
from core.execution.refusals import deny, refuse
from core.execution.state import DeskState
from core.ids import mint_order_ref
from core.market.feed import QuoteFeed
from core.risk.behaviour import PAST_KILL

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds for which a position waits for cancels, or for an order to leave; then a person looks and asks again."""
LOOK_SECONDS = 1.0
"""Between two looks without news, and at least between two closing orders of which the first never left."""
_HALVINGS = 20
_TOO_LARGE = (DenialCode.QUANTITY_MAX, DenialCode.VALUE_MAX)
_PASSING = frozenset(
    {
        DenialCode.CLOSED,
        DenialCode.HALTED_MARKET,
        DenialCode.JOURNAL_BUSY,
        DenialCode.NO_RATE,
        DenialCode.NO_REFERENCE,
        DenialCode.NO_VALUE,
        DenialCode.NOT_CONNECTED,
        DenialCode.NOT_RECONCILED,
        DenialCode.OPEN_ORDERS,
        DenialCode.REDUCING,
        DenialCode.THROTTLED,
        DenialCode.UNKNOWN_INSTRUMENT,
    }
)
"""Reasons that may be gone in a moment without anyone's doing: by them a position waits."""
Key = tuple[str, int]
"""Account and contract."""


class CloseEverything:
    """Cancels every order of ours, then closes one position after the other's orders have ended.

    A closing order leaves only once nothing else works on its side of the instrument, so that it never turns the
    position; what is larger than the limits of one order is closed in parts, each after the one before. With a live
    quote it is a marketable limit, as closing by hand is. Without one it is a market order, and that is said. An
    instrument is done with once nothing is held and no order of ours, on either side, could change that.
    An event sink. A new run of core does not go on with it: KILL holds, and a person asks again.
    """

    def __init__(
        self,
        state: DeskState,
        feed: QuoteFeed,
        publisher: Publisher,
        clock: Clock,
        orders: OrderDesk,
        kill: KillSwitch,
        instance: str,
    ) -> None:
        """All parts are those of the one service; `instance` is the journal's."""
        self._state = state
        self._feed = feed
        self._publisher = publisher
        self._clock = clock
        self._orders = orders
        self._kill = kill
        self._instance = instance
        self._due: dict[Key, float] = {}
        """The positions to be closed, those that entries may still open too, and until when each waits."""
        self._notes: dict[Key, str] = {}
        self._sent: dict[Key, str] = {}
        """The last closing order of each position."""
        self._pauses: dict[Key, float] = {}
        """Until when no other follows one that did not leave."""
        self._news = asyncio.Event()
        self._working: asyncio.Task[None] | None = None
        publisher.add_sink(self)

    def ask(self, client: str) -> Ack:
        """Begin, or go on with what has not closed; denied while KILL does not hold, or nothing can leave."""
        state = self._state
        if Cause.KILL not in state.blocks:
            return refuse(DenialCode.HALTED, "Nothing was closed: this belongs to KILL. Press F9 first.")
        denial = self._orders.gate(PAST_KILL)
        if denial is not None:
            return Ack(ok=False, denied=denial)
        if state.positions is None:
            text = "Nothing was closed: positions are not read yet. Ask again in a moment."
            return refuse(DenialCode.NOT_RECONCILED, text)
        held = [one for one in state.positions.values() if one.quantity and one.account in state.connection.accounts]
        self._kill.pull(Kill(scope=KillScope.OURS), client)
        told = f"Close all was asked for at {client}: {len(held)} position{'' if len(held) == 1 else 's'}."
        self._publisher.facts([incident(state, self._clock, told, Severity.ALARM)])
        until = self._clock.mono() + PATIENCE
        self._due = {(one.account, one.con_id): until for one in held}
        # An entry may fill before its cancel is there: what it opens is closed too.
        live = [one for one in state.book.live() if not one.external and one.account in state.connection.accounts]
        self._due.update({(one.account, one.con_id): until for one in live})
        self._notes, self._sent, self._pauses = {}, {}, {}
        self._news.set()
        if self._working is None or self._working.done():
            self._working = asyncio.ensure_future(self._work())
        return Ack(ok=True, result=self._kill.killed)

    def publish(self, *envelopes: Envelope) -> None:
        """Hear every event: each of these may let the next closing order leave."""
        if any(isinstance(one.event, OrderChanged | PositionsUpdated | TradingStateChanged) for one in envelopes):
            self._news.set()

    async def _work(self) -> None:
        while self._due and self._kill.killed is not None:
            self._news.clear()
            for key in tuple(self._due):
                # A person who asks once more meanwhile has another set of positions closed.
                if key in self._due and not await self._try(key):
                    self._due.pop(key, None)
            self._show()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()
            except TimeoutError:
                continue
        self._due = {}
        self._show()

    async def _try(self, key: Key) -> bool:
        """As `_step`; what fails there keeps no other position from being closed."""
        try:
            return await self._step(key)
        except Exception:
            log.exception("closing %s has ended early", self._label(key))
            self._notes[key] = "not closed: closing it has ended early, core's log says why. Close it in TWS"
            return False

    def _show(self) -> None:
        killed = self._kill.killed
        if killed is not None:
            notes = tuple(f"{self._label(key)}: {note}" for key, note in self._notes.items())
            self._kill.show(replace(killed, closing=tuple(self._kill.closing), unclosed=notes))

    def _label(self, key: Key) -> str:
        instrument = self._state.instruments.get(key[1])
        return f"contract {key[1]}" if instrument is None else instrument.label

    async def _step(self, key: Key) -> bool:
        """Do for one position what can be done now; False once nothing more will be."""
        last = self._state.book.get(self._sent.get(key, ""))
        unsent = last is None or last.state is OrderState.DENIED
        if unsent and self._clock.mono() < self._pauses.get(key, 0.0):
            if last is not None:
                self._notes[key] = f"waits: {last.note}"
            return True
        position = self._state.held(*key)
        self._notes.pop(key, None)
        if position is None or not position.quantity:
            return self._watch(key)
        side = Side.SELL if position.quantity > 0 else Side.BUY
        if last is not None and not (last.is_live or last.state is OrderState.FILLED or self._may_follow(key, last)):
            # What was refused is not sent again by itself.
            self._notes[key] = f"not closed: {last.name} is {last.state.lower()}. Look at it, then close again"
            return False
        before = self._in_the_way(key, side)
        if before is not None and before.order_ref in self._kill.closing:
            self._notes[key] = f"{before.name} closes it and is {before.state.lower()}"
            self._renew(key)
            return True
        if before is not None or self._state.unseen_fills.concern(*key):
            return self._wait(key, before, "not closed")
        return await self._send(key, side, abs(position.quantity))

    def _watch(self, key: Key) -> bool:
        """Nothing is held: done once no order of ours, on either side, can change that."""
        before = next((one for one in self._live(key) if not one.external), None)
        if before is None and not self._state.unseen_fills.concern(*key):
            return False
        return self._wait(key, before, "flat")

    def _wait(self, key: Key, before: Order | None, stands: str) -> bool:
        """Wait for an order to end, or for a fill to show; False once that takes too long."""
        waits = "a fill that the position does not show yet" if before is None else f"{before.name} to end"
        if self._is_patient(key):
            self._notes[key] = f"waits for {waits}"
            return True
        self._notes[key] = f"{stands}: still waits for {waits}. Look at it, then close again"
        return False

    def _is_patient(self, key: Key) -> bool:
        return self._clock.mono() < self._due.get(key, 0.0)

    def _renew(self, key: Key) -> None:
        if key in self._due:
            self._due[key] = self._clock.mono() + PATIENCE

    def _may_follow(self, key: Key, last: Order) -> bool:
        """True if another order may be sent for `last`, which certainly never left, and which nobody cancelled."""
        return last.state is OrderState.DENIED and not last.revision and self._is_patient(key)

    def _live(self, key: Key) -> list[Order]:
        return [one for one in self._state.book.live() if (one.account, one.con_id) == key]

    def _in_the_way(self, key: Key, side: Side) -> Order | None:
        """An order on the closing side, whoever's it is: both could fill, and turn the position."""
        return next((one for one in self._live(key) if one.side is side), None)

    async def _send(self, key: Key, side: Side, quantity: Decimal) -> bool:
        order_ref = mint_order_ref(self._instance)
        self._kill.closing[order_ref] = None
        self._sent[key], self._pauses[key] = order_ref, self._clock.mono() + LOOK_SECONDS
        request = self._orders.gate(PAST_KILL) or self._request(order_ref, key, side, quantity)
        if isinstance(request, Denial):
            ack = Ack(ok=False, denied=request)
        else:
            ack = await self._orders.place_computed(order_ref, *key, lambda: request, asked=PAST_KILL)
        if ack.denied is not None:
            self._kill.closing.pop(order_ref, None)
            waits = ack.denied.code in _PASSING and self._is_patient(key)
            self._notes[key] = f"{'waits' if waits else 'not closed'}: {ack.denied.message}"
            return waits
        if ack.order is None or not ack.order.is_live:
            return True
        blind = isinstance(request, OrderRequest) and request.order_type is OrderType.MKT
        if blind:
            text = f"{self._label(key)} has no live quote: it is closed at the market, at whatever price that is."
            told = incident(self._state, self._clock, text, Severity.ALARM, order_ref)
            self._publisher.facts([told])
        self._renew(key)
        return True

    def _request(self, order_ref: str, key: Key, side: Side, quantity: Decimal) -> OrderRequest | Denial:
        """A closing order for as much of `quantity` as the limits of one order let pass."""
        instrument = self._state.instruments.get(key[1])
        if instrument is None:
            return deny(DenialCode.UNKNOWN_INSTRUMENT, f"contract {key[1]} is not known here. Close it in TWS.")
        price, step = self._price(side, instrument), instrument.size_increment
        request = OrderRequest(
            order_ref=order_ref,
            account=key[0],
            con_id=key[1],
            side=side,
            quantity=quantity,
            order_type=OrderType.MKT if price is None else OrderType.LMT,
            limit_price=price,
        )
        for _ in range(_HALVINGS):
            judged = self._orders.judging.judge(request, asked=PAST_KILL)
            if not isinstance(judged, Denial):
                break
            if judged.code not in _TOO_LARGE or request.quantity <= step:
                return judged
            half = (request.quantity / 2 / step).to_integral_value(ROUND_DOWN) * step
            request = replace(request, quantity=max(step, half))
        return request

    def _price(self, side: Side, instrument: Instrument) -> Decimal | None:
        quote = self._feed.get(instrument.con_id)
        return marketable_limit(side, quote, instrument.price_bands) if quote is not None and quote.tradable else None
