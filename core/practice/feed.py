"""Everything of the market that clients are kept up to date about, one part a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from core.practice.feed_bars import BarFeed
from core.practice.feed_charts import ChartFeed
from core.practice.feed_depth import DepthFeed
from core.practice.feed_news import NewsFeed
from core.practice.feed_quotes import QuoteFeed
from core.practice.feed_scans import ScanFeed
from core.practice.feed_ticks import TickFeed
from core.practice.market import Market

if TYPE_CHECKING:
    from core.practice.session import Session


class Feed:
    """The subscriptions to market data of all clients."""

    def __init__(self, market: Market) -> None:
        self.quotes = QuoteFeed(market)
        self.depth = DepthFeed(market)
        self.ticks = TickFeed(market)
        self.bars = BarFeed(market)
        self.charts = ChartFeed(market)
        self.news = NewsFeed(market)
        self.scans = ScanFeed(market)
        self._parts = (self.quotes, self.depth, self.ticks, self.bars, self.charts, self.news, self.scans)
        #: The kind of market data that each client asked for; those not in here get live data.
        self.types: WeakKeyDictionary[Session, int] = WeakKeyDictionary()

    @property
    def busy(self) -> bool:
        """Whether anybody reads."""
        return any(part.readers for part in self._parts)

    def forget(self, session: Session) -> None:
        """End all subscriptions of a client."""
        for part in self._parts:
            part.readers.forget(session)

    def publish(self, epoch: int) -> None:
        """Send what the last step brought, prints and quotes before what is made of them."""
        self.quotes.publish(epoch)
        self.ticks.publish(epoch)
        self.depth.publish()
        self.bars.publish(epoch)
        self.charts.publish(epoch)
        self.news.publish(epoch)
        self.scans.publish(epoch)
