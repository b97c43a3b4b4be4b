"""The rows of a grid, their order, and the cursor among them; knows nothing of how they are drawn."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from tui.widgets.columns import Cell, Column, Row

BLANK = Cell("")


class GridRows:
    """Rows with stable keys in an order of their own. The cursor belongs to a key, not to a place."""

    def __init__(self, columns: Sequence[Column], knows_style: Callable[[str], bool]) -> None:
        self._columns = frozenset(column.key for column in columns)
        self._knows_style = knows_style
        self._cells: dict[str, dict[str, Cell]] = {}
        self._index: dict[str, int] = {}
        self.order: list[str] = []
        """Keys of all rows, from top to bottom."""
        self.cursor: str | None = None
        """Key of the row under the cursor; None while there are no rows."""

    def __contains__(self, key: object) -> bool:
        return key in self._cells

    def __getitem__(self, key: str) -> Row:
        return self._cells[key]

    def __len__(self) -> int:
        return len(self._cells)

    def index(self, key: str) -> int:
        """Return the place of a row, 0 at the top.

        Raises:
            KeyError: No row has this key.
        """
        return self._index[key]

    def check(self, cells: Row) -> None:
        """Refuse cells that could not be drawn.

        Raises:
            KeyError: A cell names a column or a style that the grid does not have.
        """
        for column, cell in cells.items():
            if column not in self._columns:
                raise KeyError(f"the grid has no column {column!r}")
            if not self._knows_style(cell.style):
                raise KeyError(f"the grid has no style {cell.style!r} (column {column!r})")

    def change(self, key: str, cells: Row) -> frozenset[str]:
        """Change some cells of a row.

        Returns:
            Keys of the columns that look different now.

        Raises:
            KeyError: No row has this key, or a cell names a column or a style that the grid does not have.
        """
        row = self._cells[key]
        changed = {column: cell for column, cell in cells.items() if row.get(column, BLANK) != cell}
        self.check(changed)
        row.update(changed)
        return frozenset(changed)

    def add(self, rows: Mapping[str, Row]) -> None:
        """Take in cells of new rows, which `arrange` then gives a place.

        Raises:
            KeyError: A cell names a column or a style that the grid does not have.
        """
        for cells in rows.values():
            self.check(cells)
        self._cells.update((key, dict(cells)) for key, cells in rows.items())

    def drop(self, keys: Iterable[str]) -> None:
        """Forget the cells of these rows, whose places `arrange` then closes."""
        for key in keys:
            del self._cells[key]

    def arrange(self, order: list[str]) -> int | None:
        """Take over the order of the rows; a cursor whose row went moves to the one that takes its place.

        Args:
            order: The keys of all rows, each once.

        Returns:
            The first place where another row stands than before; None when nothing moved.
        """
        old = self.order
        if order == old:
            return None
        place = 0 if self.cursor is None else self._index[self.cursor]
        self.order = order
        self._index = {key: index for index, key in enumerate(order)}
        if self.cursor not in self._index:
            near = [*old[place:], *reversed(old[:place]), *order]
            self.cursor = next((key for key in near if key in self._index), None)
        pairs = enumerate(zip(old, order, strict=False))
        return next((i for i, (before, now) in pairs if before != now), min(len(old), len(order)))
