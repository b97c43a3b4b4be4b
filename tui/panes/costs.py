"""COSTS: what the fills of the day's orders cost against the market that they met."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import ClassVar

from core.domain.costs import OrderCost, cost_of
from core.domain.executions import Execution
from core.domain.orders import Order
from tui import format as fmt
from tui import messages
from tui.panes import quote_cells as cells
from tui.panes.grid_pane import GridPane
from tui.widgets.line_grid import Cell, Column, Row


class CostsPane(GridPane):
    """One row an order of ours with fills, the dearest first; what was worse than the market has a minus."""

    TITLE = "COSTS"
    COLUMNS = (
        Column("number", "#", 4, "right"),
        Column("side", "SIDE", 4),
        Column("filled", "FILLED", 6, "right", max_width=12),
        Column("sym", "SYM", 6, max_width=16),
        Column("arrival", "ARRIVAL", 9, "right", priority=60, max_width=14),
        Column("average", "AVG", 9, "right", max_width=14),
        Column("bps", "BPS", 7, "right", max_width=10),
        Column("ticks", "TICKS", 6, "right", priority=70, max_width=10),
        Column("money", "MONEY", 9, "right", max_width=16),
        Column("fees", "FEES", 7, "right", max_width=12),
        Column("spread", "EFF SPREAD", 10, "right", priority=40),
        Column("time", "FILL", 6, "right", priority=50),
    )
    HEARS: ClassVar[tuple[type[messages.DeskMessage], ...]] = (
        messages.SnapshotLoaded,
        messages.LinkLost,
        messages.InstrumentsUpdated,
        messages.OrderUpdated,
        messages.ExecutionAdded,
    )

    def __init__(self, *, id: str | None = None) -> None:
        self._costs: list[tuple[Order, OrderCost]] = []
        super().__init__(id=id)

    def renew(self) -> None:
        """Work the costs out once, then show them."""
        self._costs = list(self._found())
        super().renew()

    def hear(self, message: messages.DeskMessage) -> None:
        """Draw anew; an order without fills changes nothing here."""
        if not isinstance(message, messages.OrderUpdated) or message.order.filled:
            self.renew_soon()

    def rows(self) -> Mapping[str, Row]:
        """A row for each order that has an arrival price, by its money; then those that have none."""
        found = sorted(self._costs, key=lambda one: _worst_first(one[1]))
        return {order.order_ref: self._row(order, cost) for order, cost in found}

    def summary(self) -> str:
        """What all of it comes to, by currency."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for order, cost in self._costs:
            instrument = self.replica.instrument(order.con_id)
            if instrument is not None and cost.slippage_money is not None:
                sums[instrument.currency] += cost.slippage_money
        return " · ".join(f"{fmt.pnl(-amount)} {currency}" for currency, amount in sorted(sums.items()))

    def empty_text(self) -> str:
        """Nothing has filled, or nothing is known yet."""
        return "Nothing has filled today." if self.replica.is_loaded else ""

    def con_id_of(self, key: str) -> int | None:
        """The instrument of the order."""
        order = self.replica.orders.get(key)
        return None if order is None else order.con_id

    def _found(self) -> Iterator[tuple[Order, OrderCost]]:
        fills: dict[str, list[Execution]] = defaultdict(list)
        for execution in self.replica.executions.values():
            fills[execution.order_ref].append(execution)
        for order in self.replica.orders.values():
            instrument = self.replica.instrument(order.con_id)
            cost = None if order.external else cost_of(order, fills[order.order_ref], instrument)
            if cost is not None:
                yield order, cost

    def _row(self, order: Order, cost: OrderCost) -> Row:
        instrument = self.replica.instrument(order.con_id)
        fees = " ".join(fmt.money(amount) for _, amount in cost.fees) or fmt.NONE
        return {
            "number": Cell(str(order.number)),
            "side": Cell(order.side.value, "buy" if order.side.sign > 0 else "sell"),
            "filled": Cell(fmt.size(cost.filled)),
            "sym": Cell(order.label),
            # The middle of a market lies between two ticks as often as not.
            "arrival": Cell(fmt.price(order.arrival_price, cells.decimals(instrument, order.arrival_price) + 1)),
            "average": Cell(cells.price_text(instrument, cost.average)),
            "bps": _cost_cell(cost.slippage_bps),
            "ticks": _cost_cell(cost.slippage_ticks),
            "money": _cost_cell(cost.slippage_money, 2),
            "fees": Cell(fmt.estimate(fees) if cost.unreported and cost.fees else fees),
            "spread": _cost_cell(cost.effective_spread_bps),
            "time": Cell(fmt.NONE if cost.fill_s is None else fmt.age(cost.fill_s)),
        }


def _cost_cell(cost: Decimal | None, decimals: int = 1) -> Cell:
    """With a minus where it cost something, as money that is lost has everywhere."""
    if cost is None:
        return Cell(fmt.NONE, "muted")
    return Cell(fmt.change(-cost, decimals), "down" if cost > 0 else "up" if cost < 0 else "")


def _worst_first(cost: OrderCost) -> tuple[bool, Decimal]:
    return cost.slippage_money is None, -(cost.slippage_money or Decimal(0))
