"""Control 28: a change of limits is recorded, what is looser waits over restarts, orders are judged by the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from core.domain.authority import Arm, Disarm
from core.domain.commands import Ack, Command, DenialCode
from core.domain.entries import Entry
from core.domain.events import PresetsUpdated, Severity, TradingState
from core.domain.limit_changes import (
    AskLimits,
    LimitAsked,
    LimitChanged,
    LimitsBegun,
    LimitShown,
    LimitsShown,
    LimitWaiting,
    LimitWithdrawn,
    ReadLimits,
    SetLimit,
    WithdrawLimit,
)
from core.domain.limit_table import DEFAULTS
from core.domain.limits import Limits
from core.risk.limit_changes import WAIT, WORD
from tests.execution.clockwork import START, jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import ACCOUNT, D, buy, commission, filled, position
from tests.execution.rig import Rig, rig
from tests.execution.test_money import account_value
from tests.limits import UNASKED, FixedLimits

VALUE = 23_333
"""Of an order for 100 AAPL at 233.33."""
MINUTES = 60.0


def given(order_value: int, order_quantity: int = 10_000) -> FixedLimits:
    """What the files say."""
    return FixedLimits(replace(UNASKED, order_value=D(order_value), order_quantity=D(order_quantity)))


async def shown(desk: Rig) -> LimitsShown:
    """Everything about limits as core shows it."""
    return of(await desk.send(AskLimits()))


def of(ack: Ack) -> LimitsShown:
    """The limits in an answer."""
    assert isinstance(ack.result, LimitsShown)
    return ack.result


async def limit(desk: Rig, name: str) -> LimitShown:
    """One of them."""
    return next(one for one in (await shown(desk)).limits if one.name == name)


def loosen(value: str, name: str = "order_value", word: str = WORD) -> SetLimit:
    """A wish, with its word."""
    return SetLimit(name=name, value=value, word=word)


async def passes(desk: Rig, number: int) -> bool:
    """True if an order for 100 AAPL is let through."""
    ack = await desk.place(buy(number))
    if ack.denied is not None:
        assert (ack.denied.code, ack.denied.limit) == (DenialCode.VALUE_MAX, "order_value"), ack.denied
    return ack.ok


@jumping
async def test_the_first_run_begins_with_what_the_files_say() -> None:
    source = FixedLimits(Limits(order_value=D(5)), own={"symbols.TSLA.order_value": "3"})
    async with rig(limits=source) as desk:
        (begun,) = [row for row in desk.journal.rows if isinstance(row, LimitsBegun)]
        everything = await shown(desk)

        assert begun.said == source.said
        assert everything.waiting == ()
        assert {one.name: one.value for one in everything.limits} == source.said
        assert {one.name for one in everything.limits if one.source == "test"} == {
            "order_value",
            "symbols.TSLA.order_value",
        }
        assert set(DEFAULTS) < {one.name for one in everything.limits}


@jumping
async def test_tightening_counts_at_once_and_is_recorded_and_written() -> None:
    source = given(order_value=VALUE)
    async with rig(limits=source) as desk:
        assert await passes(desk, 1)
        ack = await desk.send(SetLimit(name="order_value", value="23332"))

        assert ack.ok
        assert not await passes(desk, 2)
        changes = [row for row in desk.journal.rows if isinstance(row, LimitChanged)]
        assert [(row.name, row.old, row.new, row.by) for row in changes] == [("order_value", "23333", "23332", "desk")]
        assert source.said["order_value"] == "23332"
        assert desk.told(Severity.INFO)[-1] == "order_value from 23333 to 23332, by the word of desk."


@jumping
async def test_a_limit_of_one_symbol_or_account_reaches_its_orders_alone() -> None:
    async with rig(limits=given(order_value=VALUE)) as desk:
        assert (await desk.send(SetLimit(name="symbols.TSLA.order_value", value="1"))).ok
        assert await passes(desk, 1)
        assert (await desk.send(SetLimit(name="symbols.AAPL.order_value", value="1"))).ok
        assert not await passes(desk, 2)

    async with rig(limits=given(order_value=VALUE)) as desk:
        assert (await desk.send(SetLimit(name=f"accounts.{ACCOUNT}.order_value", value="1"))).ok
        assert not await passes(desk, 3)


@jumping
async def test_loosening_asks_waits_ten_minutes_and_is_shown_while_it_does() -> None:
    source = given(order_value=VALUE - 1)
    async with rig(limits=source) as desk:
        asked = await desk.send(loosen("30000", word=""))
        assert asked.denied is not None
        assert asked.denied.code is DenialCode.LIMIT_LOOSENS
        assert (await shown(desk)).waiting == ()

        ack = await desk.send(loosen("30000"))
        (waits,) = of(ack).waiting
        assert ack.ok
        assert waits == LimitWaiting(
            name="order_value", old="23332", new="30000", by="desk", asked=waits.asked, due=waits.asked + WAIT
        )
        assert (await limit(desk, "order_value")).value == "23332"
        assert "order_value goes from 23332 to 30000 in 10 minutes, as desk wants." in desk.told()[-1]

        await desk.pass_time(10 * MINUTES - 2)
        assert not await passes(desk, 1)
        assert source.said["order_value"] == "23332", "the file says it once it counts"
        await desk.pass_time(3)
        assert await passes(desk, 2)
        assert (await shown(desk)).waiting == ()
        assert source.said["order_value"] == "30000"


@jumping
async def test_what_waits_can_be_withdrawn_and_is_by_every_other_word_on_it() -> None:
    async with rig(limits=given(order_value=VALUE - 1)) as desk:
        for ends in (
            WithdrawLimit(name="order_value"),
            SetLimit(name="order_value", value="23332"),
            SetLimit(name="order_value", value="23331"),
        ):
            assert (await desk.send(loosen("30000"))).ok
            assert (await desk.send(ends)).ok
            assert (await shown(desk)).waiting == ()
        await desk.pass_time(20 * MINUTES)
        assert (await limit(desk, "order_value")).value == "23331"
        assert code(await desk.send(WithdrawLimit(name="order_value"))) is DenialCode.NOTHING_TO_CHANGE

        assert (await desk.send(loosen("30000"))).ok
        await desk.pass_time(5 * MINUTES)
        assert (await desk.send(loosen("40000"))).ok
        await desk.pass_time(9 * MINUTES)
        assert (await limit(desk, "order_value")).value == "23331", "another wish begins its wait anew"
        await desk.pass_time(1.1 * MINUTES)
        assert (await limit(desk, "order_value")).value == "40000"


def code(ack: Ack) -> DenialCode | None:
    """Why it was denied."""
    return None if ack.denied is None else ack.denied.code


@jumping
async def test_nothing_gets_looser_while_somebody_is_armed() -> None:
    async with rig(limits=given(order_value=VALUE - 1)) as desk:
        keeper = desk.service._limits
        keeper.armed = lambda: True
        assert code(await desk.send(loosen("30000"))) is DenialCode.LIMIT
        assert (await desk.send(SetLimit(name="order_value", value="20000"))).ok

        keeper.armed = lambda: False
        assert (await desk.send(loosen("30000"))).ok
        keeper.armed = lambda: True
        await desk.pass_time(20 * MINUTES)
        assert (await limit(desk, "order_value")).value == "20000", "its time has come, and waits"
        keeper.armed = lambda: False
        await desk.pass_time(2)
        assert (await limit(desk, "order_value")).value == "30000"


@pytest.mark.parametrize(
    ("command", "why", "says"),
    [
        (SetLimit(name="order_valu", value="1"), DenialCode.LIMIT, "There is no limit"),
        (SetLimit(name="order_value", value="23333"), DenialCode.NOTHING_TO_CHANGE, "is 23333 already"),
        (SetLimit(name="symbols.AAPL.order_value", value="default"), DenialCode.NOTHING_TO_CHANGE, "counts for all"),
        (WithdrawLimit(name="order_value"), DenialCode.NOTHING_TO_CHANGE, "No change of 'order_value' waits"),
    ],
)
@jumping
async def test_what_can_not_be_done(command: Command, why: DenialCode, says: str) -> None:
    async with rig(limits=given(order_value=VALUE)) as desk:
        rows = len(desk.journal.rows)
        ack = await desk.send(command)

        assert ack.denied is not None
        assert ack.denied.code is why
        assert says in ack.denied.message
        assert len(desk.journal.rows) == rows


@jumping
async def test_a_file_that_can_not_be_written_is_told_and_the_limit_counts() -> None:
    source = given(order_value=VALUE)
    async with rig(limits=source) as desk:
        source.problem = "/risk.toml can't be changed."
        assert (await desk.send(SetLimit(name="order_value", value="5"))).ok

        assert not await passes(desk, 1)
        assert (await limit(desk, "order_value")).source == "set here, the files say otherwise"
        assert (
            "order_value counts, but no file says so: /risk.toml can't be changed." in desk.told(Severity.WARNING)[-1]
        )


@jumping
async def test_a_journal_that_fails_keeps_no_limit_from_getting_tighter() -> None:
    async with rig(limits=given(order_value=VALUE)) as desk:
        desk.journal.fail("No space left on device.")
        assert (await desk.send(SetLimit(name="order_value", value="5"))).ok
        assert (await limit(desk, "order_value")).value == "5"


@jumping
async def test_files_are_read_again_on_command() -> None:
    source = given(order_value=VALUE, order_quantity=100)
    async with rig(limits=source) as desk:
        source.said |= {"order_value": "30000", "order_quantity": "99", "symbols.TSLA.order_value": "7"}
        source.presets = {"default": ("1", "2", "3", "4")}
        asked = await desk.send(ReadLimits())
        assert code(asked) is DenialCode.LIMIT_LOOSENS
        assert desk.snapshot.presets == source.presets
        assert PresetsUpdated(presets=source.presets) in desk.events
        now = {one.name: one.value for one in (await shown(desk)).limits}
        assert (now["order_quantity"], now["symbols.TSLA.order_value"], now["order_value"]) == ("99", "7", "23333")

        ack = await desk.send(ReadLimits(word=WORD))
        (waits,) = of(ack).waiting
        assert (waits.name, waits.new, waits.from_file) == ("order_value", "30000", True)
        assert (await desk.send(ReadLimits())).ok, "nothing new"
        assert of(await desk.send(AskLimits())).waiting == (waits,)
        source.said["order_value"] = "23333"
        assert of(await desk.send(ReadLimits())).waiting == (), "the file takes it back"
        assert isinstance(desk.journal.rows[-1], LimitWithdrawn)


async def run(source: FixedLimits, *commands: Command, passing: float = 0.0) -> Sequence[Entry]:
    """The journal of a run of core in which commands were carried out."""
    async with rig(limits=source) as desk:
        for command in commands:
            assert (await desk.send(command)).ok
        await desk.pass_time(passing)
        return list(desk.journal.rows)


@pytest.mark.parametrize(("away", "left"), [(0, 5.0), (4, 1.0), (60, 0.0), (-60, 10.0)])
@jumping
async def test_the_wait_goes_on_over_a_restart_however_the_clock_stands(away: int, left: float) -> None:
    source = given(order_value=VALUE - 1)
    rows = await run(source, loosen("30000"), passing=5 * MINUTES)
    start = START + timedelta(minutes=5 + away)
    async with rig(limits=source, entries=rows, start=start) as desk:
        if left:
            (waits,) = (await shown(desk)).waiting
            assert waits.new == "30000"
            await desk.pass_time((left - 0.5) * MINUTES)
            assert (await limit(desk, "order_value")).value == "23332"
        await desk.pass_time(0.6 * MINUTES)
        assert (await limit(desk, "order_value")).value == "30000"
        assert source.said["order_value"] == "30000"


@jumping
async def test_a_file_edited_while_core_was_stopped_tightens_at_once_and_loosens_after_ten_minutes() -> None:
    source = given(order_value=VALUE, order_quantity=100)
    rows = await run(source)
    source.said |= {"order_value": "30000", "order_quantity": "99"}
    async with rig(limits=source, entries=rows) as desk:
        assert (await limit(desk, "order_quantity")).value == "99"
        assert (await limit(desk, "order_value")).value == "23333"
        assert "order_quantity from 100 to 99: test says so." in desk.told(Severity.WARNING)
        (waits,) = (await shown(desk)).waiting
        assert (waits.name, waits.new, waits.by, waits.from_file) == ("order_value", "30000", "test", True)
        assert [type(row) for row in desk.journal.rows[:2]] == [LimitChanged, LimitAsked]
        await desk.pass_time(9 * MINUTES)
        assert (await limit(desk, "order_value")).value == "23333"
        first = [*rows, *desk.journal.rows]

    async with rig(limits=source, entries=first, start=START + timedelta(minutes=9)) as desk:
        await desk.pass_time(1.5 * MINUTES)
        assert (await limit(desk, "order_value")).value == "30000", "a second start waits no longer"

    source.said["order_value"] = "23333"
    async with rig(limits=source, entries=first, start=START + timedelta(minutes=9)) as desk:
        await desk.pass_time(20 * MINUTES)
        assert (await limit(desk, "order_value")).value == "23333", "the file took it back"


@jumping
async def test_a_limit_that_this_version_is_the_first_to_know_counts_at_once() -> None:
    source = given(order_value=VALUE)
    rows = [
        LimitsBegun(said={name: text for name, text in row.said.items() if name != "order_value"}, time=row.time)
        if isinstance(row, LimitsBegun)
        else row
        for row in await run(source)
    ]
    async with rig(limits=source, entries=rows) as desk:
        assert (await limit(desk, "order_value")).value == "23333"
        assert isinstance(desk.journal.rows[0], LimitChanged)
        assert (desk.journal.rows[0].old, desk.journal.rows[0].new) == (None, "23333")
        assert desk.told() == []


@jumping
async def test_what_a_symbol_said_for_itself_can_be_taken_away() -> None:
    source = FixedLimits(Limits(order_value=D(5)), own={"symbols.TSLA.order_value": "9"})
    async with rig(limits=source) as desk:
        ack = await desk.send(SetLimit(name="symbols.TSLA.order_value", value="default"))

        assert ack.ok
        assert "symbols.TSLA.order_value" not in {one.name for one in of(ack).limits}
        assert "symbols.TSLA.order_value" not in source.said
        assert "from 9 to what counts for all" in desk.told()[-1]


def trading(desk: Rig) -> TradingState:
    """What core lets through."""
    return desk.snapshot.trading_state


@jumping
async def test_permissions_count_from_the_next_order_on() -> None:
    async with rig(limits=given(order_value=VALUE)) as desk:
        assert (await desk.place(buy(1))).ok
        assert (await desk.send(SetLimit(name="permissions.forbidden_symbols", value="AAPL, GME"))).ok
        denied = (await desk.place(buy(2))).denied
        assert denied is not None
        assert (denied.code, denied.limit) == (DenialCode.PERMISSION, "permissions.forbidden_symbols")
        allow = SetLimit(name="permissions.forbidden_symbols", value="GME", word=WORD)
        assert of(await desk.send(allow)).waiting[0].new == "GME"
        await desk.pass_time(10 * MINUTES + 1)
        assert (await desk.place(buy(3))).ok


@jumping
async def test_a_limit_of_the_days_loss_reduces_as_soon_as_it_is_set() -> None:
    def long(broker: FakeBroker) -> None:
        broker.book_positions.append(position("100", cost="233.30"))

    async with rig(limits=given(order_value=VALUE), prepare=long) as desk:
        desk.say(account_value("NetLiquidation", "100000"), filled(price="233.30"), commission(fee="1.00"))
        desk.quote("232.30", "232.32")
        await desk.pass_time(1)
        assert trading(desk) is TradingState.ACTIVE
        assert (await desk.send(SetLimit(name="accounts.DU7654321.daily_loss", value="100"))).ok
        assert trading(desk) is TradingState.ACTIVE, "another account's"
        assert (await desk.send(SetLimit(name=f"accounts.{ACCOUNT}.daily_loss", value="101.01"))).ok
        assert trading(desk) is TradingState.ACTIVE
        assert (await desk.send(SetLimit(name=f"accounts.{ACCOUNT}.daily_loss", value="100"))).ok
        assert trading(desk) is TradingState.REDUCING


@jumping
async def test_a_desk_that_is_armed_keeps_limits_as_they_are() -> None:
    async with rig(limits=given(order_value=VALUE)) as desk:
        assert (await desk.send(Arm())).ok
        denied = (await desk.send(loosen("30000"), "another")).denied
        assert denied is not None
        assert denied.code is DenialCode.LIMIT
        assert "a desk is armed" in denied.message
        assert (await desk.send(Disarm())).ok
        assert (await desk.send(loosen("30000"), "another")).ok
