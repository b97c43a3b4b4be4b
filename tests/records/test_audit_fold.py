"""Journal rows of whole orders, as the execution service writes them, and the audit log's lines of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime

from msgspec.structs import replace

from core.domain.entries import Entry, InstrumentKnown
from core.domain.reports import ErrorClass
from core.errors import NotConnectedError, SendUnknownError
from core.execution.recorded import Recorded
from core.records.audit_fold import AuditFold
from core.records.audit_lines import AuditEvent, AuditLine, encode_line
from core.records.audit_log import of_order, summary_of
from tests.execution.clockwork import START, jumping
from tests.execution.reports import AAPL, D, buy, commission, error, filled, ref, status
from tests.execution.rig import Rig, rig, settle

SUBMISSION, FILL, CHANGE, CANCELLATION, ERROR, RETRY = AuditEvent
MOMENT = START.isoformat(timespec="microseconds")


def lines_of(entries: Sequence[Entry]) -> list[AuditLine]:
    fold = AuditFold("AAAAAA")
    rows = enumerate([InstrumentKnown(instrument=AAPL), *entries])
    return [line for sequence, entry in rows for line in fold.apply(sequence, MOMENT, entry)]


def audit(desk: Rig) -> list[AuditLine]:
    return lines_of(desk.journal.rows)


def told(desk: Rig) -> list[tuple[str, str]]:
    return [(line.event_type.value, line.status.value) for line in audit(desk)]


@jumping
async def test_an_order_that_fills_in_two_parts() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(filled(quantity="40", exec_id="0001.01.01"))
        desk.say(commission("0001.01.01"))
        desk.say(filled(quantity="60", price="233.40", exec_id="0001.02.01"))
        lines = audit(desk)

    assert [(line.event_type, line.status.value, line.state) for line in lines] == [
        (CHANGE, "Pending", "INTENT"),
        (SUBMISSION, "Submitted", "SENT"),
        (CHANGE, "Submitted", "WORKING"),
        (FILL, "PartiallyFilled", "WORKING"),
        (CHANGE, "PartiallyFilled", "WORKING"),
        (FILL, "Filled", "FILLED"),
        (CHANGE, "Filled", "FILLED"),
    ]
    assert [line.commission for line in lines if line.commission is not None] == [D("1.00")]
    last = lines[5]
    assert (last.fill_quantity, last.fill_price, last.exec_id) == (D(60), D("233.40"), "0001.02.01")
    assert (last.filled_quantity, last.remaining_quantity, last.avg_fill_price) == (D(100), D(0), D("233.36"))
    assert {line.order_ref for line in lines} == {ref(1)}


@jumping
async def test_a_line_begins_with_the_documents_fields() -> None:
    async with rig() as desk:
        await desk.place(replace(buy(price=None), tag="breakout"))
        written = json.loads(encode_line(audit(desk)[1]))

    assert list(written)[:9] == [
        "timestamp",
        "event_type",
        "order_id",
        "symbol",
        "action",
        "quantity",
        "order_type",
        "status",
        "submission_time",
    ]
    assert (written["order_id"], written["symbol"], written["action"]) == (1, "AAPL", "BUY")
    assert (written["event_type"], written["order_type"], written["status"]) == ("SUBMISSION", "MARKET", "Submitted")
    assert (written["quantity"], written["tag"], written["account"]) == (100, "breakout", "DU…567")
    assert datetime.fromisoformat(written["timestamp"]) == datetime.fromisoformat(written["submission_time"]) == START


@jumping
async def test_cancels_changes_and_refusals() -> None:
    async with rig() as desk:
        await desk.working()
        await desk.modify(price="233.35")
        desk.say(status(1))
        await desk.cancel()
        desk.say(status(1, "Cancelled"))
        await desk.place(replace(buy(2), quantity=D(0)))
        await desk.place(buy(3))
        desk.say(error(2, 201, ErrorClass.REJECTED, text="no margin"))
        lines = audit(desk)

    kinds = {number: [line.event_type for line in of_order(lines, ref(number))] for number in (1, 2, 3)}
    assert kinds[1][-1] is CANCELLATION
    assert {line.pending for line in lines} == {"", "MODIFY", "CANCEL"}
    assert [line.pending for line in lines if line.pending] == ["MODIFY", "CANCEL"]
    assert kinds[2] == [ERROR]
    assert kinds[3][-1] is ERROR
    refused, rejected = next(of_order(lines, ref(2))), list(of_order(lines, ref(3)))[-1]
    assert (refused.status.value, refused.code, refused.order_id) == ("Error", "QUANTITY", None)
    assert (rejected.code, "no margin" in rejected.message) == ("201", True)


@jumping
async def test_what_is_asked_for_again_after_a_refusal_is_a_retry() -> None:
    async with rig() as desk:
        desk.journal.busy = "locked"
        await desk.place()
        await desk.place()
        desk.journal.busy = ""
        await desk.place()

        assert [line.event_type for line in audit(desk)] == [ERROR, RETRY, ERROR, RETRY, CHANGE, SUBMISSION]


@jumping
async def test_an_order_that_never_left_has_no_submission() -> None:
    async with rig() as desk:
        desk.broker.sending = NotConnectedError("Nothing was sent.")
        await desk.place()

        assert told(desk) == [("STATUS_CHANGE", "Pending"), ("ERROR", "Error")]


@jumping
async def test_a_correction_is_a_fill_that_names_what_it_corrects() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(filled(price="233.30", exec_id="0001.01.01"))
        desk.say(filled(price="233.31", exec_id="0001.01.02"))
        fills = [line for line in audit(desk) if line.event_type is FILL]

    assert [line.exec_id for line in fills] == ["0001.01.01", "0001.01.02"]
    assert fills[1].message == "corrects 100 @ 233.30 (0001.01.01)"
    assert fills[1].avg_fill_price == D("233.31")


@jumping
async def test_what_was_known_before_the_first_row_gives_no_lines() -> None:
    async with rig() as desk:
        await desk.working()
        known = len(desk.journal.rows)
        desk.say(filled())
        entries = list(desk.journal.rows)
    recorded = Recorded()
    for entry in entries[:known]:
        recorded.apply(entry)
    fold = AuditFold("AAAAAA")
    fold.recall(recorded.entries())
    lines = [line for number, entry in enumerate(entries[known:]) for line in fold.apply(number, MOMENT, entry)]

    assert [line.event_type for line in lines] == [FILL, CHANGE]
    assert {line.symbol for line in lines} == {"AAPL"}


@jumping
async def test_an_order_is_found_by_number_reference_and_order_id() -> None:
    async with rig() as desk:
        await desk.working()
        await desk.working(buy(2, quantity="50"))
        lines = audit(desk)

    for wanted in ("2", "#2", ref(2), "id2"):
        assert {line.order_ref for line in of_order(lines, wanted)} == {ref(2)}
    assert list(of_order(lines, "7")) == []


@jumping
async def test_the_summary_counts_orders_by_what_became_of_them() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(filled(quantity="40", exec_id="0001.01.01"), filled(quantity="60", exec_id="0001.02.01"))
        await desk.working(buy(2, quantity="50"))
        await desk.cancel(2)
        desk.say(status(2, "Cancelled", perm_id=900_002))
        await desk.working(buy(3, quantity="10"))
        await desk.place(replace(buy(4), quantity=D(0)))
        found = summary_of(date(2026, 11, 20), audit(desk))

    assert (found.total_orders, found.active_orders, found.submissions) == (4, 1, 3)
    assert (found.filled_orders, found.cancelled_orders, found.error_orders) == (1, 1, 1)
    assert (found.partial_fills, found.complete_fills, found.unknown_orders) == (1, 1, 0)


@jumping
async def test_an_order_of_which_nobody_knows_whether_it_left_has_no_submission_before_that_is_known() -> None:
    async with rig() as desk:
        desk.broker.sending = SendUnknownError("half of it left")
        await desk.place()
        await settle()
        lines = audit(desk)
        assert [(line.event_type, line.status) for line in lines] == [(CHANGE, "Pending"), (CHANGE, "Unknown")]
        assert {line.submission_time for line in lines} == {None}
        assert summary_of(date(2026, 1, 5), lines).submissions == 0

        desk.say(status(1))
        known = audit(desk)[len(lines) :]

    assert [(line.event_type, line.status) for line in known] == [(SUBMISSION, "Submitted"), (CHANGE, "Submitted")]
    assert all(line.submission_time for line in known)
