"""The application: wires theme, keymap, bridge and screens together. No trading logic."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import SystemCommand
from textual.binding import BindingType
from textual.events import Event, Key, MouseDown
from textual.screen import Screen
from textual.theme import Theme

from core.domain.commands import AcceptTailLoss, Command, Kill, Reconnect
from core.domain.connection import LinkState, Mode
from core.domain.events import Severity, TradingState
from core.errors import LinkError
from core.text import clean
from tui import commands, messages
from tui.arming import Arming
from tui.bridge import Connect
from tui.crash import crash_report
from tui.host import DeskHost, utc_now
from tui.keymap import bindings, keys_of
from tui.panes.mode_words import account_word, mode_word
from tui.pulse import PERIOD, Pulse
from tui.screens.first_frame import FirstFrame
from tui.themes import DEFAULT_THEME, NAME, load_themes, parse_theme
from tui.way_log import CLICK

if TYPE_CHECKING:
    from textual.command import Provider

    from tui.screens.quit import QuitChoice

LEAVE_SECONDS = 2.0
"""How long core may take to hear that the desk closes; it sees the closed link in any case."""

FIRST, DESK = "first", "desk"
"""Modes: what needs nothing but Textual, and the desk itself."""


def _desk() -> Screen[None]:
    # Imported once the first frame is drawn, while core starts.
    from tui.screens.desk import DeskScreen

    return DeskScreen()


def _shipped(name: str) -> Theme | None:
    """A theme that comes with the desk, read alone: the others can wait until the first frame is drawn."""
    file = resources.files("themes") / f"{name}.toml"
    if not NAME.fullmatch(name) or not file.is_file():
        return None
    return parse_theme(file.read_text(encoding="utf-8"), file.name)


def _palette() -> type[Provider]:
    # Imported when it is opened for the first time.
    from tui.palette import DeskCommands

    return DeskCommands


class DeskApp(DeskHost, inherit_bindings=False):
    """The terminal of ibdesk."""

    TITLE = "ibdesk"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[None]]]] = {FIRST: FirstFrame, DESK: _desk}
    DEFAULT_MODE = FIRST
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(c for c in commands.DESK if c.everywhere)]

    def __init__(
        self,
        connect: Connect,
        *,
        mode: Mode | None = None,
        theme: str = DEFAULT_THEME,
        theme_folder: Path | None = None,
        keymap: Mapping[str, str] | None = None,
        utc: Callable[[], datetime] = utc_now,
        on_profile: Callable[[str], None] | None = None,
    ) -> None:
        """Create the desk; see `DeskHost` for what is not said here.

        Args:
            connect: Reaches core.
            mode: What the first row says before core has answered.
            theme: Name of the theme; an unknown one is reported and the default taken.
            theme_folder: The user's own themes; None for none.
            keymap: Keys by command id.
            utc: The wall time.
            on_profile: Told the profile's name once core has said it; None tells nobody.
        """
        super().__init__(connect, mode=mode, keymap=keymap, utc=utc)
        self._pulse = Pulse(self.desk.flush, self.post_message, utc)
        self.desk.changed = self._pulse.hurry
        self.arming = Arming(self)
        """Armed mode at this desk."""
        self._phrase_asked = False
        self._on_profile = on_profile
        self._theme_folder = theme_folder
        self._wanted_theme = theme
        first = _shipped(theme) or _shipped(DEFAULT_THEME)
        if first is not None:
            self.register_theme(first)
            self.theme = first.name

    def on_mount(self) -> None:
        """Reach for core as soon as the first frame is drawn."""
        self.set_keymap(self.user_keymap)
        # The first frame's own queue calls back: what takes its place must not wait inside it.
        self.call_after_refresh(self.call_later, self._start)

    async def _start(self) -> None:
        self.run_worker(self.desk.run(), name="link", group="link")
        await self.switch_mode(DESK)
        self.set_interval(PERIOD, self._pulse.beat)
        await self.remove_mode(FIRST)
        self._load_themes()
        # What stands now stays until the end; the front door had turned the collector off.
        gc.freeze()
        gc.enable()

    def _load_themes(self) -> None:
        """Take all themes, the user's own among them, and the one that was asked for."""
        shown = self.current_theme
        themes = load_themes(self._theme_folder)
        for theme in themes.loaded:
            self.register_theme(theme)
        for error in themes.failed:
            self.say(str(error), Severity.WARNING)
        wanted = self._wanted_theme
        if wanted not in self.available_themes:
            self.say(f"There is no theme {wanted}. The desk uses {self.theme}; Ctrl+P lists all.", Severity.WARNING)
        elif wanted != self.theme:
            self.theme = wanted
        elif self.current_theme != shown:
            self.refresh_css(animate=False)

    def publish(self, message: messages.DeskMessage) -> None:
        """Give a message to all who listen to its kind; show what it asks of the whole screen first."""
        match message:
            case messages.SnapshotLoaded() | messages.ConnectionUpdated():
                self._tell_profile()
                self._name_window()
                self._ask_for_phrase()
            case messages.StartFailed(title=title, text=text, other_build=other_build):
                self._show_start_error(title, text, other_build=other_build)
        super().publish(message)

    def _tell_profile(self) -> None:
        """Say once, to whoever made the desk, whose it is."""
        told, connection = self._on_profile, self.replica.connection
        if told is not None and connection is not None:
            self._on_profile = None
            told(connection.profile)

    def _show_start_error(self, title: str, text: str, *, other_build: bool) -> None:
        from tui.screens.start_error import StartErrorScreen

        if any(isinstance(screen, StartErrorScreen) for screen in self.screen_stack):
            return
        self.call_later(self.push_screen, StartErrorScreen(title, text, other_build=other_build))

    def _ask_for_phrase(self) -> None:
        """Ask once each time that core begins to wait for the phrase."""
        connection = self.replica.connection
        waits = connection is not None and connection.state is LinkState.AWAITING_CONFIRMATION
        if waits and not self._phrase_asked:
            self.action_confirm_live()
        self._phrase_asked = waits

    def action_confirm_live(self) -> None:
        """Ask for the phrase without which no live order leaves this desk."""
        from tui.screens.confirm_live import QUESTION, ConfirmLiveScreen

        connection = self.replica.connection
        if connection is None or connection.mode is not Mode.LIVE:
            self.say("There is nothing to confirm: this is not a live profile.")
            return
        if not isinstance(self.screen, ConfirmLiveScreen):
            question = QUESTION.format(account=account_word(connection))
            self.call_later(self.push_screen, ConfirmLiveScreen(connection.problem or question))

    def action_enable_script(self) -> None:
        """Ask which script may trade again."""
        from tui.screens.enable_script import EnableScriptScreen

        if not isinstance(self.screen, EnableScriptScreen):
            self.call_later(self.push_screen, EnableScriptScreen())

    def action_resume(self) -> None:
        """Ask for the word that lets all orders through again."""
        from tui.screens.resume import ResumeScreen

        if self.replica.killed is not None:
            self._show_kill()
        elif self.replica.trading_state is not TradingState.REDUCING:
            self.say(f"Trading is {self.replica.trading_state.lower()}: there is nothing to resume.")
        elif not isinstance(self.screen, ResumeScreen):
            self.call_later(self.push_screen, ResumeScreen(self.replica.trading_reason))

    def action_kill(self) -> None:
        """Have core block every order and cancel, before anything is drawn; then show how far it is."""
        self.run_worker(self._kill(), name="kill", group="kill")
        self._show_kill()

    async def _kill(self) -> None:
        try:
            await self.desk.send(Kill())
        except LinkError as error:
            text = f"KILL did not reach core: {error} Run `ibdesk kill` in another terminal, or cancel in TWS."
            self.say(text, Severity.ALARM)

    def _show_kill(self) -> None:
        from tui.screens.kill import KillScreen

        if not any(isinstance(screen, KillScreen) for screen in self.screen_stack):
            self.call_later(self.push_screen, KillScreen())

    def action_arm(self) -> None:
        """Let the sending keys of this desk act at once."""
        self.arming.begin()

    def action_grant(self) -> None:
        """Show which scripts may trade live, and let a person say so of one."""
        from tui.screens.arm import GrantScreen

        if self.mode is not Mode.LIVE:
            self.say("Nothing to grant: any script may trade in this profile.")
        elif not isinstance(self.screen, GrantScreen):
            self.call_later(self.push_screen, GrantScreen())

    def action_limits(self) -> None:
        """Show every limit, and let a person change one."""
        from tui.screens.limits import LimitsScreen

        if not any(isinstance(screen, LimitsScreen) for screen in self.screen_stack):
            self.call_later(self.push_screen, LimitsScreen())

    def action_health(self) -> None:
        """Show how fast and how well core works."""
        from tui.screens.health import HealthScreen

        if not any(isinstance(screen, HealthScreen) for screen in self.screen_stack):
            self.call_later(self.push_screen, HealthScreen())

    def action_costs(self) -> None:
        """Show what the day's fills cost against the market."""
        from tui.screens.costs import CostsScreen

        if not any(isinstance(screen, CostsScreen) for screen in self.screen_stack):
            self.call_later(self.push_screen, CostsScreen())

    def on_let_go(self, _message: messages.LetGo) -> None:
        """Nothing may be sent by one key any more."""
        self.arming.end()

    async def on_event(self, event: Event) -> None:
        """Textual's way in for every event: a key or a click says that somebody is there."""
        if isinstance(event, Key | MouseDown):
            self.arming.pressed()
            self.desk.way.pressed(event.key if isinstance(event, Key) else CLICK)
        await super().on_event(event)

    async def action_keys(self) -> None:
        """Show every key."""
        from tui.screens.keys import KeysScreen

        await self.push_screen(KeysScreen(self.user_keymap))

    def get_system_commands(self, screen: Screen[None]) -> Iterable[SystemCommand]:
        """What Ctrl+P offers: the declared commands, and the themes by name."""
        for command in commands.DESK:
            if command.palette:
                keys = " ".join(keys_of(command, self.user_keymap))
                run = partial(self.run_action, command.action, default_namespace=screen)
                yield SystemCommand(command.help, f"{command.id}  {keys}".rstrip(), run)
        yield SystemCommand("Choose a theme by name", "desk.themes", self.action_change_theme)

    def _name_window(self) -> None:
        """The mode and the masked account in the terminal's title."""
        self.title = f"ibdesk {mode_word(self.mode)} {account_word(self.replica.connection)}"
        if self._driver is not None and not self.is_headless:
            self._driver.write(f"\x1b]2;{clean(self.title)}\x07")

    async def action_reconnect(self) -> None:
        """Ask core to reach for the broker now."""
        await self._ask(Reconnect())

    async def action_accept_tail_loss(self) -> None:
        """Go on trading without what the journal has lost."""
        await self._ask(AcceptTailLoss())

    async def _ask(self, command: Command) -> None:
        try:
            ack = await self.desk.send(command)
        except LinkError as error:
            self.say(str(error), Severity.WARNING)
        else:
            if ack.denied is not None:
                self.say(ack.denied.message, Severity.WARNING)

    def action_next_theme(self) -> None:
        """Take the next theme by name."""
        names = sorted(self.available_themes)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    def _handle_exception(self, error: Exception) -> None:
        """Leave with a report of our own: Textual's prints the values of variables, account numbers among them."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        from rich.text import Text

        self.panic(Text(crash_report(error)))

    def action_leave(self) -> None:
        """Close the desk; with orders working a person says first what becomes of core."""
        from tui.screens.quit import QuitScreen

        working = self.replica.live_orders()
        if isinstance(self.screen, QuitScreen):
            return
        if any(not order.external for order in working):
            question = QuitScreen(working, desks=self.replica.health.desks, attached=self.desk.is_attached)
            self.call_later(self.push_screen, question, self._leave_as)
        else:
            self.run_worker(self._leave(stop=False), name="leave")

    def _leave_as(self, choice: QuitChoice | None) -> None:
        from tui.screens.quit import QuitChoice

        if choice is not None:
            self.run_worker(self._leave(stop=choice is QuitChoice.STOP), name="leave")

    async def _leave(self, *, stop: bool) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_SECONDS):
                await self.desk.leave(stop=stop)
        self.exit()
