"""URLs that a session wrote itself: what comes back in them is no link that somebody followed.

A click made before the browser had the newest URL still carries the one before it, so those count for a moment. Back
looks the same, but comes without a choice: where nothing was chosen since the page ran last the moment is short.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

UNDER_WAY = 3.0  # seconds that a choice may take to get here
AT_ONCE = 0.8  # the same of what tells no choice: a button, or Back, which nobody presses so soon


@dataclass
class OwnUrls:
    """What the URL says now, what it said and when that was replaced, and whether something was chosen since."""

    current: Any = None
    replaced: list[tuple[float, Any]] = field(default_factory=list)
    chosen: bool = False

    def choose(self) -> None:
        """The person has chosen something: called by fields and buttons, before the page runs."""
        self.chosen = True

    def write(self, values: Any) -> None:
        """The URL says this from now on."""
        if values == self.current:
            return
        now = time.monotonic()
        self.replaced = [(when, said) for when, said in self.replaced if now - when < UNDER_WAY]
        self.replaced.append((now, self.current))
        self.current = values

    def follow(self, values: Any) -> None:
        """A link says this; clicks that carry older URLs are none of its concern."""
        self.current, self.replaced = values, []

    def has(self, values: Any) -> bool:
        """Whether the session wrote this, now or a moment ago; asked once in every run of the page."""
        now = time.monotonic()
        moment = UNDER_WAY if self.chosen else AT_ONCE
        self.chosen = False
        recent = [said for when, said in self.replaced if now - when < moment]
        return values == self.current or values in recent
