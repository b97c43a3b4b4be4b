"""The fold of the journal: a summary of it stands for all the rows before, byte for byte."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.domain.alerts import Alert, AlertKind, Comparison, PriceAlert
from core.domain.entries import (
    CancelAsked,
    Carried,
    Entry,
    FactRecorded,
    InstrumentKnown,
    Intent,
    ModifyIntent,
    PositionsRead,
    PriceAlertsSet,
    ScriptDisabled,
    ScriptEnabled,
    SessionStarted,
    TailLost,
    TailLostAccepted,
    WatchlistSet,
)
from core.domain.events import AlertChanged, ExecutionAdded, Incident, OrderChanged, Severity
from core.domain.limit_changes import LimitAsked, LimitChanged, LimitsBegun, LimitWaiting, LimitWithdrawn
from core.domain.orders import Order, OrderState, OrderType, Side, terms_of
from core.execution.recorded import Recorded
from tests.execution.clockwork import START
from tests.execution.reports import AAPL, TSLA, filled
from tests.journal.values import order as taken
from tests.journal.values import request

DAY = timedelta(days=1)


def known(number: int, state: OrderState, external: bool, days: int) -> Order:
    """An order as it may stand on some day."""
    when = START + days * DAY
    ref = f"ext-{number}" if external else taken(number).order_ref
    return replace(taken(number), order_ref=ref, state=state, external=external, created=when, changed=when)


DAYS = st.integers(0, 7)
SCRIPTS = st.sampled_from(["", "place", "runner"])
NAMES = st.sampled_from(["order_value", "symbols.AAPL.order_value"])
VALUES = st.sampled_from(["1", "2", None])
ORDERS = st.builds(known, st.integers(1, 4), st.sampled_from(list(OrderState)), st.booleans(), DAYS)
STOPS = st.builds(
    lambda order, child: replace(
        order,
        side=Side.SELL,
        order_type=OrderType.STP,
        parent_ref=taken(1).order_ref if child and order.number > 1 else "",
    ),
    ORDERS,
    st.booleans(),
)
ALERTS = st.builds(
    Alert,
    number=st.integers(1, 120),
    kind=st.sampled_from(AlertKind),
    cause=st.sampled_from(["1100", "gateway"]),
    severity=st.sampled_from(Severity),
    text=st.just("something"),
    since=st.just(START),
    time=st.just(START),
    seen=st.booleans(),
    lasting=st.booleans(),
)
WAITING = st.builds(
    PriceAlert,
    number=st.integers(1, 9),
    con_id=st.integers(1, 9),
    label=st.just("AAPL"),
    comparison=st.sampled_from(Comparison),
    price=st.integers(1, 9).map(Decimal),
    created=st.just(START),
)
ENTRIES: st.SearchStrategy[Entry] = st.one_of(
    ORDERS.map(lambda order: FactRecorded(fact=OrderChanged(order=order))),
    STOPS.map(lambda order: FactRecorded(fact=OrderChanged(order=order))),
    ALERTS.map(lambda alert: FactRecorded(fact=AlertChanged(alert=alert))),
    st.lists(WAITING, max_size=3).map(lambda some: PriceAlertsSet(price_alerts=tuple(some), highest=9)),
    st.builds(
        lambda order, script: Intent(
            order=order, request=request(order.order_id), script=script, value=Decimal(order.number)
        ),
        ORDERS,
        SCRIPTS,
    ),
    ORDERS.map(lambda order: ModifyIntent(order=order, previous=terms_of(order))),
    ORDERS.map(
        lambda order: ModifyIntent(order=order, previous=terms_of(order), value=Decimal("0.5"), time=order.changed)
    ),
    SCRIPTS.map(lambda script: ScriptDisabled(script=script, reason="too many", time=START)),
    SCRIPTS.map(lambda script: ScriptEnabled(script=script, client="desk-1", time=START)),
    ORDERS.map(lambda order: CancelAsked(order_ref=order.order_ref)),
    st.builds(
        lambda number, fill, revision, days: FactRecorded(
            fact=ExecutionAdded(
                execution=replace(
                    filled(f"{number}{fill}.{revision:02d}", str(10 * revision), order_id=number).execution,
                    order_ref=taken(number).order_ref,
                    time=START + days * DAY,
                )
            )
        ),
        st.integers(1, 4),
        st.integers(1, 3),
        st.integers(1, 2),
        DAYS,
    ),
    st.integers(0, 200).map(
        lambda number: FactRecorded(fact=Incident(severity=Severity.INFO, text=str(number), time=START))
    ),
    st.sampled_from([AAPL, TSLA]).map(lambda instrument: InstrumentKnown(instrument=instrument)),
    st.lists(st.integers(1, 9)).map(lambda con_ids: WatchlistSet(con_ids=tuple(con_ids))),
    st.just(TailLost(text="rows 7 to 9", time=START)),
    st.integers(-3, 3).map(
        lambda units: PositionsRead(held=(("DU1234567", AAPL.con_id, Decimal(units)),) if units else (), time=START)
    ),
    st.just(TailLostAccepted(client="desk", time=START)),
    st.builds(lambda name, value: LimitChanged(name=name, old=None, new=value, by="desk", time=START), NAMES, VALUES),
    st.builds(
        lambda name, value: LimitAsked(
            waiting=LimitWaiting(name=name, old="1", new=value, by="desk", asked=START, due=START + DAY)
        ),
        NAMES,
        VALUES,
    ),
    NAMES.map(lambda name: LimitWithdrawn(name=name, by="desk", time=START)),
    st.just(LimitsBegun(said={"order_value": "5"}, time=START)),
    DAYS.map(lambda days: SessionStarted(session="S", build="1", time=START + days * DAY)),
)


def folded(*parts: list[Entry]) -> Recorded:
    """The state after all of them."""
    recorded = Recorded()
    for entries in parts:
        for entry in entries:
            recorded.apply(entry)
    return recorded


def as_bytes(recorded: Recorded) -> bytes:
    """Everything that it holds."""
    return msgspec.json.encode(list(recorded.entries()), order="deterministic")


@given(st.lists(ENTRIES, max_size=40), st.integers(0, 40))
def test_the_state_is_the_same_twice_and_by_way_of_a_summary(entries: list[Entry], cut: int) -> None:
    whole = as_bytes(folded(entries))
    summary = list(folded(entries[:cut]).entries())
    read_back = msgspec.json.decode(msgspec.json.encode(summary), type=list[Entry])

    assert as_bytes(folded(entries)) == whole
    assert as_bytes(folded(read_back, entries[cut:])) == whole


def test_a_day_that_ended_goes_where_a_run_began_and_nowhere_else() -> None:
    done = FactRecorded(fact=OrderChanged(order=known(1, OrderState.FILLED, external=False, days=0)))
    live = FactRecorded(fact=OrderChanged(order=known(2, OrderState.WORKING, external=False, days=0)))
    other = FactRecorded(fact=OrderChanged(order=known(3, OrderState.WORKING, external=True, days=0)))
    next_day = SessionStarted(session="S", build="1", time=START + 5 * DAY)
    recorded = folded([done, live, other])

    assert len(list(recorded.book.orders())) == 3
    recorded.apply(next_day)
    assert [order.number for order in recorded.book.orders()] == [2]
    assert list(recorded.used_refs) == [taken(1).order_ref, taken(2).order_ref]
    assert recorded.highest_order_id == 2


def test_what_was_lost_stays_known_until_it_is_accepted() -> None:
    lost = folded([TailLost(text="rows 7 to 9", time=START), SessionStarted(session="S", build="1", time=START)])

    assert lost.tail_lost == "rows 7 to 9"
    assert isinstance(next(lost.entries()), Carried)
    lost.apply(TailLostAccepted(client="desk", time=START))
    assert lost.tail_lost == ""
