"""What-ifs for drafts: after a rest, one at a time, to the desk that asked; never an order, a row or a gate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.account import Account
from core.domain.authority import ConfirmLive
from core.domain.commands import OrderPreview, PreviewClose, PreviewOrder
from core.domain.connection import LinkState, Mode
from core.domain.events import StreamEvent
from core.domain.orders import OrderRequest, Side
from core.domain.reports import AccountValueReport
from core.domain.what_ifs import Shift, WhatIf, WhatIfAnswered
from core.errors import BrokerError, RequestTimeoutError
from core.execution.what_ifs import RENEWED, REST
from tests.execution.clockwork import START, jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import AAPL, ACCOUNT, TSLA, buy, filled, position, ref
from tests.execution.rig import Rig, rig, settle

D = Decimal
IMPACT = WhatIf(
    time=START,
    initial=Shift(before=D(1000), change=D("11666.50"), after=D("12666.50")),
    maintenance=Shift(before=D(900), change=D(10000), after=D(10900)),
    equity=Shift(before=D(100000), change=D(-1), after=D(99999)),
    commission=D(1),
    commission_currency="USD",
)


@dataclass
class Desk:
    """A desk that types into a ticket."""

    rig: Rig
    name: str = "desk"
    told: list[StreamEvent] = field(default_factory=list)

    async def preview(self, request: OrderRequest) -> OrderPreview:
        """Ask what an order would do."""
        ack = await self.rig.send(PreviewOrder(request=request), self.name)
        assert isinstance(ack.result, OrderPreview)
        return ack.result

    @property
    def answers(self) -> list[WhatIfAnswered]:
        """What the broker said, in order."""
        return [event for event in self.told if isinstance(event, WhatIfAnswered)]

    @property
    def asked(self) -> list[OrderRequest]:
        """What the broker was asked."""
        return self.rig.broker.asked_about

    async def rest(self, seconds: float = 2 * REST) -> None:
        """Type nothing for a while."""
        await self.rig.pass_time(seconds)
        await settle()


@asynccontextmanager
async def asking(
    impact: WhatIf | BrokerError | RequestTimeoutError = IMPACT, *, mode: Mode = Mode.PAPER, read_only: bool = False
) -> AsyncIterator[Desk]:
    """A desk at a core whose broker answers what-ifs so."""

    live = mode is Mode.LIVE

    def prepare(broker: FakeBroker) -> None:
        broker.impact = impact
        if live:
            broker.accounts = ("U1234456",)

    account = "U1234456" if live else ""
    async with rig(prepare=prepare, mode=mode, read_only=read_only, account=account, ready=not live) as made:
        yield attach(made)


def attach(made: Rig, name: str = "desk") -> Desk:
    """One more desk."""
    desk = Desk(made, name)
    made.service.desk_attached(name)
    made.service.streams_to(name, desk.told.append)
    return desk


@jumping
async def test_the_preview_answers_at_once_and_the_broker_later() -> None:
    async with asking() as desk:
        journalled = len(desk.rig.journal.rows)
        preview = await desk.preview(buy())
        assert (preview.value, preview.margin_estimate, desk.asked) == (D(23333), None, [])
        await desk.rest()

        assert desk.answers == [WhatIfAnswered(request=buy(), what_if=IMPACT)]
        assert desk.asked == [buy()]
        assert (desk.rig.broker.placed, desk.rig.snapshot.orders) == ([], ())
        assert len(desk.rig.journal.rows) == journalled


@jumping
async def test_typing_asks_once_for_what_stands_at_the_end() -> None:
    async with asking() as desk:
        for number, quantity in enumerate(("1", "10", "100", "1000"), start=1):
            await desk.preview(buy(number, quantity=quantity))
            await desk.rest(REST / 2)
        assert desk.asked == []
        await desk.rest()

        assert [request.quantity for request in desk.asked] == [D(1000)]


@jumping
async def test_the_same_draft_asked_again_each_second_rests_all_the_same_and_is_renewed_at_times() -> None:
    async with asking() as desk:
        for number in range(1, 41):
            await desk.preview(buy(number))
            await desk.rest(1.0)

        assert len(desk.asked) == 3
        assert 40 / 3 < RENEWED < 20


@jumping
async def test_one_is_in_flight_and_only_the_newest_draft_is_told() -> None:
    async with asking() as desk:
        desk.rig.broker.weighing.clear()
        await desk.preview(buy(1, quantity="1"))
        await desk.rest()
        await desk.preview(buy(2, quantity="2"))
        await desk.rest()
        assert [request.quantity for request in desk.asked] == [D(1)]
        desk.rig.broker.weighing.set()
        await desk.rest()

        assert [request.quantity for request in desk.asked] == [D(1), D(2)]
        assert [answer.request.quantity for answer in desk.answers] == [D(2)]


@jumping
async def test_two_desks_hear_their_own() -> None:
    async with asking() as desk:
        other = attach(desk.rig, "other")
        await desk.preview(buy(1))
        await other.preview(buy(2, instrument=TSLA, price="413.70", quantity="10"))
        await desk.rest()

        assert [answer.request.con_id for answer in desk.answers] == [AAPL.con_id]
        assert [answer.request.con_id for answer in other.answers] == [TSLA.con_id]


@jumping
async def test_a_desk_that_goes_hears_nothing_and_what_waited_for_it_is_not_asked() -> None:
    async with asking() as desk:
        await desk.preview(buy())
        desk.rig.service.desk_gone("desk")
        await desk.rest()
        assert (desk.asked, desk.told) == ([], [])


@jumping
async def test_what_a_control_refuses_is_not_asked() -> None:
    async with asking() as desk:
        preview = await desk.preview(buy(quantity="0"))
        await desk.rest()

        assert preview.denied is not None
        assert desk.asked == []


@jumping
async def test_a_refused_draft_takes_the_place_of_the_one_before() -> None:
    async with asking() as desk:
        await desk.preview(buy(1))
        await desk.preview(buy(2, quantity="0"))
        await desk.rest()

        assert desk.asked == []


@jumping
async def test_a_draft_that_is_refused_for_a_moment_is_not_asked_about_again_and_again() -> None:
    async with asking() as desk:
        for number in range(1, 9):
            await desk.preview(buy(number))
            await desk.rest()
            await desk.preview(buy(number, quantity="0"))

        assert len(desk.asked) == 1


@jumping
async def test_nothing_is_asked_while_there_is_no_connection() -> None:
    async with asking() as desk:
        await desk.preview(buy())
        desk.rig.broker.lose()
        await desk.rest(REST + 0.01)
        assert desk.asked == []
        await desk.preview(buy())
        await desk.rig.until_state(LinkState.READY)
        await desk.rest()
        assert desk.asked == []
        desk.rig.quote()
        await desk.preview(buy())
        await desk.rest()
        assert len(desk.asked) == 1


@jumping
async def test_a_read_only_profile_asks_nothing() -> None:
    async with asking(read_only=True) as desk:
        await desk.preview(buy())
        await desk.rest()

        assert desk.asked == []


@jumping
async def test_a_desk_that_has_not_confirmed_live_trading_asks_nothing() -> None:
    async with asking(mode=Mode.LIVE) as desk:
        await desk.rig.until_state(LinkState.AWAITING_CONFIRMATION)
        other = attach(desk.rig, "other")
        assert (await desk.rig.send(ConfirmLive(phrase="trade live 456"))).ok
        await desk.rig.until_state(LinkState.READY)
        await settle()
        desk.rig.quote()
        request = replace(buy(), account="U1234456")
        await other.preview(request)
        await other.rest()
        assert desk.asked == []
        await desk.preview(request)
        await desk.rest()
        assert len(desk.asked) == 1


@jumping
async def test_a_refusal_is_told_in_the_brokers_words_and_gates_nothing() -> None:
    async with asking(BrokerError(201, "Order rejected - reason:margin")) as desk:
        await desk.preview(buy())
        await desk.rest()

        (answer,) = desk.answers
        assert (answer.what_if, answer.problem) == (None, "Order rejected - reason:margin [201]")
        assert (await desk.rig.place(buy())).ok


@pytest.mark.row(69)
@jumping
async def test_row_69_no_answer_leaves_margin_unknown_and_gates_nothing() -> None:
    async with asking(RequestTimeoutError("no answer")) as desk:
        await desk.preview(buy())
        await desk.rest()

        assert desk.answers == [WhatIfAnswered(request=buy(), what_if=None)]
        assert (await desk.rig.place(buy())).ok
        assert desk.rig.told() == []


@jumping
async def test_the_last_rate_estimates_the_next_draft() -> None:
    async with asking() as desk:
        desk.rig.say(AccountValueReport(account=ACCOUNT, tag="InitMarginReq", value="1000", currency="USD"))
        await desk.preview(buy(1))
        await desk.rest()
        double = await desk.preview(buy(2, quantity="200"))
        other_side = await desk.preview(buy(3, side=Side.SELL, price="233.34"))

        known = next(one for one in desk.rig.snapshot.accounts if one.account == ACCOUNT)
        assert isinstance(known, Account)
        assert known.initial_margin == 1000
        assert double.margin_estimate == 1000 + 2 * D("11666.50")
        assert other_side.margin_estimate is None
        (rate,) = desk.rig.service._what_ifs.rates.values()
        assert (rate.rate, rate.time) == (D("0.5"), START)


@jumping
async def test_what_frees_margin_says_nothing_about_the_next_order() -> None:
    freed = replace(IMPACT, initial=Shift(before=D(1000), change=D(-500), after=D(500)))
    async with asking(freed) as desk:
        await desk.preview(buy())
        await desk.rest()

        assert desk.answers[0].what_if == freed
        assert desk.rig.service._what_ifs.rates == {}


@jumping
async def test_a_close_is_one_draft_while_its_price_follows_the_market() -> None:
    async with asking() as desk:
        await desk.rig.working(buy())
        desk.rig.say(filled(quantity="100"))
        await settle()
        desk.rig.say(position("100"))
        await settle()
        for cents in range(5):
            desk.rig.quote(f"233.{30 + cents}", f"233.{31 + cents}")
            ack = await desk.rig.send(PreviewClose(account=ACCOUNT, con_id=AAPL.con_id, fraction=D(1)))
            assert ack.ok, ack.denied
            await desk.rest(REST / 2)
        await desk.rest()

        assert [(request.side, request.quantity) for request in desk.asked] == [(Side.SELL, D(100))]
        assert desk.answers[0].is_about(replace(desk.asked[0], limit_price=D(1), order_ref=ref(9)), priced=False)
        assert not desk.answers[0].is_about(replace(desk.asked[0], limit_price=D(1)), priced=True)
