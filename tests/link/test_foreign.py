"""Text of other programs that could drive a terminal comes no further than the link."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from timeit import timeit

import pytest
from msgspec.structs import replace

from core.domain import instructions as ours
from core.domain.authority import ConfirmLive
from core.domain.commands import (
    Ack,
    CancelOrder,
    ClosePosition,
    Command,
    DenialCode,
    Kill,
    ModifyOrder,
    PlaceOrder,
    PreviewOrder,
    SearchSymbols,
)
from core.link.foreign import refused
from core.link.inproc import InProcessClient
from tests.hostile import CORPUS, texts, unclean
from tests.journal.values import request
from tests.link.fake_host import FakeHost, attached

D = Decimal
HOSTILE = {kind: text for kind, text in CORPUS.items() if kind not in {"markup", "broken markup", "account"}}
PLACE = PlaceOrder(request=request(1), children=(replace(request(2), parent_ref=request(1).order_ref),))
BAD = "a\x9b31m"


def field_of(command: Command) -> str:
    """The field that is told; empty if the command is let in."""
    ack = refused(command)
    if ack is None:
        return ""
    assert ack.denied is not None
    assert (ack.ok, ack.denied.code) == (False, DenialCode.BAD_COMMAND)
    assert not [text for text in texts(ack) if unclean(text)]
    return ack.denied.message.removeprefix("The command's ").partition(" is longer")[0]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_every_kind_is_refused(text: str) -> None:
    assert field_of(SearchSymbols(pattern=text)) == "pattern"


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (CancelOrder(order_ref=BAD), "order_ref"),
        (ModifyOrder(order_ref=BAD, revision=1), "order_ref"),
        (ConfirmLive(phrase=BAD), "phrase"),
        (ClosePosition(order_ref="a", account=BAD, con_id=1, quantity=D(1), fraction=D(1)), "account"),
        (PlaceOrder(request=replace(PLACE.request, account=BAD)), "request.account"),
        (PreviewOrder(request=replace(PLACE.request, order_ref=BAD)), "request.order_ref"),
        (
            replace(PLACE, children=(PLACE.children[0], replace(PLACE.children[0], parent_ref=BAD))),
            "children.parent_ref",
        ),
        (
            PlaceOrder(request=replace(PLACE.request, oca=ours.Oca(group=BAD, kind=ours.OcaType.REDUCE))),
            "request.oca.group",
        ),
        (
            PlaceOrder(
                request=replace(
                    PLACE.request,
                    conditions=ours.Conditions(
                        items=(
                            ours.TimeCondition(time=datetime(2026, 11, 20, tzinfo=UTC), above=True),
                            ours.ExecutionCondition(symbol="AAPL", sec_type="STK", exchange=BAD),
                        )
                    ),
                )
            ),
            "request.conditions.items.exchange",
        ),
    ],
)
def test_every_field_is_looked_at(command: Command, field: str) -> None:
    assert field_of(command) == field


@pytest.mark.parametrize(
    "command", [PLACE, Kill(), SearchSymbols(pattern="Société Générale"), CancelOrder(order_ref="x")]
)
def test_everything_else_is_let_in(command: Command) -> None:
    assert refused(command) is None


def test_an_order_is_looked_at_quickly() -> None:
    """Far below what the controls may take; a bound that only something quadratic or a regular expression breaks."""
    assert min(timeit(lambda: refused(PLACE), number=100) / 100 for _ in range(5)) < 0.001


@pytest.mark.usefixtures("server")
async def test_no_such_command_reaches_core_over_the_socket(path: Path, host: FakeHost) -> None:
    async with attached(path) as client:
        acks = [await client.send(CancelOrder(order_ref=text)) for text in ("a\x1b[31m", "a\u202eb", "x" * 501)]
        good = await client.send(CancelOrder(order_ref="a"))

    assert [ack.denied is not None and ack.denied.code for ack in acks] == [DenialCode.BAD_COMMAND] * 3
    assert good.ok
    assert [command for _, command in host.commands] == [CancelOrder(order_ref="a")]


async def test_no_such_command_reaches_core_in_the_same_process() -> None:
    host = FakeHost()
    client = InProcessClient(host, "test")
    ack: Ack = await client.send(CancelOrder(order_ref=BAD))
    await client.close()

    assert ack.denied is not None
    assert host.commands == []
