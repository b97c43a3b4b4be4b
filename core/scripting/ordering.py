"""How a script's orders go out: its own checks, the contract, core's answer, and what became of each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from core.api import DeskClient
from core.domain.commands import Ack, CancelOrder, ModifyOrder, PlaceOrder, SetViewers
from core.domain.denials import Denial, DenialCode
from core.domain.instruments import Instrument
from core.domain.orders import TERMINAL_STATES, Order, OrderState
from core.domain.quotes import Quote
from core.errors import (
    DeskError,
    LinkError,
    NotConnectedError,
    OrderEndedError,
    OrderRejectedError,
    OrderUnknownError,
    OrderValueError,
    RiskCheckError,
    WaitTimeoutError,
)
from core.ids import mint_order_ref
from core.link.scripts import NEVER_BEGUN
from core.scripting.refusals import error_of
from core.scripting.retries import RetryPolicy
from core.scripting.session import Session
from core.scripting.symbols import known_as, watched
from core.scripting.tickets import Changes, Ticket, changed, check, ticket_of

QUOTE_SECONDS = 5.0
"""How long the first quote of an instrument is waited for; core judges prices by it."""
SETTLE_SECONDS = 15.0
"""How long a core that was lost is looked for, to learn what became of an order."""
_IN_FLIGHT = frozenset({OrderState.INTENT, OrderState.SENT})
_CANCELLED = frozenset({OrderState.CANCELLED, OrderState.EXPIRED})

RiskCheck = Callable[[Ticket], bool]
"""A check of the script's own. It can only refuse: whatever it lets pass, core's controls judge after it."""

log = logging.getLogger(__name__)


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one order of a batch: it has either an order or an error."""

    ticket: Ticket
    order: Order | None = None
    """As it stood when its intent was on the disk."""
    error: DeskError | None = None
    """Why there is none; an OrderUnknownError means that it may be working all the same."""


class Ordering:
    """The orders of one script."""

    def __init__(self, session: Session, own: dict[str, None], retries: RetryPolicy) -> None:
        """`own` gets the reference of each order that is placed; `retries` counts where a call names none."""
        self._session = session
        self._own = own
        self._retries = retries
        self._viewer: DeskClient | None = None
        self._viewed: dict[int, None] = {}
        self.retried: dict[str, int] = {}
        """How often an order was tried again, where it was."""
        self.checks: list[RiskCheck] = []

    async def instrument(self, symbol: str) -> Instrument:
        """As of `Desk.instrument`; returns once it is quoted on both sides, or after QUOTE_SECONDS all the same."""
        books, client = self._session.books, self._session.client
        known = known_as(symbol, books.instruments.values())
        if known is None or known.con_id not in books.watchlist:
            known = await watched(client, symbol if known is None else str(known.con_id))
        if client is not self._viewer:
            # Core forgets what a client had in sight once that is gone.
            self._viewer, self._viewed = client, {}
        if known.con_id not in self._viewed:
            self._viewed[known.con_id] = None
            await client.send(SetViewers(con_ids=tuple(self._viewed)))
            await books.until(lambda: _quoted(books.quotes.get(known.con_id)), QUOTE_SECONDS)
        return known

    async def place(self, order: Ticket, attached: Sequence[Ticket], retries: RetryPolicy | None) -> Order:
        """As of `Desk.place`."""
        policy = retries or self._retries
        instance = self._session.books.instance
        if not instance:
            raise NotConnectedError(f"{order.text}: Core is not attached. Nothing was sent. Call connect first.")
        for one in attached:
            _check_attached(one, order)
        refs = [mint_order_ref(instance) for _ in (order, *attached)]
        self._own.update(dict.fromkeys(refs))
        try:
            ack = await self._attempt(order, attached, refs)
            attempt = 0
            while (denial := _passing(ack)) is not None:
                attempt += 1
                pause = _pause(policy, denial, attempt)
                if pause is None:
                    break
                log.info("%s %s: tried again in %g s, for %s", refs[0], order.text, pause, denial.message)
                await asyncio.sleep(pause)
                self.retried[refs[0]] = attempt
                ack = await self._attempt(order, attached, refs)
        except OrderUnknownError:
            raise
        except DeskError:
            self._forget(refs)
            raise
        if ack.denied is not None:
            if ack.order is None:
                self._forget(refs)
            raise error_of(ack.denied)
        return self._known(refs[0], ack)

    def _forget(self, refs: Sequence[str]) -> None:
        """Nothing of these orders was recorded."""
        for order_ref in refs:
            self._own.pop(order_ref, None)
            self.retried.pop(order_ref, None)

    async def _attempt(self, order: Ticket, attached: Sequence[Ticket], refs: Sequence[str]) -> Ack:
        """Everything that judges an order, from the beginning; core's answer, or ours where core was not even asked."""
        for one in (order, *attached):
            check(one)
            self._check(one)
        try:
            instrument = await self.instrument(order.symbol)
        except (LinkError, NotConnectedError) as error:
            return _not_connected(f"{order.text}: {error}")
        connection = self._session.books.connection
        account = connection.account if connection else ""
        if not account and not order.account:
            problem = connection.problem if connection else ""
            return _not_connected(f"{order.text} was not sent: {problem or 'there is no connection to IBKR.'}")
        request = order.request(instrument, account, refs[0])
        children = tuple(
            one.request(instrument, account, order_ref, refs[0])
            for one, order_ref in zip(attached, refs[1:], strict=True)
        )
        return await self._answer(
            PlaceOrder(request=request, children=children, ttl=order.ttl, confirms=order.confirms, short=order.short)
        )

    async def _answer(self, command: PlaceOrder) -> Ack:
        try:
            client = self._session.client
        except NotConnectedError as error:
            return _not_connected(str(error))
        try:
            return await client.send(command)
        except LinkError as error:
            lost = error
        order_ref = command.request.order_ref
        # The same core, or one that is started now, has the order in its journal, or it was never sent.
        try:
            await self._session.renew(client, SETTLE_SECONDS)
        except DeskError as error:
            raise OrderUnknownError(f"{lost} It can't be looked up now: {error}") from lost
        found = self._session.books.orders.get(order_ref)
        if found is None:
            raise NotConnectedError(f"Core was lost and has never recorded the order {order_ref}: it was not sent.")
        return Ack(ok=True, order=found)

    def _known(self, order_ref: str, ack: Ack) -> Order:
        orders = self._session.books.orders
        if ack.order is not None:
            orders.setdefault(order_ref, ack.order)
        if order_ref not in orders:
            raise OrderUnknownError(f"Core took the order {order_ref} and did not say how it stands. Look it up.")
        return orders[order_ref]

    async def outcome(self, order: Ticket, retries: RetryPolicy | None) -> Outcome:
        """What becomes of one order of a batch."""
        try:
            return Outcome(ticket=order, order=await self.place(order, (), retries))
        except DeskError as error:
            return Outcome(ticket=order, error=error)

    async def answered(self, order_ref: str, timeout: float) -> Order:
        """The order once IBKR has answered, as of `Desk.submit`."""
        books = self._session.books

        def answer() -> Order | None:
            order = books.orders.get(order_ref)
            return None if order is None or order.state in _IN_FLIGHT else order

        order = await books.until(answer, timeout)
        if order is None or order.state is OrderState.UNKNOWN:
            raise _unknown(order or books.orders.get(order_ref), order_ref)
        if order.state is OrderState.REJECTED:
            raise _ended(order, "")
        if order.state is OrderState.DENIED:
            raise RiskCheckError(f"{order.name} was not sent: {order.note}", DenialCode.NOT_CONNECTED)
        return order

    async def wait(self, order_ref: str, states: frozenset[OrderState], timeout: float) -> Order:
        """As of `Desk.wait`."""
        books, wanted = self._session.books, states or TERMINAL_STATES

        def there() -> Order | None:
            order = books.orders.get(order_ref)
            if order is None or order.state in wanted:
                return order
            if not order.is_live:
                raise _ended(order, f" {' or '.join(sorted(wanted))} was waited for.")
            return None

        order = await books.until(there, timeout)
        if order is not None:
            return order
        now = books.orders.get(order_ref)
        if now is None or now.state is OrderState.UNKNOWN:
            raise _unknown(now, order_ref)
        raise WaitTimeoutError(f"{now.name} is {now.state} after {timeout:g} s, {now.filled:f} filled. It goes on.")

    async def cancel(self, order: Order, timeout: float) -> bool:
        """As of `Desk.cancel`."""
        try:
            ack = await self._session.send(CancelOrder(order_ref=order.order_ref))
        except LinkError as error:
            raise WaitTimeoutError(f"{order.name}: whether its cancel was sent is not known. {error}") from error
        if ack.denied is not None and ack.denied.code is not DenialCode.NOT_LIVE:
            raise error_of(ack.denied)
        books = self._session.books

        def settled() -> Order | None:
            found = books.orders.get(order.order_ref)
            return found if found is not None and not found.is_live else None

        end = await books.until(settled, timeout)
        if end is None:
            raise WaitTimeoutError(
                f"{order.name}: its cancel is not settled after {timeout:g} s. It may still fill; look at it again."
            )
        return end.state in _CANCELLED

    async def modify(self, order: Order, changes: Changes) -> Order:
        """As of `Desk.modify`."""
        wanted = changed(order, changes)
        self._check(replace(wanted, symbol=self._name_of(order)))
        command = ModifyOrder(
            order_ref=order.order_ref,
            revision=order.revision,
            quantity=wanted.quantity if "quantity" in changes else None,
            limit_price=wanted.limit_price if "limit_price" in changes else None,
            stop_price=wanted.stop_price if "stop_price" in changes else None,
            trail=wanted.trail if {"trail_amount", "trail_percent"} & changes.keys() else None,
            tif=wanted.tif if "time_in_force" in changes else None,
            good_till=wanted.good_till if "good_till" in changes else None,
            outside_rth=wanted.outside_rth if "outside_rth" in changes else None,
            confirms=wanted.confirms,
            short=wanted.short,
        )
        try:
            ack = await self._session.send(command)
        except LinkError as error:
            raise OrderUnknownError(f"{order.name}: whether it was changed is not known. {error}") from error
        if ack.denied is not None:
            raise error_of(ack.denied)
        return ack.order or order

    async def place_remainder(self, order: Order) -> Order:
        """As of `Desk.place_remainder`."""
        if order.state is OrderState.UNKNOWN:
            raise _unknown(order, order.order_ref)
        if order.is_live:
            raise OrderValueError(f"{order.name} still works. Cancel it first; what it has not filled may still fill.")
        left = order.quantity - order.filled
        if left <= 0:
            raise OrderValueError(f"{order.name} has filled: nothing is left of it.")
        return await self.place(replace(ticket_of(order), symbol=self._name_of(order), quantity=left), (), None)

    def _name_of(self, order: Order) -> str:
        """What the script's checks know the instrument by: its label, or its number where the label names another."""
        known = known_as(order.label, self._session.books.instruments.values())
        return order.label if known is not None and known.con_id == order.con_id else str(order.con_id)

    def _check(self, order: Ticket) -> None:
        """Raise RiskCheckError unless every check of the script's own says True."""
        for one in self.checks:
            name = getattr(one, "__qualname__", repr(one))
            try:
                passed = one(order)
            except Exception as error:
                log.exception("the risk check %s failed at %s", name, order.text)
                text = f"{order.text}: the script's own check {name} failed ({error}). Nothing was sent."
                raise RiskCheckError(text, DenialCode.RISK) from error
            if passed is not True:
                text = f"{order.text}: the script's own check {name} refused it. Nothing was sent."
                raise RiskCheckError(text, DenialCode.RISK)


def _check_attached(attached: Ticket, order: Ticket) -> None:
    """Raise OrderValueError for what would not go out as its ticket says: it takes the contract of its order."""
    wrong = ""
    if attached.symbol.upper() != order.symbol.upper():
        wrong = f"it is attached to {order.text}, and not of {order.symbol}"
    elif attached.ttl is not None:
        wrong = "what is attached has no time limit of its own; it ends with its order"
    if wrong:
        raise OrderValueError(f"{attached.text}: {wrong}. Nothing was sent.", DenialCode.PARENT)


def _passing(ack: Ack) -> Denial | None:
    """The refusal that may pass by itself, of an order of which nothing was recorded; None for any other answer."""
    denial = ack.denied
    return None if denial is None or ack.order is not None or denial.code not in NEVER_BEGUN else denial


def _pause(policy: RetryPolicy, denial: Denial, attempt: int) -> float | None:
    """What the policy says; one that fails gives up, and the refusal stands."""
    try:
        return policy.pause(denial, attempt)
    except Exception:
        log.exception("the retry policy %r failed", policy)
        return None


def _not_connected(text: str) -> Ack:
    return Ack(ok=False, denied=Denial(code=DenialCode.NOT_CONNECTED, message=text))


def _quoted(quote: Quote | None) -> bool | None:
    """True once both sides of the market are known; None before."""
    return True if quote is not None and quote.bid is not None and quote.ask is not None else None


def _unknown(order: Order | None, order_ref: str) -> OrderUnknownError:
    name = order_ref if order is None else order.name
    return OrderUnknownError(
        f"{name}: no answer from IBKR. It may be working, and counts as if it were. Don't send it again; look its "
        f"reference {order_ref} up."
    )


def _ended(order: Order, waited: str) -> OrderEndedError:
    kind = OrderRejectedError if order.state is OrderState.REJECTED else OrderEndedError
    said = f": {order.note}" if order.note else ""
    code = "" if order.code is None else f" [{order.code}]"
    text = f"{order.name} ended as {order.state}, {order.filled:f} filled{said}{code}.{waited}"
    return kind(text, order.order_ref, order.code)
