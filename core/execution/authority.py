"""Who may trade: desks that have confirmed live trading, the desk that is armed, clients to which it was granted."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from msgspec.structs import replace

from core.clock import Clock
from core.domain.authority import (
    Arm,
    Armed,
    AtDesk,
    Authority,
    AuthorityCommand,
    ConfirmLive,
    Disarm,
    EndGrant,
    Grant,
    GrantLive,
    is_desk,
)
from core.domain.commands import (
    AcceptTailLoss,
    Ack,
    CloseAll,
    ClosePosition,
    DenialCode,
    EnableScript,
    ModifyOrder,
    PlaceOrder,
    Resume,
    SettleOrder,
)
from core.domain.connection import Mode
from core.domain.events import AuthorityUpdated, Severity
from core.errors import LiveGuardError
from core.execution.incidents import incident
from core.execution.keeper import ConnectionKeeper, KeeperOptions
from core.execution.publisher import Publisher
from core.execution.refusals import refuse
from core.execution.state import DeskState
from core.risk.live_guard import LiveConfirmation

ARMED_SECONDS = {Mode.PRACTICE: 600.0, Mode.PAPER: 600.0, Mode.LIVE: 120.0}
"""Without a key for so long, a desk is armed no longer."""
GRANT_SECONDS = 600.0
"""Without an order for so long, a client's grant ends."""

Trading = PlaceOrder | ModifyOrder | ClosePosition
"""What a grant lets a client do that is no desk."""
AtDeskAlone = AcceptTailLoss | SettleOrder | CloseAll | Resume
"""A person's own word, which every profile takes at a desk alone; no grant stands for it."""
Guarded = Trading | AtDeskAlone | EnableScript
"""What a live profile takes only from a desk that has confirmed it; what is not trading is a person's own word."""


class AuthorityKeeper:
    """Judges who asks. Everything that it gives ends with the connection; nothing of it outlives this run of core."""

    def __init__(
        self, state: DeskState, publisher: Publisher, clock: Clock, keeper: ConnectionKeeper, options: KeeperOptions
    ) -> None:
        """All parts are those of the one service; it hears of `keeper` when the connection ends."""
        self._state = state
        self._publisher = publisher
        self._clock = clock
        self._keeper = keeper
        self._options = options
        self._clients: dict[str, None] = {}
        self._confirmed: set[str] = set()
        self._armed: Armed | None = None
        self._armed_ends = 0.0
        self._grants: dict[str, Grant] = {}
        self._grant_ends: dict[str, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        keeper.on_over = self._connection_over
        keeper.on_still = self._stood_still

    def armed(self, client: str | None = None) -> Armed | None:
        """The desk that is armed now, if it is `client` (None: whichever it is); None if it is not.

        What must not happen while anybody is armed asks here, and so does what a sending key wants to do at once.
        """
        armed = self._armed
        if armed is None or client not in {None, armed.client} or self._is_over(armed, self._armed_ends):
            return None
        return armed

    def why_not(self, command: Guarded, client: str) -> Ack | None:
        """Why core does not take this from `client`; None if it does. An order keeps a grant alive."""
        live = self._options.mode is Mode.LIVE
        if not is_desk(client) and isinstance(command, AtDeskAlone):
            text = f"This is a person's own word, not that of {client}. Nothing has changed. Say it at a desk."
            return refuse(DenialCode.LIVE_NOT_CONFIRMED if live else DenialCode.BAD_COMMAND, text)
        if self.confirmed(client):
            return None
        if is_desk(client):
            text = "This desk has not confirmed live trading. Not sent. Type the live phrase at this desk first."
            return refuse(DenialCode.LIVE_NOT_CONFIRMED, text)
        if not isinstance(command, Trading):
            text = f"In a live profile this is a person's own word, not that of {client}. Say it at a desk."
            return refuse(DenialCode.LIVE_NOT_CONFIRMED, text)
        if not self.may_trade(client):
            text = (
                f"Nobody has granted live trading to {client}. Not sent. At a desk that has confirmed it: Ctrl+P, "
                f"grant, then the phrase and {client}."
            )
            return refuse(DenialCode.LIVE_NOT_CONFIRMED, text)
        self._grants[client] = replace(self._grants[client], until=self._until(GRANT_SECONDS))
        self._grant_ends[client] = self._clock.mono() + GRANT_SECONDS
        self._tell()
        return None

    def confirmed(self, client: str) -> bool:
        """True if a person's own word is taken from this client: a desk that has confirmed, if the profile is live."""
        return self._options.mode is not Mode.LIVE or client in self._confirmed

    def may_trade(self, client: str) -> bool:
        """True if core would take an order from `client`, as far as that depends on who it is."""
        if self.confirmed(client):
            return True
        grant = self._grants.get(client)
        return grant is not None and not self._is_over(grant, self._grant_ends[client])

    def take(self, command: AuthorityCommand, client: str) -> Ack:
        """Carry out what is asked about it."""
        match command:
            case ConfirmLive(phrase=phrase):
                return self._confirm(phrase, client)
            case Arm(phrase=phrase):
                return self._arm(phrase, client)
            case GrantLive(client=other, phrase=phrase):
                return self._grant(other, phrase, client)
            case EndGrant(client=other):
                return self._end_at_desk(other, client)
            case Disarm():
                if self._armed is not None and self._armed.client == client:
                    self._armed = None
                    self._tell()
            case AtDesk():
                if self.armed(client) is not None:
                    self._keep_armed(client)
        return Ack(ok=True)

    def came(self, client: str) -> None:
        """A client finished its Hello."""
        self._clients[client] = None
        self._tell()

    def gone(self, client: str) -> None:
        """Its socket closed: with it ends all that was given to it, and every grant that was given at it."""
        self._clients.pop(client, None)
        self._confirmed.discard(client)
        if self._armed is not None and self._armed.client == client:
            self._end_armed("it has gone")
        for grant in tuple(self._grants.values()):
            if client in (grant.client, grant.by):
                self._end_grant(grant.client, f"{client} has gone")
        self._tell()

    def killed(self) -> None:
        """The kill switch was pulled: after it nothing is sent by one key unless somebody arms anew."""
        if self._armed is not None:
            self._end_armed("KILL was pulled")
            self._tell()

    def _confirm(self, phrase: str, client: str) -> Ack:
        if self._options.mode is not Mode.LIVE:
            return refuse(DenialCode.BAD_COMMAND, "There is nothing to confirm: this is not a live profile.")
        if not is_desk(client):
            text = (
                f"The live phrase is typed at a desk, and {client} is none. Have live trading granted to it there: "
                "Ctrl+P, grant."
            )
            return refuse(DenialCode.LIVE_NOT_CONFIRMED, text)
        try:
            self._keeper.confirm_live(phrase)
        except LiveGuardError as error:
            return refuse(DenialCode.LIVE_NOT_CONFIRMED, str(error))
        if client not in self._confirmed:
            self._confirmed.add(client)
            self._say(f"Live trading was confirmed at {client}.", Severity.INFO)
        return Ack(ok=True)

    def _arm(self, phrase: str, client: str) -> Ack:
        if not is_desk(client):
            return refuse(DenialCode.BAD_COMMAND, f"Only a desk can be armed, and {client} is none.")
        if self._options.read_only:
            text = "Not armed: this profile is read-only, no key sends anything. Set readonly = false."
            return refuse(DenialCode.READ_ONLY, text)
        if not self._state.connection.accounts:
            text = "Not armed: no account is verified. Wait until the first row shows the connection, then arm again."
            return refuse(DenialCode.NOT_CONNECTED, text)
        denied = self._unproven(phrase, client)
        if denied is not None:
            return denied
        before = self._armed
        if before is not None and before.client != client:
            self._end_armed(f"{client} is now")
        self._keep_armed(client)
        if before is None or before.client != client:
            seconds = ARMED_SECONDS[self._options.mode]
            self._say(f"{client} is armed until {_in_words(seconds)} pass without a key there.", Severity.INFO)
        return Ack(ok=True)

    def _grant(self, other: str, phrase: str, client: str) -> Ack:
        if self._options.mode is not Mode.LIVE:
            text = "There is nothing to grant: this is not a live profile, and any client may trade."
            return refuse(DenialCode.BAD_COMMAND, text)
        if client not in self._confirmed:
            text = "Not granted: this desk has not confirmed live trading itself. Type the live phrase here first."
            return refuse(DenialCode.LIVE_NOT_CONFIRMED, text)
        if is_desk(other):
            text = f"Not granted: {other} is a desk. Type the live phrase there."
            return refuse(DenialCode.BAD_COMMAND, text)
        if other not in self._clients:
            there = ", ".join(self._state.authority.others) or "none"
            text = f"Not granted: no client {other} is attached. Those that are: {there}. Type one of them, whole."
            return refuse(DenialCode.BAD_COMMAND, text)
        denied = self._unproven(phrase, client)
        if denied is not None:
            return denied
        self._grants[other] = Grant(client=other, by=client, until=self._until(GRANT_SECONDS))
        self._grant_ends[other] = self._clock.mono() + GRANT_SECONDS
        text = (
            f"Live trading was granted to {other} at {client}, until {_in_words(GRANT_SECONDS)} pass without an order "
            "of it, or until one of the two goes."
        )
        self._say(text, Severity.WARNING)
        self._tell()
        return Ack(ok=True)

    def _end_at_desk(self, other: str, client: str) -> Ack:
        if not is_desk(client) and client != other:
            return refuse(DenialCode.BAD_COMMAND, f"The grant of {other} is ended at a desk, and {client} is none.")
        self._end_grant(other, f"it was ended at {client}")
        self._tell()
        return Ack(ok=True)

    def _unproven(self, phrase: str, client: str) -> Ack | None:
        """Why live trading is not confirmed here and now by a person; None for any other profile."""
        if self._options.mode is not Mode.LIVE:
            return None
        if client not in self._confirmed:
            text = "This desk has not confirmed live trading. Type the live phrase at this desk first."
            return refuse(DenialCode.LIVE_NOT_CONFIRMED, text)
        try:
            LiveConfirmation(self._options.account, phrase)
        except LiveGuardError as error:
            return refuse(DenialCode.LIVE_NOT_CONFIRMED, str(error))
        return None

    def _connection_over(self, reason: str) -> None:
        """The next connection may be another login: everything is asked for anew."""
        self._confirmed.clear()
        self._rest(reason)

    def _stood_still(self) -> None:
        self._rest("core stood still")

    def _rest(self, reason: str) -> None:
        if self._armed is None and not self._grants:
            return
        if self._armed is not None:
            self._end_armed(reason)
        for client in tuple(self._grants):
            self._end_grant(client, reason)
        self._tell()

    def _end_armed(self, why: str) -> None:
        armed, self._armed = self._armed, None
        if armed is not None:
            self._say(f"{armed.client} is armed no longer: {why}.", Severity.INFO)

    def _end_grant(self, client: str, why: str) -> None:
        if self._grants.pop(client, None) is not None:
            del self._grant_ends[client]
            self._say(f"Live trading is granted to {client} no longer: {why}.", Severity.WARNING)

    def _keep_armed(self, client: str) -> None:
        seconds = ARMED_SECONDS[self._options.mode]
        self._armed = Armed(client=client, until=self._until(seconds))
        self._armed_ends = self._clock.mono() + seconds
        self._tell()

    def _until(self, seconds: float) -> datetime:
        return self._clock.utc() + timedelta(seconds=seconds)

    def _is_over(self, given: Armed | Grant, ends: float) -> bool:
        """By both clocks: the loop's own stands still while the computer sleeps, and the wall's can be set back."""
        return self._clock.mono() >= ends or self._clock.utc() >= given.until

    def _look(self) -> None:
        self._timer = None
        if self._armed is not None and self._is_over(self._armed, self._armed_ends):
            self._end_armed(f"no key was pressed there for {_in_words(ARMED_SECONDS[self._options.mode])}")
        for grant in tuple(self._grants.values()):
            if self._is_over(grant, self._grant_ends[grant.client]):
                self._end_grant(grant.client, f"it ordered nothing for {_in_words(GRANT_SECONDS)}")
        self._tell()

    def _tell(self) -> None:
        """Say how it stands, and look again when the next of it ends."""
        ends = [*self._grant_ends.values(), *([] if self._armed is None else [self._armed_ends])]
        if self._timer is not None:
            self._timer.cancel()
        wait = max(0.0, min(ends) - self._clock.mono()) if ends else None
        self._timer = None if wait is None else asyncio.get_running_loop().call_later(wait, self._look)
        self._state.authority = self._shown()
        self._publisher.state(AuthorityUpdated(authority=self._state.authority))

    def _shown(self) -> Authority:
        return Authority(
            armed=self.armed(),
            grants=tuple(self._grants.values()),
            others=tuple(client for client in self._clients if not is_desk(client)),
        )

    def _say(self, text: str, severity: Severity) -> None:
        self._publisher.facts([incident(self._state, self._clock, text, severity)])


def _in_words(seconds: float) -> str:
    return f"{seconds / 60:g} min"
