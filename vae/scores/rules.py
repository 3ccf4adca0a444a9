"""How the threshold of a detector is chosen, as a person says it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vae.errors import ScoreError

RULES = {
    "threshold": "was given",
    "false_alarms": "flags {share} of held-out normal images",
    "contamination": "flags {share} of the images that were scored",
}


@dataclass(frozen=True)
class Rule:
    """How a threshold is chosen: kind "threshold" (value is a score), "false_alarms" or "contamination" (a share).

    Raises ScoreError for another kind, NaN, an infinite threshold, or a share outside 0 to 1.
    """

    kind: str
    value: float

    def __post_init__(self) -> None:
        if self.kind not in RULES:
            raise ScoreError(f"Unknown rule {self.kind!r} for a threshold.", f"Known ones: {', '.join(RULES)}.")
        if not math.isfinite(self.value):
            raise ScoreError(f"The {self.kind.replace('_', ' ')} is {self.value:g}, expected a finite number.")
        if self.kind != "threshold" and not 0 <= self.value <= 1:
            words = "false-alarm share" if self.kind == "false_alarms" else "contamination rate"
            raise ScoreError(f"The {words} is {self.value:g}, expected 0 to 1.", "0.05 flags 5 % of the images.")

    @property
    def text(self) -> str:
        """How the threshold was chosen, in words."""
        return RULES[self.kind].format(share=f"{100 * self.value:.4g} %")
