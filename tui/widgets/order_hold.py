"""A new order of rows waits while the trader moves the cursor, so that no row slips away under a key press."""

from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget


class OrderHold:
    """Holds back the last order given until the cursor has stood still for a while."""

    def __init__(self, grid: Widget, take_over: Callable[[list[str]], None], seconds: float) -> None:
        """`take_over` gets the order that waited, if any, `seconds` after the last movement in `grid`."""
        self._grid = grid
        self._take_over = take_over
        self._seconds = seconds
        self._timer: Timer | None = None
        self._order: list[str] | None = None

    @property
    def is_on(self) -> bool:
        """True while the cursor moves."""
        return self._timer is not None

    def begin(self) -> None:
        """The trader moved the cursor."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._grid.set_timer(self._seconds, self._release)

    def keep(self, order: list[str]) -> None:
        """Have this order wait, in place of an earlier one."""
        self._order = order

    def _release(self) -> None:
        order, self._order, self._timer = self._order, None, None
        if order is not None:
            self._take_over(order)
