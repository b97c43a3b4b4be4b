"""What the gateway knows of orders, executions, cash and positions, kept in step with the state file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from core.practice.account import Account, Position, cents, order_commission
from core.practice.days import stamp, trading_day
from core.practice.directory import Catalogue
from core.practice.instruments import Instrument
from core.practice.market import Market
from core.practice.orders import Execution, Order, Status, Ticket
from core.practice.state import StateError, Store
from core.practice.tables import Record
from core.practice.tables_order import PLACE_ORDER
from core.practice.terms import RefusedError, invalid
from core.practice.tickets import read_terms

#: Permanent ids and execution ids start from the clock of the first start, so that a state begun anew never repeats
#: ids that a client may still remember.
_PERM_SPAN: Final = 1_000_000_000
#: Steps between two saves of the whole market; what lies between is walked again after a crash.
_SAVE_EVERY: Final = 50


class Ledger:
    """Orders and executions of the trading day, the working orders of earlier days, and the accounts."""

    def __init__(self, store: Store, catalogue: Catalogue, accounts: Iterable[Account], now: float) -> None:
        #: By name, in the order in which clients are told of them; at least one.
        self.accounts = {account.name: account for account in accounts}
        self.day = trading_day(now)
        #: Every known order by its permanent id, oldest first.
        self.orders: dict[int, Order] = {}
        self.executions: list[Execution] = []
        #: How much too large the fill that completes an order is; nothing, unless a fault says so.
        self.surplus: Callable[[], int] = int
        self._store = store
        self._catalogue = catalogue
        self._by_id: dict[tuple[int, int], Order] = {}
        self._next_id = store.next_ids()
        self._born = int(store.meta("born") or now)
        self._perm_id = int(store.meta("perm_id") or _PERM_SPAN + self._born * 7 % _PERM_SPAN)
        self._exec_number = int(store.meta("exec_number") or 0)
        self._saved_step = 0
        self._unsaved_orders: dict[int, Order] = {}
        self._unsaved_positions: set[tuple[str, int]] = set()

    @property
    def account(self) -> Account:
        """The first account, of which is what names none where there is no other."""
        return next(iter(self.accounts.values()))

    def account_of(self, order: Order) -> Account:
        """Return the account that an order is for."""
        return self.accounts[order.account]

    @property
    def market(self) -> Market:
        """The market that the positions of all accounts are valued by."""
        return self.account.market

    def live_orders(self) -> list[Order]:
        """Return the orders that can still fill, oldest first."""
        return [order for order in self.orders.values() if order.is_live]

    def done_orders(self) -> list[Order]:
        """Return the orders of the day that ended, oldest first."""
        return [order for order in self.orders.values() if not order.is_live]

    def find(self, client_id: int, order_id: int) -> Order | None:
        """Return a client's order of that id, None if it never placed one."""
        return self._by_id.get((client_id, order_id))

    def find_foreign(self, order_id: int) -> Order | None:
        """Return the live order of that id of any client, None if there is none or more than one."""
        found = [order for order in self.live_orders() if order.order_id == order_id]
        return found[0] if len(found) == 1 else None

    def forget_id(self, client_id: int, order_id: int) -> None:
        """Let a client's order id stand for no order any more; the order itself stays."""
        self._by_id.pop((client_id, order_id), None)

    def next_id(self, client_id: int) -> int:
        """Return the next order id of a client, at least 1."""
        return self._next_id.get(client_id, 1)

    def ticket(self, instrument: Instrument, sent: Record, wire: str, now: float) -> Ticket:
        """Check a placeOrder of a time for an instrument, keep what is not empty of it. Raises RefusedError."""
        terms = read_terms(sent, instrument, now)
        given = ((name, value) for name, value in sent.items() if value is not None and value is not False)
        slim = Record((name, value) for name, value in given if value not in ("", []))
        slim["account"] = self._account_for(sent)
        return Ticket(instrument, terms, slim, wire)

    def _account_for(self, sent: Record) -> str:
        name = sent.text("account")
        if not name and len(self.accounts) > 1:
            raise RefusedError(435, "You must specify an account.")
        if name and name not in self.accounts:
            raise invalid(f"Invalid account code '{name}'.")
        return name or self.account.name

    def open_order(self, client_id: int, order_id: int, ticket: Ticket) -> Order:
        """Make an order, give it its permanent id and keep it."""
        self._perm_id += 1
        order = Order(self._perm_id, client_id, order_id, ticket)
        self.orders[order.perm_id] = self._by_id[client_id, order_id] = order
        self._next_id[client_id] = max(self.next_id(client_id), order_id + 1)
        self.save_order(order)
        return order

    def finish(self, order: Order, status: Status, reason: str, now: float) -> None:
        """End an order that did not fill completely."""
        order.status = status
        order.why_held = ""
        order.completed_time = stamp(now)
        order.completed_status = reason
        self.save_order(order)

    def fill(self, order: Order, units: int, quantity: int, *, waited: bool, now: float) -> Execution:
        """Book one fill of an order into cash, position and executions."""
        instrument = order.instrument
        if quantity == order.remaining:
            quantity += self.surplus()
        order.filled += quantity
        order.value += units * quantity
        order.last_units = units
        order.why_held = ""
        total = order_commission(instrument, order.filled, instrument.price(order.value) * instrument.multiplier)
        commission, order.commission = total - order.commission, total
        signed = quantity if order.is_buy else -quantity
        order.status = Status.SUBMITTED if order.remaining > 0 else Status.FILLED
        if order.remaining <= 0:
            order.completed_time = stamp(now)
            order.completed_status = f"Filled Size: {order.filled}"
        self._exec_number += 1
        execution = self._execution(order, instrument, signed, instrument.price(units), now)
        execution = replace(execution, liquidity=1 if waited else 2, average=order.average, cumulative=order.filled)
        if instrument.legs:
            self._keep(replace(execution, charged=False))
            self._fill_legs(order, execution, signed, commission)
        else:
            self._book(execution, signed, commission)
        self.save_order(order)
        return self.executions[-1 - len(instrument.legs)]

    def _execution(self, order: Order, instrument: Instrument, quantity: int, price: Decimal, now: float) -> Execution:
        """Return an execution that nothing has been booked for yet."""
        venues = instrument.venues
        return Execution(
            exec_id=f"{self._born:08x}.{self._exec_number:08x}.01.01",
            epoch=int(now),
            account=order.account,
            con_id=instrument.con_id,
            perm_id=order.perm_id,
            client_id=order.client_id,
            order_id=order.order_id,
            side="BOT" if quantity > 0 else "SLD",
            shares=abs(quantity),
            price=price,
            cumulative=abs(quantity),
            average=price,
            venue=venues[self._exec_number % len(venues)],
            order_ref=order.sent.text("orderRef"),
            liquidity=2,
            commission=Decimal(0),
            currency=instrument.fee_currency,
            realized=None,
        )

    def _fill_legs(self, order: Order, whole: Execution, quantity: int, commission: Decimal) -> None:
        """Book a combination leg by leg; the ids of the legs count on in the third part, as IBKR's do."""
        fills = self.account_of(order).leg_fills(order.instrument, quantity, whole.price)
        left, stem = commission, whole.exec_id[:-5]
        for number, (leg, size, price) in enumerate(fills, 2):
            share = left if number > len(fills) else cents(commission / len(fills))
            left -= share
            self._exec_number += 1
            execution = self._execution(order, leg, size, price, whole.epoch)
            self._book(replace(execution, exec_id=f"{stem}{number:02}.01", liquidity=whole.liquidity), size, share)

    def _book(self, execution: Execution, quantity: int, commission: Decimal) -> None:
        """Put an execution into cash and position."""
        instrument = self.instrument(execution)
        account = self.accounts[execution.account]
        realized = account.trade(instrument, quantity, execution.price, commission)
        if realized is not None and instrument.fee_currency != instrument.currency:
            realized *= account.rate(instrument.currency) / account.rate(instrument.fee_currency)
        self._unsaved_positions.add((account.name, instrument.con_id))
        self._keep(replace(execution, commission=commission, realized=realized))

    def _keep(self, execution: Execution) -> None:
        self.executions.append(execution)
        self._store.put("executions", self._exec_number, self.day, execution.body())

    def instrument(self, execution: Execution) -> Instrument:
        """Return what an execution traded."""
        return self._catalogue.by_id[execution.con_id]

    def legs_of(self, execution: Execution) -> list[Execution]:
        """Return the executions of the legs, first leg first, of a combination's newest execution; else nothing."""
        if execution.charged:
            return []
        place = self.executions.index(execution)
        stem = execution.exec_id[:-5]
        return [leg for leg in self.executions[place + 1 :] if leg.exec_id.startswith(stem)]

    def transfer(self, instrument: Instrument, quantity: int) -> None:
        """Let a signed quantity come into the first account or leave it, at the market's price and for no cash.

        There is neither an order nor an execution of it.
        """
        position = self.account.positions.setdefault(instrument.con_id, Position(instrument))
        position.trade(quantity, self.account.mark(instrument.con_id), Decimal(0))
        self._unsaved_positions.add((self.account.name, instrument.con_id))

    def save_order(self, order: Order) -> None:
        """Mark an order to be kept as it stands at the end of the turn."""
        self._unsaved_orders[order.perm_id] = order

    def save(self) -> None:
        """Put everything that this turn changed into the store, which commits it."""
        store = self._store
        if not self._unsaved_orders and not self._unsaved_positions:
            return
        for order in self._unsaved_orders.values():
            live = int(order.is_live)
            store.put("orders", order.perm_id, order.client_id, order.order_id, self.day, live, order.body())
        self._unsaved_orders.clear()
        for name, con_id in self._unsaved_positions:
            store.put("positions", name, con_id, self.accounts[name].positions[con_id].body())
        for name in {name for name, _ in self._unsaved_positions}:
            self._save_cash(self.accounts[name])
        self._unsaved_positions.clear()
        store.put("meta", "perm_id", str(self._perm_id))
        store.put("meta", "exec_number", str(self._exec_number))
        store.put("meta", "step", str(self.market.step))

    def save_market(self, *, whole: bool = False) -> None:
        """Keep the market now and then; the steps between are walked again after a crash."""
        market = self.market
        if whole or market.step - self._saved_step >= _SAVE_EVERY:
            self._saved_step = market.step
            self._store.put("meta", "market", json.dumps([market.step, market.save()]))

    def _save_cash(self, account: Account) -> None:
        for currency, amount in account.cash.items():
            self._store.put("cash", account.name, currency, str(amount))

    def start_day(self, now: float) -> list[Order]:
        """Begin a trading day: forget what ended, start the day's profits anew. Returns DAY orders that end now."""
        self.day = trading_day(now)
        ended = [order for order in self.live_orders() if order.terms.tif == "DAY"]
        for order in self.done_orders():
            del self.orders[order.perm_id]
            if self.find(order.client_id, order.order_id) is order:
                self.forget_id(order.client_id, order.order_id)
        self.executions.clear()
        for account in self.accounts.values():
            for con_id, position in account.positions.items():
                position.start_day(account.mark(con_id))
                self._unsaved_positions.add((account.name, con_id))
        self.market.start_day()
        self.save_market(whole=True)
        self._store.put("meta", "day", self.day)
        return ended

    def load(self, opening_cash: Decimal) -> None:
        """Read the state file, or begin new accounts with that much each. Raises StateError on rows of nonsense."""
        try:
            self._load_market()
            for row in self._store.orders():
                self._load_order(*row)
            day = self._store.meta("day") or self.day
            self.executions = [Execution.read(body) for body in self._store.executions(day)]
            for name, con_id, body in self._store.positions():
                instrument = self._catalogue.by_id.get(con_id)
                if instrument is not None:
                    self.accounts[name].positions[con_id] = Position.read(instrument, body)
            for name, currency, amount in self._store.cash():
                self.accounts[name].cash[currency] = Decimal(amount)
        except (ArithmeticError, ValueError, KeyError, TypeError, RefusedError) as error:
            raise StateError(f"the state file holds a row that can't be read: {error!r}") from error
        self.day = day
        if not self.account.cash:
            for account in self.accounts.values():
                account.cash = {"USD": opening_cash}
                self._save_cash(account)
            self._store.put("meta", "born", str(self._born))
            self._store.put("meta", "day", self.day)
            self.save_market(whole=True)

    def _load_market(self) -> None:
        kept = self._store.meta("market")
        if kept is None:
            return
        step, quotes = json.loads(kept)
        self.market.restore(step, quotes)
        for _ in range(int(self._store.meta("step") or 0) - step):
            self.market.advance()
        self._saved_step = self.market.step

    def _load_order(self, perm_id: int, client_id: int, order_id: int, body: str) -> None:
        wire = json.loads(body)["wire"]
        sent = PLACE_ORDER.decode(wire.split("\0"))
        combined = self._catalogue.find(sent) if sent.text("secType") == "BAG" else []
        instrument = combined[0] if combined else self._catalogue.by_id.get(json.loads(body)["instrument"])
        if instrument is None:
            return
        placed = float(json.loads(body).get("placed") or 0.0)
        order = Order(perm_id, client_id, order_id, self.ticket(instrument, sent, wire, placed))
        order.restore(body)
        self.orders[perm_id] = self._by_id[client_id, order_id] = order
