"""What Ctrl+P finds, drawn as literal text: Textual's own provider reads names and keys as markup."""

from __future__ import annotations

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from core.text import clean


class DeskCommands(Provider):
    """The application's own commands, found by their titles."""

    async def discover(self) -> Hits:
        """All of them, by title."""
        for title, keys, run, discover in sorted(self.app.get_system_commands(self.screen), key=lambda one: one.title):
            if discover:
                yield DiscoveryHit(_shown(Content(clean(title)), keys), run, text=clean(title))

    async def search(self, query: str) -> Hits:
        """Those whose titles have the letters of `query` in them, the letters marked."""
        matcher = self.matcher(query)
        for title, keys, run, _ in self.app.get_system_commands(self.screen):
            title = clean(title)
            score, offsets = matcher.fuzzy_search.match(query, title)
            if score > 0:
                found = Content(title)
                for offset in offsets:
                    found = found.stylize(matcher.match_style, offset, offset + 1)
                yield Hit(score, _shown(found, keys), run, text=title)


def _shown(title: Content, keys: str) -> Content:
    return Content("\n").join([title, Content.styled(clean(keys), "$text-muted")])
