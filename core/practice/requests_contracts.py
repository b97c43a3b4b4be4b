"""The answers to requests about contracts and the places where they trade."""

from __future__ import annotations

from typing import Final

from core.practice import tables_out as out
from core.practice.auctions import hours
from core.practice.days import calendar_day
from core.practice.session import Session
from core.practice.tables import Record
from core.practice.terms import NO_SECURITY, RefusedError, invalid

#: The contract id that stands for any combination; what it consists of is said by its legs alone.
_ANY_COMBINATION: Final = 28812380


def contract_details(session: Session, request: Record) -> None:
    """Answer reqContractDetails: every contract that fits what was said."""
    request_id, exchange = request.integer("reqId"), request.text("exchange")
    con_id = request.integer("conId")
    if request.text("secType") == "BAG" and con_id in {0, _ANY_COMBINATION}:
        session.send(out.CONTRACT_DETAILS.encode(_any_combination(session, request)))
        session.send(out.CONTRACT_DETAILS_END.encode({"reqId": request_id}))
        return
    # The request has no legs, so a combination is known by its id or not at all.
    found = session.hub.catalogue.find(Record(request, secType="") if con_id else request)
    if not found:
        raise RefusedError(200, NO_SECURITY)
    today = calendar_day(session.hub.now())
    for instrument in found:
        details = instrument.details(request_id, exchange or instrument.exchanges[0], today)
        if session.hub.keeps_hours:
            details["tradingHours"], details["liquidHours"] = hours(instrument, today)
        session.send(out.CONTRACT_DETAILS.encode(details))
    session.send(out.CONTRACT_DETAILS_END.encode({"reqId": request_id}))


def _any_combination(session: Session, request: Record) -> Record:
    """Return the details of combinations in general: the request has no legs, so they are the same for all."""
    symbol = request.text("symbol")
    names = set(symbol.split(",")) if symbol else set()
    if not names or any(session.hub.catalogue.find(Record(symbol=name)) == [] for name in names):
        raise RefusedError(200, NO_SECURITY)
    return Record(
        reqId=request.integer("reqId"),
        conId=_ANY_COMBINATION,
        symbol=symbol,
        secType="BAG",
        exchange=request.text("exchange") or "SMART",
        currency=request.text("currency") or "USD",
        localSymbol=str(_ANY_COMBINATION),
        marketName="COMB",
        tradingClass="COMB",
        orderTypes="DAY,GTC,LMT,MKT",
        validExchanges="SMART",
        priceMagnifier=1,
        longName="Combination",
        timeZoneId="US/Eastern",
        minTick=session.hub.catalogue.rules[26].tiers[0][1],
        marketRuleIds="26",
        minSize=1,
        sizeIncrement=1,
        suggestedSizeIncrement=1,
    )


def matching_symbols(session: Session, request: Record) -> None:
    """Answer reqMatchingSymbols."""
    catalogue = session.hub.catalogue
    samples = [
        Record(
            instrument.contract(""),
            secType=instrument.sec_type,
            primaryExchange=instrument.primary_exchange or instrument.exchanges[0],
            derivatives=_derivatives(session, instrument.con_id),
            description=instrument.long_name,
        )
        for instrument in catalogue.search(request.text("pattern"))
    ]
    session.send(out.SYMBOL_SAMPLES.encode({"reqId": request.integer("reqId"), "samples": samples}))


def _derivatives(session: Session, con_id: int) -> list[Record]:
    return [] if session.hub.catalogue.chains.chain(con_id) is None else [Record(secType="OPT"), Record(secType="BAG")]


def market_rule(session: Session, request: Record) -> None:
    """Answer reqMarketRule."""
    rule = session.hub.catalogue.rules.get(request.integer("ruleId"))
    if rule is None:
        raise invalid("Invalid market rule id")
    increments = [Record(lowEdge=edge, increment=increment) for edge, increment in rule.tiers]
    session.send(out.MARKET_RULE.encode({"ruleId": rule.rule_id, "increments": increments}))


def option_parameters(session: Session, request: Record) -> None:
    """Answer reqSecDefOptParams: expirations and strikes, once for each exchange where the options trade."""
    request_id, con_id = request.integer("reqId"), request.integer("underConId")
    under = session.hub.catalogue.by_id.get(con_id)
    if under is None or request.text("underlying") not in {"", under.symbol}:
        raise RefusedError(200, NO_SECURITY)
    chain = session.hub.catalogue.chains.chain(con_id)
    if chain is not None:
        record = Record(
            reqId=request_id,
            underConId=con_id,
            tradingClass=chain.trading_class,
            multiplier=str(chain.multiplier),
            expirations=[Record(expiration=day) for day in chain.expirations],
            strikes=[Record(strike=strike) for strike in chain.strikes],
        )
        for exchange in chain.exchanges:
            if request.text("futFopExchange") in {"", exchange}:
                session.send(out.OPTION_PARAMETERS.encode({**record, "exchange": exchange}))
    session.send(out.OPTION_PARAMETERS_END.encode({"reqId": request_id}))
