"""The box for a price alert: what is typed goes to core, which judges it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from core.domain.alerts import Comparison, PriceAlert
from core.domain.commands import Ack, AddAlert, Command, Denial, DenialCode, RemoveAlert
from tests.tui import sample
from tests.tui.desk_pilot import Desk, desk_on
from tests.tui.fake_desk import FakeDesk
from tui.screens.price_alert import PriceAlertScreen, read

D = sample.D
WAITING = PriceAlert(
    number=3, con_id=sample.AAPL, label="AAPL", comparison=Comparison.ABOVE, price=D(240), created=sample.NOW
)


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("> 600", AddAlert(con_id=1, comparison=Comparison.ABOVE, price=D(600))),
        (">=600.50", AddAlert(con_id=1, comparison=Comparison.AT_OR_ABOVE, price=D("600.50"))),
        (" < .5 ", AddAlert(con_id=1, comparison=Comparison.BELOW, price=D(".5"))),
        ("<=7", AddAlert(con_id=1, comparison=Comparison.AT_OR_BELOW, price=D(7))),
        ("remove 3", RemoveAlert(number=3)),
        ("REMOVE 12", RemoveAlert(number=12)),
        *((typed, None) for typed in ("", "600", "> 6,000", "> 1e3", "= 600", "=> 600", "> -5", "remove", "> 600 x")),
    ],
)
def test_what_is_typed_is_understood_or_it_is_not(typed: str, command: Command | None) -> None:
    assert read(typed, 1) == command


async def asked(desk: Desk) -> PriceAlertScreen:
    """The box, opened as the palette opens it."""
    await desk.app.run_action("price_alert", default_namespace=desk.screen)
    await desk.until(lambda: isinstance(desk.app.screen, PriceAlertScreen))
    screen = desk.app.screen
    assert isinstance(screen, PriceAlertScreen)
    return screen


@pytest.mark.covers("D4.9")
async def test_a_price_alert_is_set_for_the_instrument_in_focus() -> None:
    core = FakeDesk(answer=lambda _: Ack(ok=True, result=WAITING))
    async with desk_on(core) as desk:
        desk.screen.focus_on(sample.AAPL, by_user=True)
        await asked(desk)
        assert "Tell once when the price of AAPL is" in desk.words()
        await desk.pilot.press(*"240", "enter")
        await desk.until(lambda: "Nothing was set" in desk.words())
        assert core.sent == []

        await desk.pilot.press("home", "greater_than_sign", "enter")
        await desk.until(lambda: desk.app.screen is desk.screen)
        assert core.sent == [AddAlert(con_id=sample.AAPL, comparison=Comparison.ABOVE, price=D(240))]
        await desk.until(lambda: "Price alert: AAPL > 240 is waited for." in desk.words())


async def test_those_that_wait_are_named_and_one_is_removed_by_its_number() -> None:
    core = FakeDesk(replace(sample.SNAPSHOT, price_alerts=(WAITING,)), answer=lambda _: Ack(ok=True, result=WAITING))
    async with desk_on(core) as desk:
        await asked(desk)
        assert "3 AAPL > 240" in desk.words()
        await desk.pilot.press(*"remove", "space", "3", "enter")
        await desk.until(lambda: desk.app.screen is desk.screen)

        assert core.sent == [RemoveAlert(number=3)]


async def test_a_refusal_is_shown() -> None:
    denied = Ack(ok=False, denied=Denial(code=DenialCode.ALERT, message="AAPL > 1 holds already."))
    async with desk_on(FakeDesk(answer=lambda _: denied)) as desk:
        await asked(desk)
        await desk.pilot.press("greater_than_sign", "1", "enter")

        await desk.until(lambda: "AAPL > 1 holds already." in desk.words())
