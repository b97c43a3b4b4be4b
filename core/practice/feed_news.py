"""Headlines to those who asked for them with their quotes, when their time has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.practice import news
from core.practice import tables_out as out
from core.practice.market import Market
from core.practice.readers import Readers

if TYPE_CHECKING:
    from core.practice.session import Session


class NewsFeed:
    """Who reads which instrument's headlines, and of which providers."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.readers: Readers[frozenset[str]] = Readers()
        self._told = 0

    def open(self, session: Session, request_id: int, con_id: int, providers: frozenset[str], epoch: int) -> None:
        """Send the last headline, then each that comes."""
        self.readers.add(session, request_id, con_id, providers)
        instrument = self._market.quotes[con_id].instrument
        for item in news.backwards(self._market.seed, instrument, 0, epoch):
            if item.provider in providers:
                _send(session, request_id, item)
                break

    def publish(self, epoch: int) -> None:
        """Send the headlines of the seconds that passed since the last time."""
        since, self._told = self._told, epoch
        if epoch <= since:
            return
        for con_id, readers in self.readers.by_contract():
            instrument = self._market.quotes[con_id].instrument
            for item in news.backwards(self._market.seed, instrument, max(since, epoch - 60), epoch):
                for (session, request_id), providers in readers.items():
                    if item.provider in providers:
                        _send(session, request_id, item)


def _send(session: Session, request_id: int, item: news.Item) -> None:
    session.send(
        out.TICK_NEWS.encode(
            {
                "reqId": request_id,
                "milliseconds": item.time * 1000,
                "provider": item.provider,
                "article": item.article,
                "headline": item.headline,
            }
        )
    )
