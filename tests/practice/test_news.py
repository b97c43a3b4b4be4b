"""Made-up headlines."""

from __future__ import annotations

from datetime import date
from itertools import islice

from core.practice import news
from core.practice.catalogue import build_catalogue

CATALOGUE = build_catalogue(date(2026, 11, 20))
APPLE = CATALOGUE.by_id[265598]
NOW = 1_795_185_000


def test_the_same_seed_has_the_same_news() -> None:
    one, again = (list(islice(news.backwards(5, APPLE, 0, NOW), 50)) for _ in range(2))

    assert one == again
    assert one != list(islice(news.backwards(6, APPLE, 0, NOW), 50))
    assert len({item.article for item in one}) == 50


def test_headlines_lie_within_their_limits_newest_first() -> None:
    found = list(news.backwards(5, APPLE, NOW - 3 * 86_400, NOW))
    times = [item.time for item in found]

    assert times == sorted(times, reverse=True)
    assert all(NOW - 3 * 86_400 < time <= NOW for time in times)
    assert times[1:] == [item.time for item in news.backwards(5, APPLE, NOW - 3 * 86_400, times[0] - 1)]


def test_every_headline_has_its_text_and_says_that_it_is_practice() -> None:
    for item in islice(news.backwards(5, APPLE, 0, NOW), 20):
        text = news.text_of(5, CATALOGUE, item.article)
        assert text is not None
        assert text.startswith(item.headline)
        assert item.headline.startswith("PRACTICE NEWS: ")
        assert text.isascii()


def test_what_is_no_article_has_no_text() -> None:
    for name in ("", "PRN$", "PRN$1-2-3", "PRN$265598-1-99", "XXX$265598-20777-0", "PRN$99999999999999999999-1-1"):
        assert news.text_of(5, CATALOGUE, name) is None
