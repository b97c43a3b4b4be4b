"""The risk file of a profile: what it may say, what counts beside the profile, and how it is changed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.limit_table import DEFAULTS, LimitTable
from core.domain.limits import Limits
from core.errors import ConfigError
from core.settings import RiskFiles, load_settings, risk_path

D = Decimal
Write = Callable[[str, str], Path]
FULL = """\
[limits]
order_value = 20000
daily_loss = "none"
portfolio_risk = "150%"
ask_short = false

[symbols.AAPL]
order_quantity = 300

[symbols."brk b"]
price_band_percent = 2.5

[accounts.DU1234567]
daily_loss = 500

[permissions]
allowed_symbols = ["aapl", "BRK B", "TSLA"]
forbidden_exchanges = ["OTC"]
allowed_sec_types = "any"
short = false

[presets]
default = [100, "$10k", "25%bp", "$200r"]
AAPL = ["50", "100", "0.5%r", "1k"]
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a file in a configuration folder of the test's own: `risk/paper.toml`, `profiles/live.toml`."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / "ibdesk" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return write_file


def files(profile: str = "paper", **variables: str) -> RiskFiles:
    """Those of a profile."""
    return RiskFiles({"profile": profile}, variables)


def problem(profile: str = "paper", **variables: str) -> str:
    """What a person is told about files that can't be used."""
    with pytest.raises(ConfigError) as refusal:
        files(profile, **variables).read()
    return str(refusal.value)


@pytest.mark.usefixtures("write")
def test_without_a_file_the_defaults_count() -> None:
    found = files().read()

    assert found.said == DEFAULTS
    assert set(found.sources.values()) == {"default"}
    assert found.presets == {}


@pytest.mark.covers("D4.7")
def test_everything_that_it_may_say(write: Write) -> None:
    path = write("risk/paper.toml", FULL)
    found = files().read()
    table = LimitTable(found.said)

    assert path == risk_path("paper")
    assert table.general.order_value == 20_000
    assert table.general.daily_loss is None
    assert table.general.portfolio_risk == D("1.5")
    assert not table.general.ask_short
    assert table.of("AAPL", "").order_quantity == 300
    assert table.of("BRK B", "").price_band_percent == D("2.5")
    assert table.of("AAPL", "DU1234567").daily_loss == 500
    assert table.permissions.allowed_symbols == ("AAPL", "BRK B", "TSLA")
    assert table.permissions.forbidden_exchanges == ("OTC",)
    assert table.permissions.allowed_sec_types is None
    assert not table.permissions.short
    assert found.sources["symbols.AAPL.order_quantity"] == found.sources["order_value"] == str(path)
    assert found.sources["order_quantity"] == "default"
    assert found.presets == {
        "default": ("100", "$10k", "25%bp", "$200r"),
        "AAPL": ("50", "100", "0.5%r", "1k"),
    }


@pytest.mark.covers("D4.7")
@pytest.mark.parametrize(
    ("profile_says", "risk_says", "variable", "counts", "source"),
    [
        ("500", "400", "", "400", "risk"),
        ("400", "500", "", "400", "profile"),
        ("500", "", "", "500", "profile"),
        ("", "20000", "", "20000", "risk"),
        ("", "20000", "300", "300", "MAX_ORDER_SIZE"),
        ("", "200", "300", "200", "risk"),
        ("", "", "", "10000", "default"),
    ],
)
def test_where_both_say_something_the_tighter_counts(
    profile_says: str, risk_says: str, variable: str, counts: str, source: str, write: Write
) -> None:
    profile = write("profiles/paper.toml", f"[limits]\norder_quantity = {profile_says}\n" if profile_says else "")
    risk = write("risk/paper.toml", f"[limits]\norder_quantity = {risk_says}\n" if risk_says else "")
    found = files(MAX_ORDER_SIZE=variable).read()

    assert found.said["order_quantity"] == counts
    assert found.sources["order_quantity"] == {"risk": str(risk), "profile": str(profile)}.get(source, source)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[limit]\n", "there is no setting 'limit'; did you mean 'limits'?"),
        ("[limits]\norder_valu = 1\n", "there is no setting 'limits.order_valu'; did you mean 'order_value'?"),
        ("[symbols.AAPL]\norder_valu = 1\n", "'symbols.AAPL.order_valu'; did you mean 'order_value'?"),
        ("[accounts.DU123]\ndaily_los = 1\n", "'accounts.DU123.daily_los'; did you mean 'daily_loss'?"),
        ("[permissions]\nforbiden_symbols = []\n", "'permissions.forbiden_symbols'; did you mean 'forbidden_symbols'?"),
        ("[limits]\norder_value = -5\n", "limits.order_value = -5 can't be used"),
        ("[limits]\nportfolio_risk = 5\n", "limits.portfolio_risk = 5 can't be used: value error, it is a part of net"),
        ("[symbols.AAPL]\ndaily_loss = 5\n", "symbols.aapl.daily_loss counts over all symbols together"),
        ("[symbols.AAPL]\nbreaker_pause = 5\n", "symbols.aapl.breaker_pause counts over all accounts together"),
        (
            "[accounts.DU123]\nbreaker_failures = 5\n",
            "accounts.du123.breaker_failures counts over all accounts together: put it under [limits]",
        ),
        ('[accounts."12"]\n', "accounts.12"),
        ("[presets]\ndefault = [1, 2, 3]\n", "presets.default"),
        ('[presets]\ndefault = ["1", "2", "3", "50%"]\n', "a size is"),
        ("limits = 3\n", "limits = 3 can't be used"),
        ("[limits\n", "is not valid TOML"),
    ],
)
def test_what_can_not_be_used_is_named(text: str, says: str, write: Write) -> None:
    path = write("risk/paper.toml", text)

    assert says in problem()
    assert str(path) in problem()


def test_every_mistake_is_named_at_once(write: Write) -> None:
    write("risk/paper.toml", "[limits]\norder_value = 0\norder_quantity = 0\n")

    assert "limits.order_value" in problem()
    assert "limits.order_quantity" in problem()


def test_a_live_profile_wants_its_risk_file_for_itself(write: Write) -> None:
    write("profiles/live.toml", 'account = "U1234567"\n')
    path = write("risk/live.toml", "[limits]\norder_value = 5\n")
    assert files("live").read().said["order_value"] == "5"

    path.chmod(0o640)
    assert problem("live").startswith(f"Others can read {path} (mode 0640). Make it yours: chmod 600 {path}.")


@pytest.mark.usefixtures("write")
@pytest.mark.parametrize(
    ("name", "text", "canonical", "value"),
    [
        ("order_value", "20000.50", "order_value", "20000.5"),
        ("ORDER_VALUE", " 5 ", "order_value", "5"),
        ("daily_loss", "none", "daily_loss", "none"),
        ("portfolio_risk", "5%", "portfolio_risk", "0.05"),
        ("order_value", "default", "order_value", DEFAULTS["order_value"]),
        ("symbols.aapl.order_value", "7", "symbols.AAPL.order_value", "7"),
        ("symbols.BRK B.order_value", "default", "symbols.BRK B.order_value", None),
        ("accounts.du123.daily_loss", "9", "accounts.DU123.daily_loss", "9"),
        ("permissions.short", "no", "permissions.short", "false"),
        ("permissions.forbidden_symbols", "gme, amc", "permissions.forbidden_symbols", "AMC, GME"),
        ("permissions.forbidden_symbols", "none", "permissions.forbidden_symbols", "none"),
        ("permissions.allowed_symbols", "any", "permissions.allowed_symbols", "any"),
        ("open_orders", "12", "open_orders", "12"),
        ("ask_short", "true", "ask_short", "true"),
    ],
)
async def test_a_name_and_a_value_as_a_person_types_them(
    name: str, text: str, canonical: str, value: str | None
) -> None:
    assert await files().value(name, text) == (canonical, value)


@pytest.mark.usefixtures("write")
@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("order_valu", "1", "There is no limit 'order_valu'. Did you mean order_value? Nothing has changed."),
        ("symbols.AAPL.order_valu", "1", "Did you mean symbols.AAPL.order_value?"),
        ("permissions.shorts", "1", "Did you mean permissions.short?"),
        ("xyz", "1", "`ibdesk limits` lists all."),
        ("symbols.AAPL.daily_loss", "1", "daily_loss counts over all symbols together"),
        (
            "accounts.du123.Breaker_Pause",
            "1",
            "accounts.DU123.breaker_pause counts over all accounts together: put it under [limits]. Nothing has",
        ),
        ("order_value", "20,000", "Write it without commas: 20000."),
        ("order_value", "0", "order_value can't be '0': input should be greater than 0."),
        ("order_value", "none", "order_value can't be 'none'"),
        ("portfolio_risk", "5", "it is a part of net liquidation"),
        ("permissions.short", "maybe", "permissions.short can't be 'maybe'"),
    ],
)
async def test_why_a_limit_can_not_be_set(name: str, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        await files().value(name, text)
    assert says in str(refusal.value)


async def test_what_the_profile_keeps_tighter_is_changed_there(write: Write) -> None:
    path = write("profiles/paper.toml", "[limits]\norder_value = 100\n")

    with pytest.raises(ConfigError, match=f"order_value = 100 stands in {path}, and of two the tighter counts"):
        await files().value("order_value", "101")
    assert await files().value("order_value", "99") == ("order_value", "99")
    assert await files().value("symbols.AAPL.order_value", "500") == ("symbols.AAPL.order_value", "500")


@pytest.mark.usefixtures("write")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("order_value", "20000.5"),
        ("daily_loss", "none"),
        ("portfolio_risk", "2.5"),
        ("ask_short", "false"),
        ("symbols.BRK B.order_value", "7"),
        ("accounts.DU123.daily_loss", "9"),
        ("permissions.short", "false"),
        ("permissions.forbidden_symbols", "AMC, GME"),
        ("permissions.forbidden_symbols", "none"),
        ("permissions.allowed_symbols", "any"),
        ("permissions.allowed_symbols", "AAPL, BRK B"),
    ],
)
async def test_what_is_written_is_read_back(name: str, value: str) -> None:
    source = files()
    await source.write(name, value)
    assert (await source.read_again()).said[name] == value

    await source.write(name, None)
    assert source.read().said.get(name) == DEFAULTS.get(name)


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", '"many"'])
@pytest.mark.parametrize("key", ["order_quantity", "order_value", "price_band_percent", "daily_loss"])
def test_a_limit_that_limits_nothing_is_refused(key: str, value: str, write: Write) -> None:
    path = write("profiles/paper.toml", f"[limits]\n{key} = {value}")

    assert problem().startswith(f"{path}: limits.{key} = ")


@pytest.mark.covers("D4.7")
def test_limits_are_read_exactly(write: Write) -> None:
    write(
        "profiles/paper.toml",
        "[limits]\norder_quantity = 500\norder_value = 25000.10\nprice_band_percent = 0.1\ndaily_loss = 1000\n",
    )

    assert load_settings({"profile": "paper"}, {}).limits.limits() == Limits(
        order_quantity=Decimal(500),
        order_value=Decimal("25000.1"),
        price_band_percent=Decimal("0.1"),
        daily_loss=Decimal(1000),
    )


@pytest.mark.covers("D4.7")
@pytest.mark.parametrize(
    ("text", "part"),
    [("0.05", "0.05"), ("1", "1"), ("5%", "0.05"), ("250%", "2.5"), ("12.5 %", "0.125")],
)
def test_max_portfolio_risk_is_read_as_written(text: str, part: str, write: Write) -> None:
    write("risk/paper.toml", "")
    found = files(MAX_PORTFOLIO_RISK=text).read()

    assert LimitTable(found.said).general.portfolio_risk == D(part)
    assert found.sources["portfolio_risk"] == "MAX_PORTFOLIO_RISK"


@pytest.mark.usefixtures("write")
@pytest.mark.parametrize("text", ["5", "1.01", "0", "-0.05", "0%", "nan", "much", "10001%"])
def test_a_part_that_is_none_is_refused(text: str) -> None:
    assert problem(MAX_PORTFOLIO_RISK=text).startswith("MAX_PORTFOLIO_RISK: limits.portfolio_risk = ")


def test_a_variable_only_tightens_what_a_live_profile_may_invest(write: Write) -> None:
    write("profiles/live.toml", 'account = "U1234567"\n[limits]\nportfolio_risk = 0.5\n')

    assert files("live", MAX_PORTFOLIO_RISK="0.4").read().said["portfolio_risk"] == "0.4"
    assert problem("live", MAX_PORTFOLIO_RISK="60%").startswith(
        "MAX_PORTFOLIO_RISK=0.6 is above limits.portfolio_risk = 0.5 of a live profile"
    )
