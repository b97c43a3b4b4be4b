"""Ways round the live guard by how core is started, what its files say, and what is behind the port."""

from __future__ import annotations

from core.domain.commands import Reconnect
from core.domain.connection import LinkState
from tests.controls.stage import (
    LIVE,
    OTHER_LIVE,
    PAPER,
    PHRASE,
    Stage,
    claims,
    stuck,
    tried,
    typed,
    wishes,
)

SCRIPT, DESK = "script", "desk"
MODES = ("IBDESK_MODE", "IBKR_MODE", "IB_MODE", "IBKR_LIVE", "TRADING_MODE", "IBKR_TRADING_MODE", "MODE", "LIVE")
"""Variables that a person might hope to choose live trading by."""
PHRASES = ("IBDESK_PHRASE", "IBDESK_CONFIRM", "IBDESK_LIVE", "LIVE_PHRASE", "PHRASE")
"""The same for the phrase."""


async def _paper(stage: Stage, account: str = LIVE, **arguments: str) -> str:
    """A paper profile behind whose port is the live login."""
    async with stage.core(SCRIPT, **arguments) as watcher:
        state = await stuck(watcher)
        return f"{state}: {await tried(watcher, wishes(watcher, account))}"


async def _live(stage: Stage, **arguments: str) -> str:
    """A live profile that nobody has confirmed; a script tries to confirm, to arm and to grant by itself."""
    async with stage.core(SCRIPT, **arguments) as watcher:
        state = await stuck(watcher)
        codes = await tried(watcher, [*claims(watcher), *wishes(watcher)])
        assert (await watcher.send(Reconnect())).ok
        assert await stuck(watcher) == state
        assert stage.proxy.connections == 0, "nothing is opened before the phrase"
        return f"{state}: {codes}"


async def port_variable(stage: Stage) -> str:
    """IBKR_PORT leads to the live gateway."""
    await stage.play()
    stage.home.env["IBKR_PORT"] = str(stage.port)
    return await _paper(stage)


async def account_variable(stage: Stage) -> str:
    """IBKR_ACCOUNT_ID names the live account besides."""
    await stage.play()
    stage.home.env |= {"IBKR_PORT": str(stage.port), "IBKR_ACCOUNT_ID": LIVE}
    return await _paper(stage)


async def mode_variables(stage: Stage) -> str:
    """Variables that say `live`."""
    await stage.play()
    stage.home.env |= dict.fromkeys(MODES, "live") | {"IBKR_PORT": str(stage.port)}
    return await _paper(stage)


async def phrase_variables(stage: Stage) -> str:
    """IBDESK_PROFILE chooses the live profile, and variables hold the phrase."""
    await stage.play()
    stage.live_profile()
    stage.home.env |= dict.fromkeys(PHRASES, PHRASE) | {"IBDESK_PROFILE": "live"}
    return await _live(stage)


async def port_argument(stage: Stage) -> str:
    """The port is an argument."""
    await stage.play()
    return await _paper(stage, port=str(stage.port))


async def mode_argument(stage: Stage) -> str:
    """The mode is an argument."""
    await stage.play()
    return await stage.refused_start(port=str(stage.port), account=LIVE, mode="live")


async def phrase_argument(stage: Stage) -> str:
    """The phrase is an argument."""
    await stage.play()
    stage.live_profile()
    return await stage.refused_start(profile="live", phrase=PHRASE)


async def profile_argument(stage: Stage) -> str:
    """The live profile is an argument, and nobody types anything."""
    await stage.play()
    stage.live_profile()
    return await _live(stage, profile="live")


async def merged_pin(stage: Stage) -> str:
    """The file pins one live account, a variable names the one that is logged in."""
    await stage.play()
    stage.profile("live", f'account = "{OTHER_LIVE}"\nport = {stage.port}\n')
    stage.home.env["IBKR_ACCOUNT_ID"] = LIVE
    return await stage.refused_start(profile="live")


async def merged_without_pin(stage: Stage) -> str:
    """The file pins none, an argument names it."""
    await stage.play()
    stage.profile("live", f"port = {stage.port}\n")
    return await stage.refused_start(profile="live", account=LIVE)


async def merged_phrase(stage: Stage) -> str:
    """The phrase stands in the profile's file."""
    await stage.play()
    stage.live_profile(f'phrase = "{PHRASE}"\n')
    return await stage.refused_start(profile="live")


async def merged_name(stage: Stage) -> str:
    """The file of the profile `paper` says `live`."""
    await stage.play()
    stage.profile("paper", f'mode = "live"\naccount = "{LIVE}"\nport = {stage.port}\n')
    return await _live(stage, profile="paper")


async def merged_paper_pin(stage: Stage) -> str:
    """A paper profile pins the live account."""
    await stage.play()
    stage.profile("paper", f'account = "{LIVE}"\nport = {stage.port}\n')
    return await _paper(stage, profile="paper")


async def port_forward(stage: Stage) -> str:
    """A paper port is forwarded to a live login."""
    await stage.play()
    stage.profile("paper", f"port = {stage.port}\n")
    return await _paper(stage, profile="paper")


async def mixed_login(stage: Stage) -> str:
    """The login has a paper account, which is named, and a live one."""
    await stage.play(PAPER, "--other", LIVE)
    return await _paper(stage, PAPER, port=str(stage.port))


async def other_login(stage: Stage) -> str:
    """The phrase is typed, and behind the port is another live login."""
    await stage.play(OTHER_LIVE)
    stage.live_profile()
    async with stage.core(DESK, profile="live") as desk:
        await stuck(desk)
        await typed(desk)
        left = await desk.until(lambda snapshot: snapshot.connection.state is LinkState.REFUSED)
        codes = await tried(desk, wishes(desk))
        return f"{left.connection.problem} {codes}"


async def login_on_reconnect(stage: Stage) -> str:
    """A paper login is gone with its connection, and the next one is live."""
    await stage.play(PAPER)
    async with stage.core(SCRIPT, port=str(stage.port)) as watcher:
        await watcher.ready()
        await stage.play(LIVE)
        stage.proxy.cut()
        state = await stuck(watcher)
        return f"{state}: {await tried(watcher, [*wishes(watcher), *wishes(watcher, PAPER)])}"


async def login_within(stage: Stage) -> str:
    """The login behind a connection that stands changes to live (a second managedAccounts)."""
    await stage.play(PAPER)
    async with stage.core(SCRIPT, port=str(stage.port)) as watcher:
        await watcher.ready()
        await stage.play(LIVE)
        stage.proxy.say(15, 1, LIVE)
        state = await stuck(watcher)
        return f"{state}: {await tried(watcher, [*wishes(watcher), *wishes(watcher, PAPER)])}"


async def login_in_handshake(stage: Stage) -> str:
    """The gateway names a paper account in its handshake and the live one right behind it."""
    await stage.play(LIVE, "--fault", f"managed-accounts={PAPER}*1")
    async with stage.core(SCRIPT, port=str(stage.port)) as watcher:
        await watcher.until(lambda snapshot: bool(snapshot.connection.accounts))
        stage.proxy.say(15, 1, LIVE)
        state = await stuck(watcher)
        return f"{state}: {await tried(watcher, [*wishes(watcher), *wishes(watcher, PAPER)])}"


async def hot_reload(stage: Stage) -> str:
    """The profile's file is changed to live while core runs."""
    await stage.play()
    stage.profile("paper", f"port = {stage.port}\n")
    async with stage.core(SCRIPT, profile="paper") as watcher:
        await stuck(watcher)
        stage.profile("paper", f'mode = "live"\naccount = "{LIVE}"\nport = {stage.port}\n')
        connections = stage.proxy.connections
        assert (await watcher.send(Reconnect())).ok
        await watcher.until(lambda snapshot: snapshot.connection.attempt > 1)
        assert stage.proxy.connections > connections
        state = await stuck(watcher)
        return f"{state}: {await tried(watcher, [*claims(watcher)[:3], *wishes(watcher)])}"
