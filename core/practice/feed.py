"""Everything of the market that clients are kept up to date about, one part a kind, made when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from core.practice.market import Market

if TYPE_CHECKING:
    from core.practice.feed_bars import BarFeed
    from core.practice.feed_charts import ChartFeed
    from core.practice.feed_depth import DepthFeed
    from core.practice.feed_news import NewsFeed
    from core.practice.feed_quotes import QuoteFeed
    from core.practice.feed_scans import ScanFeed
    from core.practice.feed_ticks import TickFeed
    from core.practice.history_pacing import HistoryRate
    from core.practice.session import Session

    Part = BarFeed | ChartFeed | DepthFeed | NewsFeed | QuoteFeed | ScanFeed | TickFeed

#: Prints and quotes come before what is made of them.
_ORDER: Final = ("quotes", "ticks", "depth", "bars", "charts", "news", "scans")


class Feed:
    """The subscriptions to market data of all clients."""

    def __init__(self, market: Market) -> None:
        self._market = market
        #: Whether the market data farm is connected; while it is not, nothing is sent.
        self.connected = True
        #: The kind of market data that each client asked for; those not in here get live data.
        self.types: WeakKeyDictionary[Session, int] = WeakKeyDictionary()
        #: How fast each client asked for bars, where the gateway paces.
        self.rates: WeakKeyDictionary[Session, HistoryRate] = WeakKeyDictionary()

    @cached_property
    def quotes(self) -> QuoteFeed:
        """The readers of quotes."""
        from core.practice.feed_quotes import QuoteFeed

        return QuoteFeed(self._market)

    @cached_property
    def ticks(self) -> TickFeed:
        """The readers of single ticks."""
        from core.practice.feed_ticks import TickFeed

        return TickFeed(self._market)

    @cached_property
    def depth(self) -> DepthFeed:
        """The readers of books."""
        from core.practice.feed_depth import DepthFeed

        return DepthFeed(self._market)

    @cached_property
    def bars(self) -> BarFeed:
        """The readers of bars of five seconds."""
        from core.practice.feed_bars import BarFeed

        return BarFeed(self._market)

    @cached_property
    def charts(self) -> ChartFeed:
        """The readers of bars that are kept up to date."""
        from core.practice.feed_charts import ChartFeed

        return ChartFeed(self._market)

    @cached_property
    def news(self) -> NewsFeed:
        """The readers of headlines."""
        from core.practice.feed_news import NewsFeed

        return NewsFeed(self._market)

    @cached_property
    def scans(self) -> ScanFeed:
        """The subscribers of scans."""
        from core.practice.feed_scans import ScanFeed

        return ScanFeed(self._market)

    def _made(self) -> list[Part]:
        return [self.__dict__[name] for name in _ORDER if name in self.__dict__]

    @property
    def busy(self) -> bool:
        """Whether anybody reads."""
        return any(part.readers for part in self._made())

    def forget(self, session: Session) -> None:
        """End all subscriptions of a client."""
        for part in self._made():
            part.readers.forget(session)

    def publish(self, epoch: int) -> None:
        """Send what the last step brought, if the farm is connected."""
        if not self.connected:
            return
        for part in self._made():
            part.publish(epoch)
