"""Control 7: a script at its limit, and what it may still do with what it has working."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import DenialCode
from core.domain.instructions import Trail
from core.domain.orders import OrderType, TimeInForce, terms_of
from core.risk.behaviour import Asked
from core.risk.repeats import enabled_script
from tests.risk.test_behaviour import BUY, LIMITS, SCRIPT, SELL, code, recent

D = Decimal


class TestScripts:
    """Control 7."""

    @pytest.mark.parametrize(("fired", "passes"), [(2, True), (3, False), (4, False)])
    def test_a_script_has_so_many_orders_of_a_kind(self, fired: int, passes: bool) -> None:
        around = replace(recent(fired=fired), asked=SCRIPT)

        assert code(enabled_script(BUY, around)) == (None if passes else DenialCode.SCRIPT_DISABLED)
        assert enabled_script(BUY, replace(around, asked=Asked())) is None
        assert enabled_script(BUY, replace(around, limits=replace(LIMITS, script_repeats=None))) is None

    def test_it_says_how_many_it_sent_and_names_the_limit(self) -> None:
        denied = enabled_script(BUY, replace(recent(fired=3), asked=SCRIPT))

        assert denied is not None
        assert denied.limit == "script_repeats"
        assert denied.message == (
            "The script place is disabled: it has sent 3 orders of one kind. Not sent. A person enables it at a desk."
        )

    @pytest.mark.parametrize(
        ("cap", "before", "passes"),
        [(None, None, True), ("100", "100", True), (None, "100", False), ("100", None, False)],
    )
    def test_of_a_pegged_order_the_cap_stays(self, cap: str | None, before: str | None, passes: bool) -> None:
        pegged = replace(BUY, order_type=OrderType.REL, offset=D("0.01"))
        old = replace(pegged, limit_price=None if before is None else D(before))
        new = replace(pegged, limit_price=None if cap is None else D(cap), quantity=D(50))
        disabled = replace(recent(disabled="it ran away"), asked=SCRIPT, before=terms_of(old))

        assert code(enabled_script(new, disabled)) == (None if passes else DenialCode.SCRIPT_DISABLED)

    def test_a_disabled_script_stays_so_and_says_who_ends_it(self) -> None:
        denied = enabled_script(BUY, replace(recent(disabled="it ran away"), asked=SCRIPT))

        assert denied is not None
        assert denied.message == ("The script place is disabled: it ran away. Not sent. A person enables it at a desk.")

    @pytest.mark.parametrize(
        ("change", "passes"),
        [
            ({"quantity": D(99), "limit_price": D("99.99")}, True),
            ({"tif": TimeInForce.GTC}, True),
            ({"quantity": D(101)}, False),
            ({"limit_price": D("100.01")}, False),
            ({"order_type": OrderType.MKT, "limit_price": None}, False),
            ({"stop_price": D(99)}, False),
            ({"offset": D("0.01")}, False),
            ({"trail": Trail(amount=D(1))}, False),
        ],
    )
    def test_what_a_disabled_script_has_working_it_can_only_hold_back(
        self, change: dict[str, object], passes: bool
    ) -> None:
        changed = replace(BUY, **change)
        for around in (recent(fired=9), recent(disabled="it ran away")):
            disabled = replace(around, asked=SCRIPT, before=terms_of(BUY))
            assert code(enabled_script(changed, disabled)) == (None if passes else DenialCode.SCRIPT_DISABLED)
            assert enabled_script(changed, replace(disabled, asked=Asked())) is None

    def test_a_sale_is_held_back_by_a_higher_limit_and_the_refusal_says_what_it_may(self) -> None:
        disabled = replace(recent(disabled="it ran away"), asked=SCRIPT, before=terms_of(SELL))
        assert enabled_script(replace(SELL, limit_price=D(100)), disabled) is None

        denied = enabled_script(replace(SELL, limit_price=D("99.98")), disabled)
        assert denied is not None
        assert denied.message == (
            "The script place is disabled: it ran away. Not changed: it may only be made smaller or less aggressive. "
            "A person enables it at a desk."
        )
