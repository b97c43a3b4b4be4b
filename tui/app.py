"""The application: wires theme, keymap, bridge and screens together. No trading logic."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.theme import Theme

from core.domain.commands import Reconnect
from core.domain.connection import Mode
from core.domain.events import Severity
from core.errors import LinkError
from core.text import clean
from tui import commands, messages
from tui.bridge import Connect
from tui.host import DeskHost, utc_now
from tui.keymap import bindings
from tui.panes.mode_words import account_word, mode_word
from tui.pulse import PERIOD, Pulse
from tui.screens.desk import DeskScreen
from tui.themes import DEFAULT_THEME, NAME, domain_defaults, load_themes, parse_theme


def _shipped(name: str) -> Theme | None:
    """A theme that comes with the desk, read alone: the others can wait until the first frame is drawn."""
    file = resources.files("themes") / f"{name}.toml"
    if not NAME.fullmatch(name) or not file.is_file():
        return None
    return parse_theme(file.read_text(encoding="utf-8"), file.name)


class DeskApp(DeskHost, inherit_bindings=False):
    """The terminal of ibdesk."""

    CSS_PATH = "styles/desk.tcss"
    TITLE = "ibdesk"
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
    ) -> None:
        """Create the desk; see `DeskHost` for what is not said here.

        Args:
            connect: Reaches core.
            mode: What the first row says before core has answered.
            theme: Name of the theme; an unknown one is reported and the default taken.
            theme_folder: The user's own themes; None for none.
            keymap: Keys by command id.
            utc: The wall time.
        """
        super().__init__(connect, mode=mode, keymap=keymap, utc=utc)
        self._pulse = Pulse(self.desk, self.post_message, utc)
        self._theme_folder = theme_folder
        self._wanted_theme = theme
        first = _shipped(theme) or _shipped(DEFAULT_THEME)
        if first is not None:
            self.register_theme(first)
            self.theme = first.name

    def get_default_screen(self) -> DeskScreen:
        """The desk itself."""
        return DeskScreen()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of the desk's own for themes that don't set them."""
        return domain_defaults(dark=self.current_theme.dark)

    def on_mount(self) -> None:
        """Reach for core as soon as the first frame is drawn."""
        self.set_keymap(self.user_keymap)
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        self.run_worker(self.desk.run(), name="link", group="link")
        self.set_interval(PERIOD, self._pulse.beat)
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
                self._name_window()
        super().publish(message)

    def _name_window(self) -> None:
        """The mode and the masked account in the terminal's title."""
        self.title = f"ibdesk {mode_word(self.mode)} {account_word(self.replica.connection)}"
        if self._driver is not None and not self.is_headless:
            self._driver.write(f"\x1b]2;{clean(self.title)}\x07")

    async def action_reconnect(self) -> None:
        """Ask core to reach for the broker now."""
        try:
            await self.desk.send(Reconnect())
        except LinkError as error:
            self.say(str(error), Severity.WARNING)

    def action_next_theme(self) -> None:
        """Take the next theme by name."""
        names = sorted(self.available_themes)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    async def action_leave(self) -> None:
        """Close the desk."""
        await self.desk.leave(stop=False)
        self.exit()
