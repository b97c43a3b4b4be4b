"""The ledger's columns, and rows of it as a table.

One row an event of an order, in the order of the journal. null is none, or not known; never 0.

| column | type | unit, meaning |
| --- | --- | --- |
| instance | String | the journal that it comes from, minted once for each profile; part of every `order_ref` of ours |
| sequence | Int64 | number of the journal's row; several events may come of one |
| timestamp | Datetime us UTC | when core recorded it; its trading day, which ends at 17:00 New York, is the file's |
| event | String | INTENT, ACK, REJ, PARTIAL, FILL, CANCEL, PNL_SNAPSHOT: `ledger_rows.LedgerEvent` says what each is |
| order_ref | String | the order's identity for ever, and its correlation id; `ext-` begins those of other clients |
| number | Int64 | the day's short number, as desks show it (#7) |
| order_id, perm_id | Int64 | the API's id of the order in its session; IBKR's permanent number |
| exec_id | String | IBKR's name of a fill, its latest revision |
| exec_time | Datetime us UTC | the broker's time of a fill, to the second |
| account, symbol | String | whole account number; the ticker alone |
| con_id | Int64 | IBKR's contract number; negative for combinations |
| sec_type, currency | String | STK, FUT, OPT, CASH, BAG ...; of the instrument |
| side, order_type, tif | String | BUY or SELL; as the TWS API spells them |
| quantity | Decimal | units asked for, at that moment: modifications change it, as they do prices |
| limit_price, stop_price | Decimal | in `currency`, for one unit |
| fill_quantity, fill_price | Decimal | of this fill alone, as it stands after corrections; quantity 0 is a bust |
| filled, avg_price | Decimal | of all fills of the order up to this event: units, and their average price |
| commission | Decimal | of this fill, or of all in a PNL_SNAPSHOT: what IBKR has told so far |
| commission_currency | String | |
| tag, strategy | String | as whoever asked for the order named them |
| reason | String | why, for REJ and CANCEL; what was corrected, for fills |
| arrival_price | Decimal | the market's price when the order was decided on, else the middle at its INTENT |
| slippage_bps | Decimal | 1/10,000 of arrival_price by which avg_price is worse, negative if better |
| pnl | Decimal | IBKR's realised profit of this fill, or of all in a PNL_SNAPSHOT; as commissions |

Decimal is `Decimal(38, 10)`: written as Parquet's own DECIMAL, which polars, pandas (through pyarrow) and duckdb all
read as exact numbers. A Float64 can't hold 0.1, and what is narrower than 38 digits can't hold large quantities beside
prices of ten decimals. What has more decimals (an average price) is rounded to ten, half to even; what has more than
28 digits before the point is null.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec.structs import astuple

from core.records.ledger_rows import LedgerRow, OrderPart

if TYPE_CHECKING:
    import polars as pl

COLUMNS: Final = (
    "instance",
    "sequence",
    "timestamp",
    "event",
    "order_ref",
    "number",
    "order_id",
    "perm_id",
    "exec_id",
    "exec_time",
    "account",
    "symbol",
    "con_id",
    "sec_type",
    "currency",
    "side",
    "order_type",
    "tif",
    "quantity",
    "limit_price",
    "stop_price",
    "fill_quantity",
    "fill_price",
    "filled",
    "avg_price",
    "commission",
    "commission_currency",
    "tag",
    "strategy",
    "reason",
    "arrival_price",
    "slippage_bps",
    "pnl",
)
"""In the file's order."""

_INTEGERS: Final = frozenset({"sequence", "number", "order_id", "perm_id", "con_id"})
_TIMES: Final = frozenset({"timestamp", "exec_time"})
_DECIMALS: Final = frozenset(
    {
        "quantity",
        "limit_price",
        "stop_price",
        "fill_quantity",
        "fill_price",
        "filled",
        "avg_price",
        "commission",
        "arrival_price",
        "slippage_bps",
        "pnl",
    }
)


def schema() -> dict[str, pl.DataType]:
    """The type of each column, in order."""
    import polars as pl

    return {
        name: pl.Int64()
        if name in _INTEGERS
        else pl.Datetime("us", "UTC")
        if name in _TIMES
        else pl.Decimal(38, 10)
        if name in _DECIMALS
        else pl.String()
        for name in COLUMNS
    }


def frame_of(instance: str, rows: Sequence[LedgerRow]) -> pl.DataFrame:
    """Rows as a table with the columns above."""
    return DayFrame(instance).made(rows, 0)


def _piece_of(instance: str, rows: Sequence[LedgerRow]) -> pl.DataFrame:
    import polars as pl

    own = _columns(LedgerRow.__struct_fields__, [astuple(row) for row in rows])
    del own["order"]
    # Most rows share what they say of their order: it is made a table of its own, and spread over them.
    places: dict[int, int] = {}
    parts: list[OrderPart] = []
    place_of_row = []
    for row in rows:
        place = places.get(id(row.order))
        if place is None:
            place = places[id(row.order)] = len(parts)
            parts.append(row.order)
        place_of_row.append(place)
    orders = pl.DataFrame([_series(*column) for column in _columns(OrderPart._fields, parts).items()])
    spread = pl.Series("place", place_of_row, dtype=pl.UInt32)
    found = pl.DataFrame([*(_series(*column) for column in own.items()), *orders[spread].get_columns()])
    return found.with_columns(pl.lit(instance).alias("instance")).select(COLUMNS)


class DayFrame:
    """The table of a day that grows: what has not changed since the last time is not made again."""

    def __init__(self, instance: str) -> None:
        """`instance` is the journal's."""
        self._instance = instance
        self._pieces: list[pl.DataFrame] = []
        """Tables of PIECE rows each."""

    def made(self, rows: Sequence[LedgerRow], since: int) -> pl.DataFrame:
        """All rows as a table; those before the place `since` are as they were the last time."""
        import polars as pl

        del self._pieces[since // PIECE :]
        begin = len(self._pieces) * PIECE
        while len(rows) - begin >= PIECE:
            self._pieces.append(_piece_of(self._instance, rows[begin : begin + PIECE]))
            begin += PIECE
        return pl.concat([*self._pieces, _piece_of(self._instance, rows[begin:])], rechunk=True)


PIECE: Final = 5000
"""Rows of a piece that is made once; so many fit into a processor's cache, which makes all pieces a third faster."""


def _columns(names: Sequence[str], rows: Sequence[tuple[object, ...]]) -> dict[str, Sequence[object]]:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return dict(zip(names, columns, strict=True))


def _series(name: str, values: Sequence[object]) -> pl.Series:
    import polars as pl

    if name in _INTEGERS:
        return pl.Series(name, values, dtype=pl.Int64)
    if name in _DECIMALS:
        # Of an order they are text already.
        texts = values if name in OrderPart._fields else [None if one is None else str(one) for one in values]
        return pl.Series(name, texts, dtype=pl.String).cast(pl.Decimal(38, 10), strict=False)
    series = pl.Series(name, values, dtype=pl.String)
    if name in _TIMES:
        # Of fixed width, as the journal spells them.
        moments = series.str.slice(0, 26).str.to_datetime("%Y-%m-%dT%H:%M:%S%.6f", time_unit="us")
        return moments.dt.replace_time_zone("UTC")
    return series
