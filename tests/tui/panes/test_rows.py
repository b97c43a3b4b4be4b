"""The one-line rows, and the panes of labelled lines."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.budgets import Budget, Unit
from core.domain.connection import Connection, FarmStatus, LinkState, Mode
from core.domain.events import ConnectionChanged, ExecutionAdded, Incident, Severity, Snapshot, TradingState
from core.domain.money import Profit, Rate, RateSource
from tests.tui import sample, troubles
from tests.tui.desk_pilot import lines_of, until
from tests.tui.panes.pane_app import PaneApp
from tui import messages
from tui.panes.account import AccountPane
from tui.panes.connection import ConnectionPane
from tui.panes.instrument import InstrumentRow
from tui.panes.key_row import KeyRow
from tui.panes.line_row import LineRow, Part
from tui.panes.message_row import MessageRow
from tui.panes.mode_words import link_dot, link_words
from tui.panes.status import StatusRow


async def shown(app: PaneApp, width: int, height: int = 1, con_id: int | None = None) -> list[str]:
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        if con_id is not None:
            app.publish(messages.FocusChanged(con_id, by_user=True))
            await pilot.pause()
        return lines_of(app)


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (80, "▌PRACTICE▐ DU…123 ● 12ms  ACTIVE  CONFIRM  day +1,240.50  open −40.40   10:31:07"),
        (
            120,
            "▌PRACTICE▐ DU…123 │ practice :41207 ● 12ms │ ACTIVE │ CONFIRM │ day +1,240.50  open −40.40 │ BP 182,400"
            "      10:31:07 ET",
        ),
    ],
)
async def test_status_reads_as_drawn(width: int, line: str) -> None:
    assert await shown(PaneApp(StatusRow), width) == [line]


async def test_a_live_row_is_marked_at_both_ends() -> None:
    (line,) = await shown(PaneApp(StatusRow, sample.in_mode(sample.SNAPSHOT, Mode.LIVE)), 80)

    assert line.startswith("▌!LIVE!▐ U…456 ●")
    assert line.endswith("10:31:07 !")


async def test_status_before_core_answers() -> None:
    assert await shown(PaneApp(StatusRow, None), 80) == ["▌ibdesk▐ no account ◐ starting core…"]


async def test_a_gateway_that_owes_an_answer_is_not_shown_as_up() -> None:
    silent = replace(sample.HEALTH, heartbeat_age_s=Decimal("9.4"))
    (line,) = await shown(PaneApp(StatusRow, replace(sample.SNAPSHOT, health=silent)), 80)

    assert "◐ silent 9s" in line
    assert "●" not in line


async def test_halted_takes_the_place_of_active() -> None:
    halted = replace(sample.SNAPSHOT, trading_state=TradingState.HALTED, trading_reason="the journal is sick")

    assert "■ HALTED ■  CONFIRM" in (await shown(PaneApp(StatusRow, halted), 80))[0]


def made(**changes: object) -> Snapshot:
    """The quiet morning with other profits."""
    return replace(sample.SNAPSHOT, money=(replace(sample.PROFIT, **changes),))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (replace(sample.SNAPSHOT, money=()), "day ?  open ?"),
        (made(day=Profit(), open=Profit(amount=Decimal(84))), "day ?  open ~+84.00"),
        (made(open=Profit(amount=Decimal(0), whole=True)), "day +1,240.50  open +0.00"),
    ],
)
async def test_profit_that_is_not_known_is_not_zero(changed: Snapshot, words: str) -> None:
    assert words in (await shown(PaneApp(StatusRow, changed), 90))[0]


@pytest.mark.parametrize(
    ("connection", "dot", "words"),
    [
        (None, "◐", "starting core…"),
        (sample.CONNECTION, "●", ""),
        (replace(sample.CONNECTION, ibkr=FarmStatus.DOWN), "◐", "IBKR down"),
        (replace(sample.CONNECTION, state=LinkState.WAITING), "◐", "waiting"),
        (replace(sample.CONNECTION, state=LinkState.REFUSED), "○", "refused"),
        (replace(sample.CONNECTION, state=LinkState.AWAITING_CONFIRMATION), "○", "not confirmed"),
    ],
)
def test_every_state_of_the_link_has_a_sign_and_a_word(connection: Connection | None, dot: str, words: str) -> None:
    assert (link_dot(connection, lost=False), link_words(connection, lost=False)) == (dot, words)


def test_a_lost_core_outweighs_what_the_connection_was() -> None:
    assert (link_dot(sample.CONNECTION, lost=True), link_words(sample.CONNECTION, lost=True)) == ("○", "core lost")


async def test_instrument_reads_as_drawn() -> None:
    (narrow,) = await shown(PaneApp(InstrumentRow), 80, con_id=sample.AAPL)
    (wide,) = await shown(PaneApp(InstrumentRow), 120, con_id=sample.AAPL)

    assert narrow.startswith("AAPL Apple · NASDAQ  233.33 × 233.34  300×500  ▲ +0.61%  ")
    assert narrow.endswith("  pos 100 +84.00")
    assert wide.startswith("AAPL Apple Inc · NASDAQ  233.33 × 233.34  300×500  last 233.34 ▲ +1.41 +0.61%  ")
    assert wide.endswith("  pos 100 +84.00  2 working")


async def test_instrument_with_an_order_of_unknown_outcome() -> None:
    (line,) = await shown(PaneApp(InstrumentRow, sample.TROUBLE), 80, con_id=sample.NVDA)

    assert line.endswith("  pos 0?")


async def test_instrument_that_is_halted() -> None:
    (line,) = await shown(PaneApp(InstrumentRow), 80, con_id=sample.GME)

    assert line.startswith("GME HALT GameStop · NYSE  — × —  last 27.22~2m")


async def test_without_a_focus_the_row_says_how_to_find_one() -> None:
    assert await shown(PaneApp(InstrumentRow), 80) == ["no instrument in focus: / finds one"]


async def test_fill_is_told_once_although_its_fee_follows() -> None:
    app = PaneApp(MessageRow, replace(sample.SNAPSHOT, executions=()))
    fill = sample.make_execution(2, sample.ORDERS[3], 80, "597.90", 5, None)
    async with app.run_test(size=(80, 1)) as pilot:
        await pilot.pause()
        app.apply(ExecutionAdded(execution=fill), messages.ExecutionAdded(fill))
        await until(pilot, lambda: lines_of(app) == ["10:31:02 filled 80 SPY @ 597.90 (#9, 120 left)"])
        app.say("Another thing.")
        paid = replace(fill, commission=Decimal("0.40"), commission_currency="USD")
        app.apply(ExecutionAdded(execution=paid), messages.ExecutionAdded(paid))
        await pilot.pause()

        assert lines_of(app) == ["10:31:07 Another thing."]


async def test_alerts_are_counted_beside_the_message() -> None:
    alarm = Incident(severity=Severity.ALARM, text="Disk full.", time=sample.NOW)
    seen, new, another, last = troubles.ALERTS
    alerts = (seen, new, replace(another, seen=True), last)
    app = PaneApp(MessageRow, replace(sample.SNAPSHOT, incidents=(alarm,), alerts=alerts))
    async with app.run_test(size=(80, 3)) as pilot:
        app.publish(messages.SnapshotLoaded("S1"))
        await until(pilot, lambda: "Disk full." in lines_of(app)[0])

        assert lines_of(app)[0].endswith("  2 alerts")


async def test_a_problem_of_the_connection_is_told() -> None:
    app = PaneApp(MessageRow)
    broken = replace(sample.CONNECTION, state=LinkState.WAITING, problem="The gateway closed. Connecting again.")
    async with app.run_test(size=(80, 3)) as pilot:
        app.apply(ConnectionChanged(connection=broken), messages.ConnectionUpdated(broken))
        await until(pilot, lambda: "The gateway closed. Connecting again." in lines_of(app)[0])


async def test_a_problem_that_is_over_stands_there_no_more() -> None:
    app = PaneApp(MessageRow)
    broken = replace(sample.CONNECTION, state=LinkState.WAITING, problem="The gateway closed. Connecting again.")
    async with app.run_test(size=(80, 3)) as pilot:
        app.apply(ConnectionChanged(connection=broken), messages.ConnectionUpdated(broken))
        await until(pilot, lambda: "The gateway closed." in lines_of(app)[0])
        app.apply(ConnectionChanged(connection=sample.CONNECTION), messages.ConnectionUpdated(sample.CONNECTION))

        await until(pilot, lambda: "Connected again; orders and positions are read anew." in lines_of(app)[0])


async def test_an_alarm_is_not_hidden_by_news_of_the_connection() -> None:
    alarm = Incident(severity=Severity.ALARM, text="#5 BUY 100 AAPL @ 233.28: no answer.", time=sample.NOW)
    app = PaneApp(MessageRow)
    broken = replace(sample.CONNECTION, state=LinkState.WAITING, problem="The gateway closed. Connecting again.")
    async with app.run_test(size=(80, 3)) as pilot:
        app.apply(alarm, messages.IncidentRaised(alarm))
        app.apply(ConnectionChanged(connection=broken), messages.ConnectionUpdated(broken))
        await until(pilot, lambda: "#5 BUY 100 AAPL @ 233.28: no answer." in lines_of(app)[0])
        await pilot.pause()

        assert "The gateway closed." not in "".join(lines_of(app))


@pytest.mark.parametrize("width", [40, 80, 120])
async def test_key_row_cuts_no_pair(width: int) -> None:
    (line,) = await shown(PaneApp(KeyRow), width)

    assert line.startswith("b n buy  s d sell  x close")
    assert len(line) <= width
    assert line.split()[-1] in {"cancel", "quit", "KILL"}


async def test_control_characters_never_reach_the_screen() -> None:
    class Row(LineRow):
        def left(self, width: int) -> list[Part]:
            return [Part("a\x1b[31mb\nc")]

    (line,) = await shown(PaneApp(Row), 40)

    assert line == "a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}c"


async def test_account_reads_as_drawn() -> None:
    lines = await shown(PaneApp(AccountPane), 41, 16)

    assert lines[0].endswith("DU…123 USD ─")
    assert [line.split() for line in lines[1:14]] == [
        ["net", "liq", "104,215.30", "10:31:05"],
        ["cash", "38,880.10"],
        ["buying", "pow.", "182,400.00"],
        ["margin", "61,210/104,215", "▓▓▓▓░░░░", "59%"],
        ["maintenance", "48,900.00"],
        ["day", "P&L", "+1,240.50"],
        ["open", "−40.40"],
        ["realised", "+1,280.90"],
        ["day", "loss", "0/1,500", "░░░░░░░░", "0%"],
        ["orders", "41/200", "▓░░░░░░░", "20%"],
        ["trades", "14/500", "·", "fees", "1.40"],
        ["IBKR", "day", "+1,239.80", "1s"],
        ["IBKR", "open", "−41.10", "1s"],
    ]


async def test_account_without_limits_says_what_was_done() -> None:
    lines = await shown(PaneApp(AccountPane, replace(sample.SNAPSHOT, risk=())), 41, 16)

    assert lines[4].split() == ["margin", "61,210.00"]
    assert [line.strip() for line in lines[9:11]] == ["orders     5 today", "trades     2 · fees 1.40"]


async def test_account_shows_a_limit_that_nobody_can_judge_without_a_bar() -> None:
    unknown = Budget(name="daily_loss", used=None, after=None, limit=Decimal(1500), unit=Unit.MONEY)
    figures = replace(sample.FIGURES, budgets=(unknown,))
    lines = await shown(PaneApp(AccountPane, replace(sample.SNAPSHOT, risk=(figures,))), 41, 16)

    assert lines[9].split() == ["day", "loss", "?/1,500"]


async def test_account_says_what_foreign_money_is_worth_and_since_when() -> None:
    rate = Rate(currency="EUR", value=Decimal("1.0841"), source=RateSource.QUOTE, time=sample.ago(4))
    lines = await shown(PaneApp(AccountPane, made(rates=(*sample.PROFIT.rates, rate), broker=None)), 41, 14)

    assert lines[6].split() == ["day", "P&L", "+1,240.50"]
    assert lines[12].split() == ["1", "EUR", "1.084100", "quote", "4s"]


async def test_account_that_nobody_reported() -> None:
    lines = await shown(PaneApp(AccountPane, replace(sample.SNAPSHOT, accounts=())), 41, 14)

    assert "not reported yet" in lines[1]


async def test_connection_says_why_the_account_is_believed() -> None:
    text = "\n".join(await shown(PaneApp(ConnectionPane), 41, 20))

    for words in (
        "PRACTICE  practice 127.0.0.1:41207",
        "account    DU…123",
        "verified   09:29:58 · paper prefix",
        "profile    practice · client 17 · v178",
        "socket     ● up 1:01:09",
        "heartbeat  2s ago · round trip 12.4 ms",
        "IBKR       ● up · farms 3/3",
        "reconciled 10:30:24",
        "journal    sync 0.3 ms · head 18,442",
        "data lines 12 of 100",
    ):
        assert words in text
    assert sample.ACCOUNT not in text


async def test_connection_puts_its_problem_on_top() -> None:
    broken = replace(
        sample.SNAPSHOT,
        connection=replace(
            sample.CONNECTION,
            state=LinkState.REFUSED,
            account="",
            accounts=(),
            verified=None,
            problem="This is not a paper account: port 7497 answered with U…456. Disconnected; nothing was sent.",
        ),
    )
    lines = await shown(PaneApp(ConnectionPane, broken), 41, 20)

    assert lines[0].endswith("○ refused ─")
    assert " ".join(line.strip() for line in lines[2:5]).startswith("This is not a paper account: port 7497 answered")
    assert "account    no account" in "\n".join(lines)
