"""The answers to requests about news."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from core.practice import news
from core.practice import tables_out as out
from core.practice.moments import moment
from core.practice.session import Session
from core.practice.tables import Record
from core.practice.terms import RefusedError, invalid

_CODES: Final = frozenset(code for code, _ in news.PROVIDERS)
#: A plain text article; 1 would be a binary one.
_TEXT: Final = 0
_DASHED: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?: (\d\d:\d\d:\d\d)(?:\.\d+)?)?")


def providers(session: Session, request: Record) -> None:
    """Answer reqNewsProviders."""
    rows = [Record(code=code, name=name) for code, name in news.PROVIDERS]
    session.send(out.NEWS_PROVIDERS.encode({"providers": rows}))


def article(session: Session, request: Record) -> None:
    """Answer reqNewsArticle."""
    hub, provider, name = session.hub, request.text("provider"), request.text("article")
    text = news.text_of(hub.market.seed, hub.catalogue, name)
    if provider not in _CODES:
        raise _unknown_provider(provider)
    if text is None or not name.startswith(provider):
        raise RefusedError(10172, f"Failed to request news article:No such article {name[:60]!r}")
    session.send(out.NEWS_ARTICLE.encode({"reqId": request.integer("reqId"), "articleType": _TEXT, "text": text}))


def historical(session: Session, request: Record) -> None:
    """Answer reqHistoricalNews: headlines, newest first, and whether there are more."""
    hub, request_id = session.hub, request.integer("reqId")
    instrument = hub.catalogue.by_id.get(request.integer("conId"))
    if instrument is None:
        raise RefusedError(200, "No security definition has been found for the request")
    wanted = {code for code in re.split(r"[+,]", request.text("providers")) if code}
    for code in sorted(wanted - _CODES):
        raise _unknown_provider(code)
    limit = request.integer("count")
    if not 0 < limit <= news.MOST:
        raise invalid(f"Total results must be between 1 and {news.MOST}")
    now = hub.market_now()
    start, end = _time(request.text("start"), 0.0, now), _time(request.text("end"), now, now)
    found = (item for item in news.backwards(hub.market.seed, instrument, start, min(end, now)))
    items = list(islice((item for item in found if item.provider in (wanted or _CODES)), limit + 1))
    for item in items[:limit]:
        record = Record(reqId=request_id, provider=item.provider, article=item.article, headline=item.headline)
        record["time"] = f"{datetime.fromtimestamp(item.time, UTC):%Y-%m-%d %H:%M:%S}.0"
        session.send(out.HISTORICAL_NEWS.encode(record))
    session.send(out.HISTORICAL_NEWS_END.encode({"reqId": request_id, "hasMore": len(items) > limit}))


def _time(text: str, missing: float, now: float) -> float:
    """Read a limit of a search, in UTC if it names no zone: 2026-11-20 10:00:00.0 or 20261120 10:00:00."""
    if not text:
        return missing
    plain = _DASHED.sub(lambda read: f"{read[1]}{read[2]}{read[3]} {read[4] or '00:00:00'}", text)
    try:
        return moment(plain, now, "UTC")
    except ValueError:
        raise invalid(f"Invalid time {text[:40]!r}, the format is yyyy-mm-dd hh:mm:ss.0") from None


def _unknown_provider(code: str) -> RefusedError:
    return invalid(f"Unknown news provider {code[:20]!r}")
