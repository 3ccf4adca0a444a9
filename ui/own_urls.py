"""URLs that a session wrote itself: what comes back in them is no link that somebody followed.

A click made before the browser had the newest URL still carries the one before it, so those count for a moment.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

UNDER_WAY = 3.0  # seconds that a click may take; Back to a page left more recently than that is taken for a click


@dataclass
class OwnUrls:
    """What the URL says now, and what it said a moment ago (when it was replaced, by time.monotonic)."""

    current: Any = None
    replaced: list[tuple[float, Any]] = field(default_factory=list)

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
        recent = [said for when, said in self.replaced if now - when < UNDER_WAY]
        return values == self.current or values in recent
