"""A gateway that manages several accounts: what each request serves, and that nothing of one shows in another."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from ib_async import MarketOrder

from core.practice import tables_in as ask
from core.practice.server import PracticeGateway
from core.practice.state import FILE, StateError
from core.practice.tables import Record
from tests.practice.conftest import OPTIONS, Login
from tests.practice.raw_client import AAPL, AMD, RawClient
from tests.practice.scripts import APPLE, commissions, qualified, until

FIRST, SECOND = "DU1234567", "DU7654321"
BOTH = replace(OPTIONS, others=(SECOND,))
EUR = Record(conId=12087792, symbol="EUR", secType="CASH", exchange="IDEALPRO", currency="USD")


@pytest.fixture
async def gateway() -> AsyncIterator[PracticeGateway]:
    async with PracticeGateway(BOTH) as running:
        yield running


@pytest.fixture
async def client(gateway: PracticeGateway) -> AsyncIterator[RawClient]:
    connected = await RawClient.connect(gateway.port)
    yield connected
    await connected.close()


async def heard(client: RawClient, name: str, end: str) -> list[Record]:
    """Every message of a name until the end of the answer."""
    before = len(client.heard)
    await client.wait_for(end)
    return [record for message, record in client.heard[before:] if message.name == name]


async def buy(client: RawClient, account: str, contract: Record = AAPL, quantity: int = 100) -> None:
    """Buy at the market for an account."""
    order_id = client.place(contract, account=account, totalQuantity=Decimal(quantity))
    await client.until(order_id, "commission")


async def test_a_script_for_tws_is_told_of_both(login: Login) -> None:
    ib = await login()
    apple = await qualified(ib, APPLE)
    trade = ib.placeOrder(apple, MarketOrder("BUY", 100, account=SECOND))
    await commissions(ib, trade)
    await until(lambda: bool(ib.positions(SECOND)), lambda: ib.positionEvent)

    assert ib.managedAccounts() == [FIRST, SECOND]
    for account in (FIRST, SECOND):
        tags = {row.tag for row in ib.accountValues(account)}
        assert {"NetLiquidation", "ExchangeRate", "CashBalance"} <= tags
    assert [held.position for held in ib.positions(SECOND)] == [100]
    assert ib.positions(FIRST) == []
    assert {fill.execution.acctNumber for fill in trade.fills} == {SECOND}


async def test_the_accounts_are_named_in_order(client: RawClient) -> None:
    assert client.accounts == f"{FIRST},{SECOND}"


async def test_orders_fills_and_positions_stay_with_their_account(gateway: PracticeGateway, client: RawClient) -> None:
    await buy(client, SECOND)
    await buy(client, FIRST, AMD, 10)
    client.ask(ask.EXECUTIONS, reqId=5)
    fills = await heard(client, "execDetails", "execDetailsEnd")
    client.ask(ask.POSITIONS)
    held = await heard(client, "position", "positionEnd")
    client.ask(ask.COMPLETED_ORDERS)
    done = await heard(client, "completedOrder", "completedOrdersEnd")

    assert {(one.text("account"), one.text("symbol")) for one in fills} == {(SECOND, "AAPL"), (FIRST, "AMD")}
    assert [(one.text("account"), one.text("symbol"), one.number("position")) for one in held] == [
        (FIRST, "AMD", Decimal(10)),
        (SECOND, "AAPL", Decimal(100)),
    ]
    assert {(one.text("account"), one.text("symbol")) for one in done} == {(SECOND, "AAPL"), (FIRST, "AMD")}
    accounts = gateway.ledger.accounts
    assert accounts[FIRST].positions.keys() == {4391}
    assert accounts[SECOND].positions.keys() == {265598}
    assert accounts[FIRST].cash["USD"] != accounts[SECOND].cash["USD"]


async def test_an_order_must_name_one_of_them(client: RawClient) -> None:
    assert await client.until(client.place(), "435") == ["error 435"]
    assert await client.until(client.place(account="DU9"), "321") == ["error 321"]


async def test_an_order_keeps_its_account(client: RawClient) -> None:
    order_id = client.place(account=SECOND, orderType="LMT", lmtPrice=Decimal(100))
    await client.until(order_id, "Submitted")
    client.place(account=FIRST, orderType="LMT", lmtPrice=Decimal(101), order_id=order_id)

    assert (await client.until(order_id, "Submitted"))[0] == "error 105"


async def test_the_margin_of_one_account_is_not_that_of_another(gateway: PracticeGateway, client: RawClient) -> None:
    gateway.ledger.accounts[SECOND].cash["USD"] = Decimal(1000)
    assert "error 201" in await client.until(client.place(account=SECOND), "201", "Filled")
    assert "error 201" not in await client.until(client.place(account=FIRST), "201", "Filled")


async def test_values_of_both_come_by_account_updates_multi(client: RawClient) -> None:
    await buy(client, SECOND, EUR, 25_000)
    for number, account in enumerate((FIRST, SECOND), 50):
        client.ask(ask.ACCOUNT_MULTI, reqId=number, account=account, ledgerAndNlv=False)
        rows = await heard(client, "accountUpdateMulti", "accountUpdateMultiEnd")
        tags = {row.text("tag") for row in rows}
        assert {row.text("account") for row in rows} == {account}
        assert {"NetLiquidation", "BuyingPower", "MaintMarginReq", "CashBalance", "ExchangeRate"} <= tags
        currencies = {row.text("currency") for row in rows if row.text("tag") == "ExchangeRate"}
        assert currencies == ({"USD", "BASE"} if account == FIRST else {"USD", "EUR", "BASE"})


async def test_account_updates_serve_one_account_at_a_time(client: RawClient) -> None:
    client.ask(ask.ACCOUNT_UPDATES, subscribe=True, account="")
    refusal = await client.wait_for("error", lambda one: one.integer("code") == 321)
    assert "account code is required" in refusal.text("text")
    client.ask(ask.ACCOUNT_UPDATES, subscribe=True, account=FIRST)
    await client.wait_for("accountDownloadEnd")
    client.ask(ask.ACCOUNT_UPDATES, subscribe=True, account=SECOND)
    await client.wait_for("accountDownloadEnd")
    before = len(client.heard)
    await buy(client, SECOND)
    await client.wait_for("accountUpdateTime")

    told = [one for message, one in client.heard[before:] if message.name in {"accountValue", "portfolioValue"}]
    assert {one.text("account") for one in told} == {SECOND}


async def test_a_summary_of_all_names_each_account(client: RawClient) -> None:
    client.ask(ask.ACCOUNT_SUMMARY, reqId=9, group="All", tags="NetLiquidation,$LEDGER:ALL")
    rows = await heard(client, "accountSummary", "accountSummaryEnd")

    for account in (FIRST, SECOND):
        tags = [row.text("tag") for row in rows if row.text("account") == account]
        assert tags.count("NetLiquidation") == 1
        assert "ExchangeRate" in tags


async def test_profit_is_that_of_the_account_asked_for(client: RawClient) -> None:
    await buy(client, SECOND)
    client.ask(ask.PNL_SINGLE, reqId=61, account=FIRST, modelCode="", conId=265598)
    assert (await client.wait_for("pnlSingle")).number("position") == 0
    client.ask(ask.PNL_SINGLE, reqId=62, account=SECOND, modelCode="", conId=265598)
    assert (await client.wait_for("pnlSingle", lambda one: one.integer("reqId") == 62)).number("position") == 100
    client.ask(ask.PNL, reqId=63, account=FIRST, modelCode="")
    assert (await client.wait_for("pnl")).number("daily") == 0


async def test_a_restart_finds_each_account_again(tmp_path: Path) -> None:
    options = replace(BOTH, state=tmp_path)
    async with PracticeGateway(options) as first:
        client = await RawClient.connect(first.port)
        await buy(client, SECOND)
        await client.close()
        before = {name: (one.positions, one.cash) for name, one in first.ledger.accounts.items()}
    async with PracticeGateway(options) as second:
        assert {name: (one.positions, one.cash) for name, one in second.ledger.accounts.items()} == before
    with pytest.raises(StateError, match=r"belongs to account DU…567, DU…321, not DU…567$"):
        await PracticeGateway(replace(options, others=())).start()


async def test_a_file_that_knew_one_account_is_taken_over(tmp_path: Path) -> None:
    options = replace(OPTIONS, state=tmp_path)
    async with PracticeGateway(options) as first:
        client = await RawClient.connect(first.port)
        await buy(client, FIRST)
        await client.close()
        cash = first.ledger.account.cash
    with sqlite3.connect(tmp_path / FILE) as base:
        base.executescript(
            "CREATE TABLE a AS SELECT con_id, body FROM positions; DROP TABLE positions;"
            "CREATE TABLE b AS SELECT currency, amount FROM cash; DROP TABLE cash;"
            "ALTER TABLE a RENAME TO positions; ALTER TABLE b RENAME TO cash;"
        )
    base.close()
    async with PracticeGateway(options) as second:
        assert second.ledger.account.cash == cash
        assert second.ledger.account.positions[265598].quantity == 100
