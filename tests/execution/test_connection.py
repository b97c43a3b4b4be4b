"""The way to the broker: permitted, verified, synchronised, watched, opened again."""

from __future__ import annotations

import pytest

from core.domain.commands import Ack, DenialCode, Reconnect
from core.domain.connection import FarmStatus, LinkState
from core.domain.events import ConnectionChanged, Severity
from core.domain.orders import OrderState
from core.domain.reports import BadFrameReport, ErrorClass
from core.errors import ConnectError, RequestTimeoutError
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import AAPL, ACCOUNT, D, buy, filled, open_order, session_error
from tests.execution.rig import Rig, rig, settle


def denied(ack: Ack) -> DenialCode:
    """Why not."""
    assert ack.denied is not None
    return ack.denied.code


def link_states(desk: Rig) -> list[LinkState]:
    """The states of the connection, in the order of their publication, repetitions left out."""
    found: list[LinkState] = []
    for event in desk.events:
        if isinstance(event, ConnectionChanged) and found[-1:] != [event.connection.state]:
            found.append(event.connection.state)
    return found


@jumping
async def test_from_closed_to_ready() -> None:
    async with rig() as desk:
        connection = desk.connection
        assert link_states(desk) == [LinkState.CONNECTING, LinkState.SYNCING, LinkState.READY]
        assert (connection.accounts, connection.account, connection.verified_by) == (
            (ACCOUNT,),
            ACCOUNT,
            "paper prefix",
        )
        assert (connection.server_version, connection.ibkr, connection.problem) == (178, FarmStatus.UP, "")
        assert connection.reconciled is not None
        assert desk.broker.readings == 1
        assert desk.broker.watched == [ACCOUNT]
        assert desk.snapshot.positions == ()


@jumping
async def test_every_further_account_is_asked_for_its_values() -> None:
    def manages_three(broker: FakeBroker) -> None:
        broker.accounts = (ACCOUNT, "DU7654321", "DU7654322")

    async with rig(prepare=manages_three) as desk:
        assert desk.broker.watched == [ACCOUNT]
        assert desk.broker.valued == ["DU7654321", "DU7654322"]


@jumping
async def test_no_order_before_the_books_are_read() -> None:
    async with rig(ready=False, prepare=lambda broker: broker.answering.clear()) as desk:
        await desk.until_state(LinkState.SYNCING)
        await settle()
        desk.quote()

        assert denied(await desk.place()) is DenialCode.NOT_RECONCILED
        assert desk.snapshot.positions is None, "unknown is not flat"
        desk.broker.answering.set()
        await desk.until_state(LinkState.READY)

        assert (await desk.place()).ok


@pytest.mark.parametrize("failing", [RequestTimeoutError("The gateway did not send the list of fills.")])
@jumping
async def test_books_that_are_not_answered_leave_core_unready(failing: RequestTimeoutError) -> None:
    def prepare(broker: FakeBroker) -> None:
        broker.book_error = failing

    async with rig(ready=False, prepare=prepare) as desk:
        await desk.until_state(LinkState.WAITING)

        assert desk.connection.problem == str(failing)
        assert desk.snapshot.positions is None
        assert not desk.broker.is_open
        desk.broker.book_error = None
        await desk.until_state(LinkState.READY)


@jumping
async def test_failed_attempts_are_counted_spaced_and_explained() -> None:
    def prepare(broker: FakeBroker) -> None:
        broker.open_error = ConnectError("Nothing listens on 127.0.0.1:7497.")

    async with rig(ready=False, prepare=prepare) as desk:
        await desk.until(lambda: desk.connection.attempt == 4)

        assert desk.connection.problem == "Nothing listens on 127.0.0.1:7497."
        desk.broker.open_error = None
        await desk.send(Reconnect())
        await desk.until_state(LinkState.READY)
        assert (desk.connection.attempt, desk.connection.problem) == (0, "")


@pytest.mark.covers("D1.2", "D1.7")
@jumping
async def test_attempts_end_where_the_profile_says_and_begin_again_when_asked() -> None:
    def prepare(broker: FakeBroker) -> None:
        broker.open_error = ConnectError("Nothing listens on 127.0.0.1:7497.")

    async with rig(ready=False, prepare=prepare, max_attempts=3, first_wait=5.0) as desk:
        begun = desk.clock.mono()
        await desk.until(lambda: len(desk.broker.opened) == 3)
        assert 15 <= desk.clock.mono() - begun <= 15 * 1.2, "each pause twice as long, and a little longer still"
        await desk.pass_time(3600)
        assert len(desk.broker.opened) == 3
        assert desk.connection.problem == (
            "Nothing listens on 127.0.0.1:7497. Not tried again after 3 attempts: reconnect when the gateway is there."
        )

        desk.broker.open_error = None
        await desk.send(Reconnect())
        await desk.until_state(LinkState.READY)
        assert desk.connection.problem == ""


@pytest.mark.covers("D1.2")
@jumping
async def test_a_lost_socket_is_opened_again_and_everything_read_anew() -> None:
    async with rig() as desk:
        await desk.place()
        desk.broker.book_executions = [filled(live=False)]

        desk.broker.lose("The gateway closed the connection.")
        await desk.until(lambda: not desk.connection.accounts)
        order = desk.order()
        assert (order.state, order.note) == (OrderState.UNKNOWN, "no answer: connection lost")
        assert "The gateway closed the connection. Connecting again." in desk.connection.problem
        assert all(quote.stale for quote in desk.snapshot.quotes)
        assert desk.snapshot.positions == ()
        await desk.until_state(LinkState.READY)

        assert desk.order().state is OrderState.FILLED
        assert desk.broker.readings == 2
        await settle()
        assert AAPL.con_id in desk.broker.subscribed


@jumping
async def test_a_heartbeat_that_is_not_answered_ends_the_connection() -> None:
    async with rig() as desk:
        desk.broker.ping_error = RequestTimeoutError("The gateway did not send the time within 10 s.")

        await desk.until_state(LinkState.WAITING)

        assert desk.connection.problem == "The gateway did not send the time within 10 s."


@jumping
async def test_ibkrs_own_link_blocks_orders_and_its_return_reads_the_books_first() -> None:
    async with rig() as desk:
        await desk.place()
        desk.say(session_error(1100, ErrorClass.LINK_DOWN, "Connectivity lost"))
        await settle()
        assert desk.order().state is OrderState.UNKNOWN
        assert desk.connection.problem == "IBKR's own link is down: Connectivity lost [1100]"
        refused = await desk.place(buy(2))
        assert refused.denied is not None
        assert refused.denied.message == (
            "Not sent, nothing is queued: IBKR's own link is down: Connectivity lost [1100]"
        )

        desk.broker.book_open = [open_order()]
        desk.broker.answering.clear()
        desk.say(session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
        assert denied(await desk.place(buy(3))) is DenialCode.NOT_RECONCILED
        desk.broker.answering.set()
        await desk.until_state(LinkState.READY)

        assert (desk.order().state, desk.connection.problem) == (OrderState.WORKING, "")
        assert desk.broker.dropped == [], "the data was kept"
        assert (await desk.place(buy(4))).ok


@jumping
async def test_market_data_that_was_lost_is_subscribed_anew_and_stale_until_it_flows() -> None:
    async with rig() as desk:
        desk.say(session_error(1101, ErrorClass.LINK_UP_DATA_LOST))
        await settle()

        assert AAPL.con_id in desk.broker.dropped
        assert AAPL.con_id in desk.broker.subscribed
        assert all(quote.stale for quote in desk.snapshot.quotes)
        desk.quote()
        assert not desk.snapshot.quotes[0].stale


@jumping
async def test_a_gateway_that_has_lost_ibkr_from_the_start_takes_no_orders() -> None:
    def prepare(broker: FakeBroker) -> None:
        broker.first_words.append(session_error(2110, ErrorClass.LINK_DOWN))

    async with rig(ready=False, prepare=prepare) as desk:
        await desk.until_state(LinkState.READY)
        await settle()
        desk.quote()

        assert desk.connection.ibkr is FarmStatus.DOWN
        assert denied(await desk.place()) is DenialCode.NOT_CONNECTED
        assert "IBKR's own link is down" in desk.connection.problem


@jumping
async def test_a_link_that_flaps_does_not_storm_the_gateway() -> None:
    async with rig() as desk:
        readings = desk.broker.readings
        for _ in range(100):
            desk.say(session_error(1100, ErrorClass.LINK_DOWN), session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
            await desk.pass_time(0.1)
        await desk.until_state(LinkState.READY)

        assert desk.broker.readings - readings <= 6


@jumping
async def test_farms() -> None:
    async with rig() as desk:
        desk.say(
            session_error(2104, ErrorClass.FARM_UP, "Market data farm connection is OK:usfarm"),
            session_error(2103, ErrorClass.FARM_DOWN, "Market data farm connection is broken:eufarm"),
        )

        assert dict(desk.connection.farms) == {"usfarm": True, "eufarm": False}
        assert desk.connection.can_trade


@jumping
async def test_order_ids_begin_above_every_id_of_the_journal() -> None:
    async with rig() as first:
        for number in (1, 2, 3):
            await first.place(buy(number))
        rows = list(first.journal.rows)

    async with rig(entries=rows) as desk:
        assert desk.broker.lowest_order_id == 4


@jumping
async def test_health_follows_the_parts() -> None:
    async with rig() as desk:
        await desk.pass_time(3)

        health = desk.snapshot.health
        assert (health.round_trip_ms, health.lines, health.bad_frames) == (D("1.5"), 2, 0)
        assert health.heartbeat_age_s is not None
        assert health.core_pid > 0


@jumping
async def test_a_bad_frame_about_orders_blocks_until_the_books_are_read() -> None:
    async with rig() as desk:
        desk.broker.answering.clear()
        desk.say(BadFrameReport(message_id=3, order_related=True, detail="5 fields"))
        await settle()

        assert not (await desk.place()).ok
        assert len(desk.told(Severity.ALARM)) == 1
        desk.broker.answering.set()
        await desk.until(lambda: desk.connection.can_trade)

        assert (await desk.place()).ok


@jumping
async def test_a_bad_frame_about_something_else_is_told() -> None:
    async with rig() as desk:
        desk.say(BadFrameReport(message_id=99, order_related=False, detail="5 fields"))

        assert desk.told() == ["A message of IBKR could not be read (5 fields)."]
        assert desk.connection.can_trade
