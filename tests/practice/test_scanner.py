"""Scans of the market: what they find, their filters, and what they say there is."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree as ET

import pytest

from core.practice.catalogue import build_catalogue
from core.practice.market import Market
from core.practice.scanner import FILTERS, LOCATIONS, SCANS, parameters, read_scan
from core.practice.tables import Record, Value
from core.practice.terms import RefusedError


def market() -> Market:
    """Return a market some steps on."""
    made = Market(build_catalogue(date(2026, 11, 20)).instruments, 2)
    for _ in range(100):
        made.advance(1.0)
    return made


def asked(**values: Value) -> Record:
    """Return a request for a scan of US stocks."""
    return Record({"instrument": "STK", "location": "STK.US.MAJOR", "scanCode": "TOP_PERC_GAIN", "rows": 10, **values})


@pytest.mark.parametrize("code", SCANS)
def test_every_scan_finds_its_best_first(code: str) -> None:
    here = market()
    found = read_scan(asked(scanCode=code)).run(here)
    ranks = [SCANS[code][1](quote) for quote in found]

    assert 0 < len(found) <= 10
    assert ranks == sorted(ranks, key=lambda rank: -(rank or 0))
    assert {quote.instrument.sec_type for quote in found} == {"STK"}


def test_filters_hold() -> None:
    found = read_scan(asked(scanCode="MOST_ACTIVE", filters="priceAbove=100;priceBelow=300", rows=-1)).run(market())
    prices = [float(quote.instrument.price(quote.last)) for quote in found]

    assert prices
    assert all(100 <= price <= 300 for price in prices)


@pytest.mark.parametrize("location", [place for place, (_, group, _) in LOCATIONS.items() if group == "FUT.US"])
def test_futures_can_be_scanned(location: str) -> None:
    found = read_scan(asked(instrument="FUT.US", location=location, scanCode="MOST_ACTIVE")).run(market())

    assert {quote.instrument.sec_type for quote in found} == {"FUT"}


@pytest.mark.parametrize(
    "values",
    [
        {"scanCode": "NO_SUCH"},
        {"location": "STK.MOON"},
        {"instrument": "BOND"},
        {"instrument": "FUT.US"},
        {"filters": "noSuch=1"},
        {"filters": "priceAbove=much"},
        {"filters": "priceAbove=NaN"},
    ],
    ids=str,
)
def test_what_cannot_be_scanned_is_refused(values: dict[str, Value]) -> None:
    with pytest.raises(RefusedError) as refusal:
        read_scan(asked(**values))
    assert refusal.value.code == 162


def test_the_parameters_name_everything() -> None:
    tree = ET.fromstring(parameters())

    assert tree.tag == "ScanParameterResponse"
    assert {node.text for node in tree.iter("scanCode")} == set(SCANS)
    assert {node.text for node in tree.iter("locationCode")} == set(LOCATIONS)
    assert {node.text for node in tree.iter("code")} == set(FILTERS)
