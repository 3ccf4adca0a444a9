"""URLs that a session wrote itself: what comes back in them is no link that somebody followed.

A click made before the browser had the newest URL still carries the one before it, so those count for a moment. Back
looks the same, but comes without a choice: where no field was changed the moment is short.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

UNDER_WAY = 3.0  # seconds that a choice may take to get here
AT_ONCE = 0.8  # the same of what tells no choice: a button, or Back, which nobody presses so soon
SAME_RUN = 0.3  # a field's callback runs this short before the page


@dataclass
class OwnUrls:
    """What the URL says now, what it said a moment ago, and when: of its replacement and of the last choice."""

    current: Any = None
    replaced: list[tuple[float, Any]] = field(default_factory=list)
    chosen: float = float("-inf")

    def choose(self) -> None:
        """The person has chosen something: called by fields, before the page runs."""
        self.chosen = time.monotonic()

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
        """Whether the session wrote this, now or a moment ago."""
        now = time.monotonic()
        moment = UNDER_WAY if now - self.chosen < SAME_RUN else AT_ONCE
        recent = [said for when, said in self.replaced if now - when < moment]
        return values == self.current or values in recent
