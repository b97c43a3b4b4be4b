"""What becomes an alert, at its edges."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.account import Account
from core.domain.alerts import AlertKind, Severity
from core.domain.connection import Connection, Endpoint, FarmStatus, LinkState, Mode
from core.domain.events import Health, Incident
from core.domain.quotes import Quote
from core.execution.alert_rules import (
    HOLD_SECONDS,
    AlertLimits,
    Feeling,
    State,
    Sustained,
    of_account,
    of_connection,
    of_halt,
    of_incident,
)
from tests.execution.clockwork import START
from tests.execution.reports import ACCOUNT

D = Decimal
CONNECTION = Connection(mode=Mode.PAPER, profile="paper", endpoint=Endpoint("127.0.0.1", 7497), client_id=17)
WORTH = Account(account=ACCOUNT, net_liquidation=D(1000))


def incident(severity: Severity = Severity.WARNING, **about: object) -> Incident:
    """An incident of now."""
    return replace(Incident(severity=severity, text="Core stood still for 7 s.", time=START), **about)


def test_an_incident_that_only_informs_is_no_alert() -> None:
    assert of_incident(incident(Severity.INFO)) is None


def test_the_connection_speaks_for_itself() -> None:
    assert of_incident(incident(kind=AlertKind.CONNECTION)) is None


def test_an_incident_is_folded_by_its_cause_or_by_its_words() -> None:
    by_words, other = of_incident(incident()), of_incident(incident(text="Core stood still for 99 s."))
    by_cause = of_incident(incident(cause="still", kind=AlertKind.DEGRADATION))

    assert by_words is not None
    assert other is not None
    assert by_cause is not None
    assert by_words.cause == other.cause
    assert (by_words.kind, by_words.text) == (AlertKind.OTHER, "Core stood still for 7 s.")
    assert (by_cause.kind, by_cause.cause) == (AlertKind.DEGRADATION, "still")


def test_an_incident_about_an_order_is_about_that_order() -> None:
    met = of_incident(incident(order_ref="ibd-1", con_id=7, severity=Severity.ALARM))

    assert met is not None
    assert (met.kind, met.order_ref, met.con_id, met.severity) == (AlertKind.ORDER, "ibd-1", 7, Severity.ALARM)


@pytest.mark.parametrize(
    ("state", "lost"),
    [
        (LinkState.WAITING, True),
        (LinkState.REFUSED, True),
        (LinkState.READY, False),
        (LinkState.CONNECTING, None),
        (LinkState.SYNCING, None),
        (LinkState.CLOSED, None),
        (LinkState.AWAITING_CONFIRMATION, None),
    ],
)
def test_a_connection_is_lost_or_back_and_nothing_between(state: LinkState, lost: bool | None) -> None:
    gateway, _ = of_connection(replace(CONNECTION, state=state, problem=f"{ACCOUNT} answered."))

    assert gateway.holds is lost
    assert gateway.met.text == "No connection to the gateway: DU…567 answered."
    assert gateway.met.severity is Severity.ALARM


@pytest.mark.parametrize(
    ("ibkr", "down"), [(FarmStatus.DOWN, True), (FarmStatus.UP, False), (FarmStatus.UNKNOWN, None)]
)
def test_the_link_of_ibkr_is_down_only_where_it_says_so(ibkr: FarmStatus, down: bool | None) -> None:
    _, link = of_connection(replace(CONNECTION, state=LinkState.READY, ibkr=ibkr, problem="It is down [1100]."))

    assert link.holds is down
    assert link.met.text == "It is down [1100]. Nothing can be sent; what works at IBKR goes on working."


def test_around_the_daily_restart_nobody_is_alarmed() -> None:
    gateway, _ = of_connection(replace(CONNECTION, state=LinkState.WAITING, restarting="soon"))

    assert gateway.met.severity is Severity.WARNING


def one(account: Account, cause: str, limits: AlertLimits | None = None) -> State:
    """The state of one margin."""
    (found,) = [state for state in of_account(account, limits or AlertLimits()) if state.met.cause.startswith(cause)]
    return found


@pytest.mark.parametrize(("margin", "holds"), [("899", None), ("900", True), ("850", None), ("849", False)])
def test_the_initial_margin_is_too_much_from_its_limit_until_it_has_eased(margin: str, holds: bool | None) -> None:
    state = one(replace(WORTH, initial_margin=D(margin)), "initial")

    assert state.holds is holds
    assert (state.met.kind, state.met.severity) == (AlertKind.MARGIN, Severity.WARNING)


@pytest.mark.parametrize(
    ("margin", "holds"), [("899", None), ("900", True), ("950", True), ("850", None), ("849", False)]
)
def test_the_cushion_is_too_thin_at_its_limit_until_it_has_grown(margin: str, holds: bool | None) -> None:
    state = one(replace(WORTH, maintenance_margin=D(margin)), "cushion")

    assert state.holds is holds
    assert (state.met.kind, state.met.severity) == (AlertKind.MARGIN, Severity.ALARM)


def test_a_margin_names_its_account_masked_and_its_figures() -> None:
    initial = one(replace(WORTH, initial_margin=D(950)), "initial")
    cushion = one(replace(WORTH, maintenance_margin=D(960)), "cushion")

    assert initial.met.text == (
        "Initial margin of DU…567 is 95 % of its value (alert from 90 %). Little can be opened."
    )
    assert cushion.met.text == (
        "Cushion of DU…567 is 4 % of its value (alert at 10 %). At 0 IBKR closes positions by itself: reduce some now."
    )


@pytest.mark.parametrize("worth", [None, D(0), D(-5)])
def test_nothing_is_said_of_an_account_whose_worth_is_not_known(worth: Decimal | None) -> None:
    account = replace(WORTH, net_liquidation=worth, initial_margin=D(1), maintenance_margin=D(1))

    assert list(of_account(account, AlertLimits())) == []


def test_nothing_is_said_of_figures_that_nobody_reported_or_wants() -> None:
    assert list(of_account(WORTH, AlertLimits())) == []
    account = replace(WORTH, initial_margin=D(999), maintenance_margin=D(999))
    assert list(of_account(account, AlertLimits(margin_percent=None, cushion_percent=None))) == []


@pytest.mark.parametrize(
    ("quote", "halted"),
    [
        (Quote(con_id=5, halted=True), True),
        (Quote(con_id=5), False),
        (Quote(con_id=5, halted=True, stale=True), None),
        (Quote(con_id=5, stale=True), None),
    ],
)
def test_a_halt_holds_until_the_market_is_heard_to_trade(quote: Quote, halted: bool | None) -> None:
    state = of_halt(quote, "GME")

    assert state.holds is halted
    assert (state.met.kind, state.met.con_id) == (AlertKind.RESTRICTION, 5)
    assert state.met.text.startswith("GME is halted")


def test_a_figure_is_too_high_once_it_has_been_for_long_enough_and_low_again_likewise() -> None:
    slow = Sustained(D(100))

    assert not slow.look(D(101), 0)
    assert not slow.look(D(500), HOLD_SECONDS - 0.1)
    assert slow.look(D(101), HOLD_SECONDS)
    assert slow.look(D(80), 10)
    assert slow.look(D(80), 10 + HOLD_SECONDS - 0.1)
    assert not slow.look(D(80), 10 + HOLD_SECONDS)


def test_a_figure_that_comes_down_between_begins_anew() -> None:
    slow = Sustained(D(100))
    slow.look(D(101), 0)
    slow.look(D(100), 4)

    assert not slow.look(D(101), 6)
    assert not slow.look(D(101), 6 + HOLD_SECONDS - 0.1)
    assert slow.look(D(101), 6 + HOLD_SECONDS)
    slow.look(D(80), 20)
    assert slow.look(D(81), 24), "not low enough"
    assert slow.look(D(80), 26)
    assert slow.look(D(80), 26 + HOLD_SECONDS - 0.1)


def test_what_nobody_measured_changes_nothing_and_no_limit_is_never_met() -> None:
    slow, unlimited = Sustained(D(100)), Sustained(None)
    slow.look(D(101), 0)

    assert not slow.look(None, 2 * HOLD_SECONDS)
    assert slow.look(D(101), 3 * HOLD_SECONDS)
    assert not any(unlimited.look(D(10**9), second) for second in range(60))


def test_a_slow_gateway_and_a_slow_disk_are_two_things() -> None:
    feeling = Feeling(AlertLimits())
    health = Health(round_trip_ms=D("1500.4"), journal_sync_ms=D("400.6"))
    first = list(feeling.look(health, 0))
    second = list(feeling.look(health, HOLD_SECONDS))

    assert [state.holds for state in first] == [False, False]
    assert [state.holds for state in second] == [True, True]
    assert [state.met.text for state in second] == [
        "The gateway answers in 1500 ms: orders and cancels arrive late.",
        "The journal takes 401 ms for one entry: every order waits. Look at the disk.",
    ]
    assert len({state.met.cause for state in second}) == 2
