"""The answers to requests about contracts and the places where they trade."""

from __future__ import annotations

from core.practice import tables_out as out
from core.practice.days import calendar_day
from core.practice.session import Session
from core.practice.tables import Record
from core.practice.terms import NO_SECURITY, RefusedError, invalid


def contract_details(session: Session, request: Record) -> None:
    """Answer reqContractDetails: every contract that fits what was said."""
    request_id, exchange = request.integer("reqId"), request.text("exchange")
    found = session.hub.catalogue.find(request)
    if not found:
        raise RefusedError(200, NO_SECURITY)
    today = calendar_day(session.hub.now())
    for instrument in found:
        session.send(
            out.CONTRACT_DETAILS.encode(instrument.details(request_id, exchange or instrument.exchanges[0], today))
        )
    session.send(out.CONTRACT_DETAILS_END.encode({"reqId": request_id}))


def matching_symbols(session: Session, request: Record) -> None:
    """Answer reqMatchingSymbols."""
    samples = [
        Record(
            instrument.contract(""),
            secType=instrument.sec_type,
            primaryExchange=instrument.primary_exchange or instrument.exchanges[0],
            description=instrument.long_name,
        )
        for instrument in session.hub.catalogue.search(request.text("pattern"))
    ]
    session.send(out.SYMBOL_SAMPLES.encode({"reqId": request.integer("reqId"), "samples": samples}))


def market_rule(session: Session, request: Record) -> None:
    """Answer reqMarketRule."""
    rule = session.hub.catalogue.rules.get(request.integer("ruleId"))
    if rule is None:
        raise invalid("Invalid market rule id")
    increments = [Record(lowEdge=edge, increment=increment) for edge, increment in rule.tiers]
    session.send(out.MARKET_RULE.encode({"ruleId": rule.rule_id, "increments": increments}))
