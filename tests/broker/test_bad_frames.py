"""Frames that can't be read: counted, told, and the next one is read."""

from __future__ import annotations

import random

import pytest

from core.domain.reports import BadFrameReport, OrderStatusReport
from core.practice.tables_order import COMPLETED_ORDER
from core.practice.tables_out import COMMISSION, PORTFOLIO, POSITION
from tests.broker.frames import CONTRACT, ORDER, fill, heard, order, status
from tests.broker.scripted import connected, frame


@pytest.mark.parametrize(
    ("data", "message_id", "order_related"),
    [
        (frame(3, 5, "Submitted"), 3, True),
        (frame(4, 2, "x", 1, "text", ""), 4, True),
        (frame(5, 5), 5, True),
        (frame(11, -1, 5), 11, True),
        (frame(59, 1, "id", "much", "USD", "", "", ""), 59, True),
        (frame(101, 5), 101, True),
        (frame(61, 3, "DU1"), 61, False),
        (frame(6, 2, "tag"), 6, False),
        (frame(999), 999, False),
        (frame("x"), None, False),
        (b"\x00\x00\x00\x00", None, False),
        (b"\x00\x00\x00\x04\xff\xff\xff\x00", None, False),
    ],
)
async def test_bad_frame_is_reported_and_the_next_one_is_read(
    data: bytes, message_id: int | None, order_related: bool
) -> None:
    async with connected() as desk:
        bad, good = await heard(desk, data, status(), count=2)

        assert isinstance(bad, BadFrameReport)
        assert (bad.message_id, bad.order_related) == (message_id, order_related)
        assert bad.detail
        assert isinstance(good, OrderStatusReport)
        assert desk.broker.bad_frames == 1


async def test_no_garbling_of_frames_stops_the_reading() -> None:
    garbler = random.Random(178)
    whole = [
        order(),
        status(),
        fill(),
        COMPLETED_ORDER.encode(ORDER),
        POSITION.encode(CONTRACT),
        PORTFOLIO.encode(CONTRACT),
        COMMISSION.encode({"execId": "1.01"}),
        frame(4, 2, 5, 201, "text", ""),
        frame(1, 6, 9, 1, "1", "1", 0),
        frame(79, 9, 1, 1, "X", "STK", "", "USD", 0, "", ""),
        frame(93, 26, 1, "0", "0.01"),
    ]
    garbled = []
    for _ in range(2000):
        fields = garbler.choice(whole)[4:].split(b"\0")[:-1]
        for _ in range(garbler.randint(1, 4)):
            position = garbler.randrange(1, len(fields))
            match garbler.randrange(3):
                case 0:
                    fields[position] = garbler.choice([b"", b"\xff\xfe", b"-1", b"9" * 50, b"1E999", b"x"])
                case 1:
                    del fields[position:]
                    fields.append(b"")
                case _:
                    fields.insert(position, b"7")
        payload = b"".join(field + b"\0" for field in fields)
        garbled.append(len(payload).to_bytes(4, "big") + payload)
    async with connected() as desk:
        desk.peer.send(*garbled, status(permId=4711))
        await desk.ear.wait_for(
            lambda: any(isinstance(one, OrderStatusReport) and one.perm_id == 4711 for one in desk.ear.reports)
        )
        bad = [report for report in desk.ear.reports if isinstance(report, BadFrameReport)]

        assert len(bad) == desk.broker.bad_frames > 100
        assert desk.ear.ends == []


async def test_messages_that_nobody_asked_for_are_skipped() -> None:
    async with connected() as desk:
        (report,) = await heard(desk, frame(81, 9, "0.01", "a6", 3), frame(46, 6, 9, 45, "1763632800"), status())

        assert isinstance(report, OrderStatusReport)
        assert desk.broker.bad_frames == 0
