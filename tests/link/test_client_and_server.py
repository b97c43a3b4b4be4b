"""Commands, snapshots and events between real clients and a real server."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from core.domain.charts import BarRequest, BarSize
from core.domain.commands import (
    AskBars,
    CancelEntries,
    CancelOrder,
    Combine,
    Command,
    Kill,
    PlaceOrder,
    SearchSymbols,
    Unwatch,
    Watch,
)
from core.domain.events import OrderChanged
from core.errors import LinkError
from core.link.client import SocketClient
from core.link.server import LinkServer
from core.link.wire import AskSnapshot, EventBatch, Reply, Request, Subscribe, frame
from tests.journal.values import order, request
from tests.link.fake_host import INSTANCE, SESSION, FakeHost, attached, incident, take, welcome
from tests.link.raw import raw

pytestmark = pytest.mark.usefixtures("server")


def place(number: int) -> PlaceOrder:
    """An order whose quantity is its number."""
    return PlaceOrder(request=replace(request(number), quantity=Decimal(number)))


async def test_attached_client_knows_the_core(path: Path, host: FakeHost) -> None:
    async with attached(path) as client:
        assert client.welcome == replace(welcome(), client="desk-1")
        assert client.name == "desk-1"
        assert (client.session, client.instance) == (SESSION, INSTANCE)
        assert host.seen == ["+desk-1"]
    await asyncio.wait_for(host.gone.wait(), 5)

    assert host.seen == ["+desk-1", "-desk-1"]


async def test_no_two_clients_have_the_same_name(path: Path, host: FakeHost) -> None:
    async with attached(path) as one, attached(path) as two:
        await one.send(CancelOrder(order_ref="1"))
        await two.send(CancelOrder(order_ref="2"))

    assert host.commands == [("desk-1", CancelOrder(order_ref="1")), ("desk-2", CancelOrder(order_ref="2"))]


async def test_snapshot_and_its_events_leave_no_gap(path: Path, host: FakeHost) -> None:
    host.publish_facts(5)
    async with attached(path) as client:
        snapshot = await client.snapshot()
        host.publish_facts(600)
        events = client.events(snapshot.number)
        host.publish_facts(3)
        got = await take(events, 603)

    assert snapshot.number == 5
    assert [envelope.number for envelope in got] == list(range(6, 609))
    assert [envelope.event for envelope in got] == [incident(number) for number in range(6, 609)]


async def test_events_from_now_on_begin_with_the_call(path: Path, host: FakeHost) -> None:
    host.publish_facts(5)
    async with attached(path) as client:
        events = client.events()
        await client.snapshot()
        host.publish_facts(1)

        assert [envelope.number for envelope in await take(events, 1)] == [6]


async def test_events_that_are_no_longer_at_hand_are_a_gap(path: Path, host: FakeHost) -> None:
    host.publish_facts(5)
    host.oldest = host.journal_begins = 3
    async with attached(path) as client:
        with pytest.raises(LinkError, match="Take a snapshot"):
            await take(client.events(2), 1)

        assert [envelope.number for envelope in await take(client.events(3), 2)] == [4, 5]


async def test_second_reader_takes_over(path: Path, host: FakeHost) -> None:
    async with attached(path) as client:
        first = client.events(0)
        host.publish_facts(2)
        assert len(await take(first, 2)) == 2
        second = client.events(1)
        host.publish_facts(1)

        assert [envelope.number for envelope in await take(second, 2)] == [2, 3]
        with pytest.raises(LinkError, match="Another reader"):
            await take(first, 1)


async def test_closing_ends_the_events_without_an_error(path: Path, host: FakeHost) -> None:
    async with attached(path) as client:
        events = client.events()
        await client.snapshot()
        host.publish_facts(1)
        await client.snapshot()
        await client.close()

        assert [envelope.number async for envelope in events] == [1]
        with pytest.raises(LinkError, match="Nothing was sent"):
            await client.send(CancelOrder(order_ref="1"))


async def test_the_kill_switch_waits_for_nothing_that_was_asked_for_before(path: Path, host: FakeHost) -> None:
    async with attached(path) as client:
        host.gate = asyncio.Event()
        placing = [asyncio.create_task(client.send(place(number))) for number in (1, 2, 3)]
        await asyncio.wait_for(host.came.wait(), 5)
        await asyncio.wait_for(client.send(Kill()), 5)
        assert host.ended == [Kill()]
        host.gate.set()
        await asyncio.wait_for(asyncio.gather(*placing), 5)


async def test_a_cancel_waits_for_no_order_but_one_of_its_own_that_is_queued(path: Path, host: FakeHost) -> None:
    async with attached(path) as client:
        host.gate = asyncio.Event()
        running, queued = place(1), place(2)
        placing = [asyncio.create_task(client.send(command)) for command in (running, queued)]
        await asyncio.wait_for(host.came.wait(), 5)
        await asyncio.wait_for(client.send(CancelOrder(order_ref=running.request.order_ref)), 5)
        of_queued = asyncio.create_task(client.send(CancelOrder(order_ref=queued.request.order_ref)))
        await client.snapshot()
        assert host.ended == [CancelOrder(order_ref=running.request.order_ref)]
        host.gate.set()
        await asyncio.wait_for(asyncio.gather(*placing, of_queued), 5)

    assert [type(command) for command in host.ended] == [CancelOrder, PlaceOrder, PlaceOrder, CancelOrder]


async def test_a_cancel_of_entries_waits_for_no_order_and_calls_off_those_that_are_queued(
    path: Path, host: FakeHost
) -> None:
    async with attached(path) as client:
        host.gate = asyncio.Event()
        running, queued = place(1), place(2)
        other = PlaceOrder(request=replace(place(3).request, con_id=99))
        placing = [asyncio.create_task(client.send(command)) for command in (running, queued, other)]
        await asyncio.wait_for(host.came.wait(), 5)
        cancel = CancelEntries(con_id=queued.request.con_id)
        assert (await asyncio.wait_for(client.send(cancel), 5)).ok
        ack = await asyncio.wait_for(placing[1], 5)
        assert ack.denied is not None
        assert ack.denied.message == "called off"
        host.gate.set()
        acks = await asyncio.wait_for(asyncio.gather(*placing), 5)

    assert [ack.ok for ack in acks] == [True, False, True]
    assert host.ended == [cancel, running, other]


async def test_a_desk_that_missed_an_event_is_cut_and_the_link_goes_on(
    path: Path, host: FakeHost, server: LinkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with attached(path) as client:
        events = client.events(0)
        host.publish_facts(1)
        assert (await asyncio.wait_for(anext(events), 5)).number == 1
        with monkeypatch.context() as patch:
            patch.setattr("core.link.server.FACTS_IN_A_FRAME", 0)
            host.publish_facts(1)
        with pytest.raises(LinkError, match="could not bring an event"):
            await asyncio.wait_for(anext(events), 5)

    async with attached(path) as again:
        events = again.events((await again.snapshot()).number)
        host.publish_facts(1)
        assert (await asyncio.wait_for(anext(events), 5)).number == 3


async def test_commands_of_one_client_run_one_after_another_in_their_order(path: Path, host: FakeHost) -> None:
    async with attached(path) as client:
        host.gate = asyncio.Event()
        sends = [asyncio.ensure_future(client.send(place(number))) for number in range(20, 220)]
        sends.append(asyncio.ensure_future(client.send(Unwatch(con_id=1))))
        await asyncio.wait_for(host.came.wait(), 5)
        await asyncio.wait_for(client.snapshot(), 5)
        assert len(host.commands) == 1
        host.gate.set()
        async with asyncio.timeout(10):
            await asyncio.gather(*sends)

    assert host.ended == [*(place(number) for number in range(20, 220)), Unwatch(con_id=1)]


async def test_more_commands_than_core_keeps_waiting_are_read_later(path: Path, host: FakeHost) -> None:
    async with attached(path) as client:
        host.gate = asyncio.Event()
        sends = [asyncio.ensure_future(client.send(place(number))) for number in range(20, 3_020)]
        await asyncio.wait_for(host.came.wait(), 5)
        host.gate.set()
        async with asyncio.timeout(20):
            await asyncio.gather(*sends)

    assert host.ended == [place(number) for number in range(20, 3_020)]


@pytest.mark.parametrize(
    "question",
    [
        SearchSymbols(pattern="AA"),
        Watch(con_id=1),
        Combine(legs=()),
        AskBars(request=BarRequest(con_id=1, size=BarSize.DAY, duration="1 Y")),
    ],
)
async def test_nothing_waits_behind_a_question_to_the_broker(path: Path, host: FakeHost, question: Command) -> None:
    async with attached(path) as client:
        gate = host.gate = asyncio.Event()
        asked = asyncio.ensure_future(client.send(question))
        async with asyncio.timeout(5):
            await host.came.wait()
            host.gate = None
            assert (await client.send(place(1))).ok
            assert (await client.send(CancelOrder(order_ref="1"))).ok
            assert not asked.done()
            gate.set()
            assert (await asked).ok


async def test_one_client_does_not_wait_for_another(path: Path, host: FakeHost) -> None:
    async with attached(path) as one, attached(path) as two:
        host.gate = asyncio.Event()
        held = asyncio.ensure_future(one.send(place(1)))
        async with asyncio.timeout(5):
            await host.came.wait()
            assert (await two.send(CancelOrder(order_ref="1"))).ok
            assert not held.done()
            host.gate.set()
            await held


async def test_facts_of_a_command_come_before_its_answer(path: Path, host: FakeHost) -> None:
    async with raw(path) as client:
        await client.greet()
        await client.say(frame(Request(id=1, body=Subscribe(after=None))))
        assert isinstance(await client.hear(), Reply)
        for number in range(20, 40):
            await client.say(frame(Request(id=number, body=place(number))))
            heard = [await client.hear() for _ in range(3)]

            assert [type(message) for message in heard] == [EventBatch, EventBatch, Reply]


async def test_three_clients_get_ten_thousand_facts_in_order(path: Path, host: FakeHost) -> None:
    async def follow(client: SocketClient) -> list[int | None]:
        return [envelope.number for envelope in await take(client.events(0), 10_000)]

    async with attached(path) as one, attached(path) as two, attached(path) as three:
        readers = [asyncio.ensure_future(follow(client)) for client in (one, two, three)]
        for _ in range(100):
            host.publish_facts(100)
            await asyncio.sleep(0)
        async with asyncio.timeout(20):
            got = await asyncio.gather(*readers)

    assert got == [list(range(1, 10_001))] * 3


async def test_answers_come_through_a_flood_of_events(path: Path, host: FakeHost) -> None:
    async with attached(path) as client:
        reader = asyncio.ensure_future(take(client.events(0), 5_000))
        for number in range(20, 70):
            host.publish_facts(98)
            assert (await asyncio.wait_for(client.send(place(number)), 5)).ok
        async with asyncio.timeout(20):
            got = await reader

    assert [envelope.number for envelope in got] == list(range(1, 5_001))
    assert [envelope.event for envelope in got[99::100]] == [OrderChanged(order=order(n)) for n in range(20, 70)]


async def test_broken_host_ends_the_link_and_leaves_the_outcome_open(path: Path, host: FakeHost) -> None:
    async with attached(path) as client, attached(path) as other:
        with pytest.raises(LinkError, match=f"whether it was done is not known.*{request(13).order_ref}"):
            await asyncio.wait_for(client.send(place(13)), 5)
        with pytest.raises(LinkError, match="Nothing was sent"):
            await client.send(CancelOrder(order_ref="1"))

        assert (await other.send(CancelOrder(order_ref="1"))).ok


async def test_end_of_core_tells_whoever_waits_what_to_look_for(path: Path, host: FakeHost, server: LinkServer) -> None:
    async with attached(path) as client:
        host.gate = asyncio.Event()
        events = client.events()
        waits = asyncio.ensure_future(client.send(place(1)))
        await asyncio.wait_for(host.came.wait(), 5)
        await server.close("Core was stopped at another desk.")

        with pytest.raises(LinkError, match=f"stopped at another desk.*look for {request(1).order_ref}"):
            await asyncio.wait_for(waits, 5)
        with pytest.raises(LinkError, match="stopped at another desk"):
            await take(events, 1)
    assert not path.exists()


async def test_command_goes_on_when_its_client_is_gone(path: Path, host: FakeHost) -> None:
    host.gate = asyncio.Event()
    async with attached(path) as client:
        waits = asyncio.ensure_future(client.send(place(1)))
        await asyncio.wait_for(host.came.wait(), 5)
    with pytest.raises(LinkError, match="not known"):
        await waits
    await asyncio.wait_for(host.gone.wait(), 5)
    host.gate.set()
    # The answers of the next client come after whatever was left to do.
    async with attached(path) as client:
        await asyncio.wait_for(client.snapshot(), 5)

    assert host.ended == [place(1)]


async def test_a_snapshot_waits_for_the_commands_of_those_who_lost_the_link(path: Path, host: FakeHost) -> None:
    """Whoever looks for an order after the link broke finds it, or it never comes."""
    host.gate = asyncio.Event()
    async with attached(path) as client:
        waits = [asyncio.ensure_future(client.send(place(number))) for number in (1, 2)]
        await asyncio.wait_for(host.came.wait(), 5)
    await asyncio.gather(*waits, return_exceptions=True)
    async with attached(path, "again") as client:
        looking = asyncio.ensure_future(client.snapshot())
        # Cancels are answered at once, and in the order of the requests: the snapshot was asked for before.
        await asyncio.wait_for(client.send(CancelOrder(order_ref="other")), 5)
        assert not looking.done()
        host.gate.set()
        snapshot = await asyncio.wait_for(looking, 5)

    assert place(1) in host.ended
    assert place(2) in host.ended
    assert snapshot.number == len(host.facts) == 4


async def test_send_that_was_given_up_disturbs_nobody(path: Path, host: FakeHost) -> None:
    async with attached(path) as client:
        host.gate = asyncio.Event()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.send(place(1)), 0.05)
        host.gate.set()

        assert (await asyncio.wait_for(client.send(place(2)), 5)).ok
        assert host.ended == [place(1), place(2)]


async def test_a_snapshot_comes_though_what_it_waits_for_ends_that_moment(path: Path, host: FakeHost) -> None:
    host.gate = asyncio.Event()
    async with attached(path) as client:
        waits = asyncio.ensure_future(client.send(place(1)))
        await asyncio.wait_for(host.came.wait(), 5)
    await asyncio.gather(waits, return_exceptions=True)
    await asyncio.wait_for(host.gone.wait(), 5)
    async with raw(path) as again:
        await again.greet()
        # In one turn of the loop: core reads the question in the turn in which the command ends.
        again.connection.send(frame(Request(id=1, body=AskSnapshot())))
        host.gate.set()
        reply = await again.hear()
        assert isinstance(reply, Reply)
        assert reply.snapshot is not None
        assert host.ended == [place(1)]
