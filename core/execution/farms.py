"""What a broken data farm means here: quotes that can't tick are old, subscribed to anew once it is back, and said so.

Source: TWS API, System Message Codes: 2103 and 2104 are about market data, 2105 and 2106 about history, 2157 and 2158
about contracts. They name the farm and no contract.
"""

from __future__ import annotations

from collections.abc import Callable

from core.domain.quotes import Quote
from core.domain.reports import ErrorClass, ErrorReport
from core.market.feed import QuoteFeed

QUOTES_BROKEN = 2103
_BROKEN = {
    QUOTES_BROKEN: "The market data farm {farm} is broken: every quote is old until it ticks again. Type prices.",
    2105: "The history farm {farm} is broken: bars are old or missing until it is back.",
    2157: "The contract farm {farm} is broken: symbols can't be looked up until it is back.",
}


class Farms:
    """Hears of farms, and keeps the quotes honest about it."""

    def __init__(
        self,
        feed: QuoteFeed,
        publish: Callable[[tuple[Quote, ...]], None],
        renew: Callable[[tuple[int, ...]], None],
        tell: Callable[[str], None],
    ) -> None:
        """`publish` shows quotes, `renew` subscribes to instruments anew, `tell` tells every desk in words."""
        self._feed = feed
        self._publish = publish
        self._renew = renew
        self._tell = tell
        self._broken: dict[str, int] = {}

    def hear(self, report: ErrorReport) -> None:
        """A message about the session; does nothing unless it is about a farm that broke or came back.

        A farm that is back is no proof that its subscriptions are: what has not ticked since is asked for again, and
        its first tick makes it fresh, with what is told from then on.
        """
        farm = report.text.rpartition(":")[2].strip()
        if report.error_class is ErrorClass.FARM_DOWN:
            if report.code == QUOTES_BROKEN:
                self._publish(self._feed.cut_all_off())
            if farm not in self._broken:
                self._tell(f"{_BROKEN[report.code].format(farm=farm)} [{report.code}]")
            self._broken[farm] = report.code
        elif report.error_class is ErrorClass.FARM_UP and self._broken.pop(farm, None) == QUOTES_BROKEN:
            silent = self._feed.cut_off
            self._feed.mark_stale(silent)
            self._renew(silent)

    def lost(self) -> None:
        """The connection is gone: the next one says anew which farms are broken."""
        self._broken.clear()
