"""Transaction cost analysis of a ledger: one row an order, and what they come to by symbol, type, hour and so on.

The definitions are those of `core.domain.costs`; here they are worked out for all orders of a day at once, in Float64,
which is exact enough for statistics. null is not known, never 0.

| column | type | unit, meaning |
|---|---|---|
| order_ref, number, account, symbol, con_id, sec_type, currency | | as in the ledger |
| side, order_type, tif, quantity, tag, strategy | | as in the ledger, by the order's last row |
| intent | Datetime us UTC | when core took it; null for an order of an earlier day |
| hour | Int8 | hour of the intent in New York, 0 to 23; of the first row of an order of an earlier day |
| state | String | FILLED, CANCELLED, REJECTED, or OPEN at the end of what was read |
| filled, avg_price, fills | Float64, Float64, UInt32 | units, their price, how many fills; 0, null, 0 without |
| arrival, arrival_from | Float64, String | what it is measured by: of `order`, or of the last second of `bars` |
| slippage_bps | Float64 | 1/10,000 of arrival by which avg_price is worse, negative if better |
| slippage_ticks, slippage_money | Float64 | in ticks at arrival; for all that filled, in `currency` |
| effective_spread_bps | Float64 | twice the slippage, as 17 CFR 242.600(b) |
| quoted_spread_bps | Float64 | what bid and ask were apart at the intent, by the bars |
| markout_bps | Float64 | from avg_price to the middle 60 s after the last fill, positive if it went the order's way |
| first_fill_s, fill_s | Float64 | seconds from intent to the first fill, to the last of what filled whole |
| fees, fee_currency, fees_bps | Float64, String, Float64 | commissions; in 1/10,000 of what was traded |
| unreported | UInt32 | fills whose commission the broker has not told |
| pnl | Float64 | IBKR's realised profit of the fills |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from core.domain.instruments import Instrument
from core.records.bars import OLDEST_ARRIVAL, SECOND, Bars
from core.records.ledger_rows import LedgerEvent

if TYPE_CHECKING:
    import polars as pl

MARKOUT: Final = timedelta(seconds=60)
_BASIS_POINTS: Final = 10_000
_IDENTITY: Final = (
    "number",
    "account",
    "symbol",
    "con_id",
    "sec_type",
    "currency",
    "side",
    "order_type",
    "tif",
    "quantity",
    "tag",
    "strategy",
)


class By(StrEnum):
    """What costs may be summed by; each is a column."""

    SYMBOL = "symbol"
    ACCOUNT = "account"
    SIDE = "side"
    TYPE = "order_type"
    TIF = "tif"
    HOUR = "hour"
    TAG = "tag"
    STRATEGY = "strategy"


def orders_of(
    ledger: pl.DataFrame, instruments: Iterable[Instrument] = (), bars: Mapping[str, Bars] | None = None
) -> pl.DataFrame:
    """The costs of every order of ours in a ledger, in the order of their first rows.

    Args:
        ledger: As `ledger.read_ledger` gives it; fills of legs and orders of other clients are left out.
        instruments: Ticks and multipliers; without that of a stock its multiplier is 1, and its ticks are not known.
        bars: Bars of one second by symbol, of the same day.
    """
    import polars as pl

    ours = ledger.lazy().filter(
        pl.col("order_ref").is_not_null() & (pl.col("order_ref") != "") & ~pl.col("order_ref").str.starts_with("ext-")
    )
    is_fill = pl.col("event").is_in([LedgerEvent.PARTIAL, LedgerEvent.FILL])
    # Of a combination's legs the ledger does not say how much of the order has filled.
    whole = ours.filter(~is_fill | pl.col("filled").is_not_null())
    orders = whole.group_by("order_ref", maintain_order=True).agg(
        *(pl.col(name).last() for name in _IDENTITY),
        pl.col("timestamp").filter(pl.col("event") == LedgerEvent.INTENT).first().alias("intent"),
        pl.col("timestamp").first().alias("begun"),
        pl.col("arrival_price").drop_nulls().last().cast(pl.Float64).alias("arrival"),
        _end().alias("state"),
    )
    fills = whole.filter(is_fill & (pl.col("fill_quantity") > 0)).group_by("order_ref").agg(*_of_fills())
    found = orders.join(fills, on="order_ref", how="left", maintain_order="left").with_columns(
        pl.col("quantity").cast(pl.Float64),
        pl.col("filled", "fills", "unreported").fill_null(0),
        pl.col("begun").dt.convert_time_zone("America/New_York").dt.hour().alias("hour"),
    )
    market = _market(bars or {})
    found = _with_costs(_with_ticks(_with_market(found, market), list(instruments)))
    return found.select(_COLUMNS).collect()


def summary(orders: pl.DataFrame, by: Sequence[By]) -> pl.DataFrame:
    """What orders come to, by some columns and always by currency, the most money first.

    Averages are weighted: basis points by what was traded, ticks by units. `unmeasured` counts orders that filled
    without an arrival price: they are in no average of slippage. Times are medians and ninth deciles, in seconds.
    `fees` are those in the instrument's own currency; `other_fees` counts orders that paid in another one.
    """
    import polars as pl

    traded = pl.col("filled") * pl.col("avg_price")
    own = pl.col("fee_currency") == pl.col("currency")
    return (
        orders.lazy()
        .group_by([*by, "currency"], maintain_order=True)
        .agg(
            pl.len().alias("orders"),
            (pl.col("filled") > 0).sum().alias("with_fills"),
            (pl.col("state") == "REJECTED").sum().alias("rejected"),
            pl.col("filled").sum().alias("units"),
            _weighted("slippage_bps", traded),
            _weighted("slippage_ticks", pl.col("filled")),
            _sum_of("slippage_money"),
            _weighted("effective_spread_bps", traded),
            _weighted("quoted_spread_bps", traded),
            _weighted("markout_bps", traded),
            pl.col("fees").filter(own).sum().alias("fees"),
            (pl.col("fees").is_not_null() & ~own).sum().alias("other_fees"),
            _sum_of("pnl"),
            pl.col("first_fill_s").median().alias("first_fill_s"),
            pl.col("fill_s").median().alias("fill_s"),
            pl.col("fill_s").quantile(0.9, "equiprobable").alias("fill_p90_s"),
            ((pl.col("filled") > 0) & pl.col("slippage_bps").is_null()).sum().alias("unmeasured"),
        )
        .sort("slippage_money", descending=True, nulls_last=True, maintain_order=True)
        .collect()
    )


def _end() -> pl.Expr:
    """How an order ended that did not fill whole."""
    import polars as pl

    def has(event: LedgerEvent) -> pl.Expr:
        return (pl.col("event") == event).any()

    cancelled = pl.when(has(LedgerEvent.CANCEL)).then(pl.lit("CANCELLED"))
    return cancelled.when(has(LedgerEvent.REJ)).then(pl.lit("REJECTED")).otherwise(pl.lit("OPEN"))


def _of_fills() -> list[pl.Expr]:
    import polars as pl

    quantity, price = pl.col("fill_quantity").cast(pl.Float64), pl.col("fill_price").cast(pl.Float64)
    return [
        quantity.sum().alias("filled"),
        ((quantity * price).sum() / quantity.sum()).alias("avg_price"),
        pl.len().cast(pl.UInt32).alias("fills"),
        pl.col("exec_time").min().alias("first_fill"),
        pl.col("exec_time").max().alias("last_fill"),
        _sum_of("commission").cast(pl.Float64).alias("fees"),
        pl.col("commission_currency").drop_nulls().first().alias("fee_currency"),
        pl.col("commission").null_count().cast(pl.UInt32).alias("unreported"),
        _sum_of("pnl").cast(pl.Float64).alias("pnl"),
    ]


def _market(bars: Mapping[str, Bars]) -> pl.LazyFrame:
    """Middle and spread by symbol, from when they could be known; null where a second may have missed something."""
    import polars as pl

    known = {"symbol": pl.String(), "at": pl.Datetime("us", "UTC"), "middle": pl.Float64(), "spread": pl.Float64()}
    frames = [_prices(symbol, one.frame) for symbol, one in sorted(bars.items())]
    return pl.concat([pl.DataFrame(schema=known).lazy(), *frames]).sort("at")


def _prices(symbol: str, frame: pl.DataFrame) -> pl.LazyFrame:
    import polars as pl

    sided = {"bid", "ask"} <= set(frame.columns)
    bid, ask = (pl.col("bid"), pl.col("ask")) if sided else (pl.lit(None, pl.Float64), pl.lit(None, pl.Float64))
    close = pl.col("close") if "close" in frame.columns else pl.lit(None, pl.Float64)
    sure = ~pl.col("gap") if "gap" in frame.columns else pl.lit(value=True)
    return frame.lazy().select(
        pl.lit(symbol).alias("symbol"),
        (pl.col("time") + SECOND).alias("at"),
        pl.when(sure).then(pl.coalesce((bid + ask) / 2, close)).cast(pl.Float64).alias("middle"),
        pl.when(sure).then(ask - bid).cast(pl.Float64).alias("spread"),
    )


def _with_market(orders: pl.LazyFrame, market: pl.LazyFrame) -> pl.LazyFrame:
    """With the market at the intent, and some time after the last fill."""
    import polars as pl

    later = market.select("symbol", "at", pl.col("middle").alias("later"))
    place = pl.int_range(pl.len()).alias("place")
    return (
        orders.with_columns(place, (pl.col("last_fill") + MARKOUT).alias("afterwards"))
        .sort("intent", nulls_last=True)
        .join_asof(
            market, left_on="intent", right_on="at", by="symbol", tolerance=OLDEST_ARRIVAL, check_sortedness=False
        )
        .sort("afterwards", nulls_last=True)
        .join_asof(
            later, left_on="afterwards", right_on="at", by="symbol", tolerance=OLDEST_ARRIVAL, check_sortedness=False
        )
        .sort("place")
        .with_columns(
            pl.when(pl.col("arrival").is_not_null())
            .then(pl.lit("order"))
            .when(pl.col("middle").is_not_null())
            .then(pl.lit("bars"))
            .alias("arrival_from"),
            pl.coalesce("arrival", "middle").alias("arrival"),
        )
    )


def _with_ticks(orders: pl.LazyFrame, instruments: Sequence[Instrument]) -> pl.LazyFrame:
    """With the tick at the arrival price, and the multiplier."""
    import polars as pl

    bands = [
        (one.con_id, float(band.low_edge) if place else 0.0, float(band.increment))
        for one in instruments
        if "tick" not in one.untold
        for place, band in enumerate(one.price_bands)
    ]
    multipliers = [(one.con_id, float(one.multiplier)) for one in instruments if "multiplier" not in one.untold]
    edge_schema = {"con_id": pl.Int64(), "edge": pl.Float64(), "tick": pl.Float64()}
    edges = pl.LazyFrame(bands, schema=edge_schema, orient="row").sort("edge")
    units = pl.LazyFrame(multipliers, schema={"con_id": pl.Int64(), "multiplier": pl.Float64()}, orient="row")
    return (
        orders.with_columns(pl.col("arrival").abs().alias("magnitude"))
        .sort("magnitude", nulls_last=True)
        .join_asof(edges, left_on="magnitude", right_on="edge", by="con_id", check_sortedness=False)
        .join(units, on="con_id", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("multiplier", pl.when(pl.col("sec_type") == "STK").then(1.0)).alias("multiplier"),
        )
        .sort("place")
    )


def _with_costs(orders: pl.LazyFrame) -> pl.LazyFrame:
    import polars as pl

    sign = pl.when(pl.col("side") == "BUY").then(1.0).otherwise(-1.0)
    slippage = sign * (pl.col("avg_price") - pl.col("arrival"))
    # What costs nothing has no thousandths.
    base = pl.when(pl.col("arrival") != 0).then(pl.col("arrival").abs())
    points = slippage / base * _BASIS_POINTS
    traded = pl.col("filled") * pl.col("avg_price").abs() * pl.col("multiplier")
    whole = (pl.col("filled") > 0) & (pl.col("filled") >= pl.col("quantity"))
    moved = sign * (pl.col("later") - pl.col("avg_price"))
    return orders.with_columns(
        points.alias("slippage_bps"),
        (slippage / pl.col("tick")).alias("slippage_ticks"),
        (slippage * pl.col("filled") * pl.col("multiplier")).alias("slippage_money"),
        (2 * points).alias("effective_spread_bps"),
        (pl.col("spread") / base * _BASIS_POINTS).alias("quoted_spread_bps"),
        (moved / pl.when(pl.col("avg_price") != 0).then(pl.col("avg_price").abs()) * _BASIS_POINTS).alias(
            "markout_bps"
        ),
        pl.when(whole).then(pl.lit("FILLED")).otherwise("state").alias("state"),
        _seconds("first_fill").alias("first_fill_s"),
        pl.when(whole).then(_seconds("last_fill")).alias("fill_s"),
        pl.when((pl.col("fee_currency") == pl.col("currency")) & (traded != 0))
        .then(pl.col("fees") / traded * _BASIS_POINTS)
        .alias("fees_bps"),
    )


def _seconds(moment: str) -> pl.Expr:
    import polars as pl

    return ((pl.col(moment) - pl.col("intent")).dt.total_microseconds() / 1e6).clip(lower_bound=0)


def _weighted(name: str, weight: pl.Expr) -> pl.Expr:
    import polars as pl

    weights = weight.abs().filter(pl.col(name).is_not_null() & (pl.col("filled") > 0))
    values = pl.col(name).filter(pl.col(name).is_not_null() & (pl.col("filled") > 0))
    total = weights.sum()
    return pl.when(total > 0).then((values * weights).sum() / total).alias(name)


def _sum_of(name: str) -> pl.Expr:
    """The sum of what is known; null where nothing is."""
    import polars as pl

    return pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name)


_COLUMNS: Final = (
    "order_ref",
    *_IDENTITY,
    "intent",
    "hour",
    "state",
    "filled",
    "avg_price",
    "fills",
    "arrival",
    "arrival_from",
    "slippage_bps",
    "slippage_ticks",
    "slippage_money",
    "effective_spread_bps",
    "quoted_spread_bps",
    "markout_bps",
    "first_fill_s",
    "fill_s",
    "fees",
    "fee_currency",
    "fees_bps",
    "unreported",
    "pnl",
)
