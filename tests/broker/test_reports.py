"""What the gateway says, as the service hears it: batches, sentinels, exact numbers, clean text, no lost fill."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.domain.instruments import SecType
from core.domain.orders import OrderType, Side, TimeInForce
from core.domain.reports import (
    AccountValueReport,
    BadFrameReport,
    CommissionReport,
    CompletedOrderReport,
    ErrorClass,
    ErrorReport,
    ExecutionReport,
    OpenOrderReport,
    OrderStatusReport,
    PortfolioReport,
    PositionReport,
    RequestKind,
)
from core.practice.tables import Value
from core.practice.tables_order import COMPLETED_ORDER
from core.practice.tables_out import ACCOUNT_VALUE, COMMISSION, PORTFOLIO, POSITION
from tests.broker.frames import CONTRACT, ORDER, UNSET, fill, heard, order, status
from tests.broker.scripted import AAPL, approved, connected, frame, request


async def test_one_read_is_one_batch_in_the_order_of_the_wire() -> None:
    async with connected() as desk:
        said = [
            order(),
            status(),
            fill(),
            COMMISSION.encode({"execId": "0000e0d5.67.01.01", "commission": Decimal(1), "currency": "USD"}),
            status(status="Filled", filled=Decimal(100), remaining=Decimal(0)),
            frame(4, 2, 5, 399, "Order Message", ""),
        ]
        await heard(desk, *said, count=len(said))

        assert [[type(report) for report in batch] for batch in desk.ear.batches] == [
            [OpenOrderReport, OrderStatusReport, ExecutionReport, CommissionReport, OrderStatusReport, ErrorReport]
        ]


async def test_a_frame_in_pieces_is_one_frame() -> None:
    async with connected() as desk:
        whole = status() + order()
        for position in range(len(whole)):
            desk.peer.send(whole[position : position + 1])
            await desk.peer.writer.drain()
        await heard(desk, count=2)

        assert [type(report) for report in desk.ear.reports] == [OrderStatusReport, OpenOrderReport]
        assert desk.broker.bad_frames == 0


async def test_open_order() -> None:
    async with connected() as desk:
        (report,) = await heard(desk, order())

        assert isinstance(report, OpenOrderReport)
        assert (report.order_id, report.client_id, report.perm_id) == (5, 7, 77)
        assert (report.order_ref, report.account, report.status) == ("ibd-AAAAAA-01", "DU1234567", "Submitted")
        assert (report.side, report.quantity, report.limit_price) == (Side.BUY, Decimal(100), Decimal("233.33"))
        assert (report.order_type, report.tif, report.type_text) == (OrderType.LMT, TimeInForce.DAY, "LMT")
        assert (report.instrument.con_id, report.instrument.label) == (AAPL.con_id, "AAPL")
        assert (report.instrument.strike, report.instrument.right) == (None, "")


@pytest.mark.parametrize("price", ["", "0.0", UNSET, "1.7976931348623157e+308"])
async def test_order_without_a_limit_has_none(price: str) -> None:
    async with connected() as desk:
        (report,) = await heard(desk, order(orderType="MKT", lmtPrice=price))

        assert isinstance(report, OpenOrderReport)
        assert (report.order_type, report.limit_price) == (OrderType.MKT, None)


async def test_order_of_a_kind_that_we_do_not_send() -> None:
    async with connected() as desk:
        (report,) = await heard(
            desk, order(action="SSHORT", orderType="PASSV REL", tif="AUC", secType="BOND", clientId=0, orderId=-3)
        )

        assert isinstance(report, OpenOrderReport)
        assert (report.order_type, report.type_text, report.tif) == (
            OrderType.OTHER,
            "PASSV REL",
            TimeInForce.OTHER,
        )
        assert (report.side, report.instrument.sec_type) == (Side.SELL, SecType.OTHER)


async def test_option_order() -> None:
    async with connected() as desk:
        (report,) = await heard(
            desk,
            order(secType="OPT", strike=Decimal("232.5"), right="CALL", multiplier="100", lastTradeDate="20261218"),
        )

        assert isinstance(report, OpenOrderReport)
        assert (report.instrument.strike, report.instrument.right) == (Decimal("232.5"), "C")
        assert (report.instrument.multiplier, report.instrument.label) == (Decimal(100), "AAPL 261218c232.5")


async def test_side_is_never_guessed() -> None:
    async with connected() as desk:
        (report,) = await heard(desk, order(action="HODL"))

        assert isinstance(report, BadFrameReport)
        assert (report.message_id, report.order_related) == (5, True)


async def test_what_if_answer_is_no_open_order() -> None:
    async with connected() as desk:
        reports = await heard(desk, order(whatIf=True), status())

        assert [type(report) for report in reports] == [OrderStatusReport]


async def test_status() -> None:
    async with connected() as desk:
        (report,) = await heard(desk, status(filled=Decimal("0.5"), remaining=Decimal("99.5"), whyHeld="locate"))

        assert report == OrderStatusReport(
            order_id=5,
            client_id=7,
            perm_id=77,
            status="Submitted",
            filled=Decimal("0.5"),
            remaining=Decimal("99.5"),
            why_held="locate",
        )


async def test_completed_order() -> None:
    async with connected() as desk:
        (report,) = await heard(
            desk,
            COMPLETED_ORDER.encode(
                ORDER | {"status": "Cancelled", "completedStatus": "Cancelled by Trader", "permId": 78}
            ),
        )

        assert report == CompletedOrderReport(
            perm_id=78,
            order_ref="ibd-AAAAAA-01",
            account="DU1234567",
            status="Cancelled",
            status_text="Cancelled by Trader",
        )


async def test_fill_is_live_and_exact() -> None:
    async with connected() as desk:
        (report,) = await heard(desk, fill(price=Decimal("0.30000000000000004"), shares=Decimal("0.1")))

        assert isinstance(report, ExecutionReport)
        assert report.live
        done = report.execution
        assert (done.exec_id, done.order_id, done.perm_id, done.side) == ("0000e0d5.67.01.01", 5, 77, Side.BUY)
        assert (done.quantity, done.price) == (Decimal("0.1"), Decimal("0.30000000000000004"))
        assert done.time == datetime(2026, 11, 20, 15, tzinfo=UTC)
        assert (done.con_id, done.label, done.exchange, done.commission) == (AAPL.con_id, "AAPL", "IEX", None)


@pytest.mark.parametrize("zone", ["Nowhere/Land", "../../etc/passwd", "Mitteleuropäische Zeit", "", "\x1b[31m", "MET"])
async def test_no_time_zone_loses_a_fill(zone: str) -> None:
    async with connected() as desk:
        reports = await heard(desk, fill(time=f"20261120 10:00:00 {zone}".strip()), status(), count=2)

        assert [type(report) for report in reports if not isinstance(report, ErrorReport)] == [
            ExecutionReport,
            OrderStatusReport,
        ]
        assert desk.broker.bad_frames == 0


async def test_guessed_time_is_said_once() -> None:
    async with connected() as desk:
        await heard(desk, fill(time="20261120 10:00:00 Nowhere"), fill(time="20261120 10:00:01 Nowhere"), count=3)
        said = [report for report in desk.ear.reports if isinstance(report, ErrorReport)]

        assert len(said) == 1
        assert (said[0].kind, said[0].error_class) == (RequestKind.CONNECTION, ErrorClass.WARNING)
        assert said[0].text.startswith("Fill 0000e0d5.67.01.01: time zone 'Nowhere' is not known")


@pytest.mark.parametrize("unset", ["", UNSET, "1.7976931348623157e+308"])
async def test_unset_commission_is_none(unset: str) -> None:
    async with connected() as desk:
        reports = await heard(
            desk,
            COMMISSION.encode({"execId": "1.01", "commission": unset, "currency": "USD", "realizedPnl": unset}),
            COMMISSION.encode({"execId": "1.01", "commission": Decimal("1.05"), "realizedPnl": Decimal("-0.1")}),
            count=2,
        )

        assert reports == [
            CommissionReport(exec_id="1.01", commission=None, currency="USD", realized_pnl=None),
            CommissionReport(exec_id="1.01", commission=Decimal("1.05"), currency="", realized_pnl=Decimal("-0.1")),
        ]


async def test_position_portfolio_and_account_value() -> None:
    async with connected() as desk:
        held: Mapping[str, Value] = CONTRACT | {"account": "DU1", "position": Decimal(-100), "avgCost": Decimal("0.1")}
        worth: Mapping[str, Value] = CONTRACT | {
            "account": "DU1",
            "position": Decimal(-100),
            "marketPrice": "",
            "unrealizedPnl": UNSET,
            "realizedPnl": Decimal("12.5"),
        }
        cash: Mapping[str, Value] = {"tag": "Cash\x1bBalance", "value": "1E5", "currency": "USD", "account": "DU1"}
        position, portfolio, value = await heard(
            desk, POSITION.encode(held), PORTFOLIO.encode(worth), ACCOUNT_VALUE.encode(cash), count=3
        )

        assert isinstance(position, PositionReport)
        assert (position.quantity, position.average_cost) == (Decimal(-100), Decimal("0.1"))
        assert portfolio == PortfolioReport(
            account="DU1",
            con_id=AAPL.con_id,
            quantity=Decimal(-100),
            market_price=None,
            unrealized_pnl=None,
            realized_pnl=Decimal("12.5"),
        )
        assert value == AccountValueReport(account="DU1", tag="CashBalance", value="1E5", currency="USD")


HOSTILE = "\x1b]52;c;AAAA\x07[/x] \u202egnp\x9b31m\n" + "A" * 5000


async def test_hostile_text_is_cleaned_and_kept_short() -> None:
    async with connected() as desk:
        reports = await heard(
            desk,
            frame(4, 2, 5, 201, HOSTILE, ""),
            status(status=HOSTILE, whyHeld=HOSTILE),
            order(
                symbol=HOSTILE,
                orderRef=HOSTILE,
                account=HOSTILE,
                status=HOSTILE,
                orderType=HOSTILE,
                localSymbol=HOSTILE,
            ),
            fill(orderRef=HOSTILE, account=HOSTILE, venue=HOSTILE, execId=HOSTILE, symbol=HOSTILE),
            count=4,
        )

        for text in _texts(reports):
            assert text.isprintable()
            assert "\u202e" not in text
            assert len(text) <= 500


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple)):
        return [text for one in value for text in _texts(one)]
    names = getattr(value, "__struct_fields__", ())
    return [text for name in names for text in _texts(getattr(value, name))]


async def test_error_is_about_what_was_last_asked() -> None:
    async with connected() as desk:
        order_id = desk.broker.take_order_id()
        refusal = frame(4, 2, order_id, 201, "Order rejected - reason: margin", "")
        await desk.broker.place(approved(request()), order_id, modify=False)
        await heard(desk, refusal, count=1)
        await desk.broker.place(approved(request(limit_price=Decimal(230))), order_id, modify=True)
        await heard(desk, refusal, count=2)
        await desk.broker.cancel(order_id)
        await heard(desk, refusal, frame(4, 2, 4711, 201, "whose?", ""), frame(4, 2, -1, 1100, "gone", ""), count=5)

        assert [
            (report.kind, report.error_class) for report in desk.ear.reports if isinstance(report, ErrorReport)
        ] == [
            (RequestKind.NEW_ORDER, ErrorClass.REJECTED),
            (RequestKind.MODIFY, ErrorClass.REJECTED),
            (RequestKind.CANCEL, ErrorClass.REJECTED),
            (RequestKind.UNKNOWN, ErrorClass.REJECTED),
            (RequestKind.CONNECTION, ErrorClass.LINK_DOWN),
        ]


async def test_order_of_an_earlier_run_is_known_and_its_id_is_taken() -> None:
    async with connected() as desk:
        reports = await heard(desk, order(orderId=900), frame(4, 2, 900, 201, "refused", ""), count=2)

        assert isinstance(reports[1], ErrorReport)
        assert reports[1].kind is RequestKind.NEW_ORDER
        assert desk.broker.take_order_id() == 901


async def test_order_of_another_client_does_not_move_our_ids() -> None:
    async with connected() as desk:
        await heard(desk, order(orderId=900, clientId=8), status(orderId=900, clientId=8), count=2)

        assert desk.broker.take_order_id() == 5
