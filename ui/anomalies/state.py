"""What is chosen on the Anomalies page."""

from __future__ import annotations

from ui.shared.fields import Fields
from ui.shared.page_state import PageState

STATE = PageState(
    "anomalies",
    (
        *("step", "normal", "source", "dataset", "folder", "aliases"),
        *("score", "rule", "share", "contamination", "threshold"),
        *("look", "order", "page", "image", "heat", "projection"),
        *("confirmed", "rejected"),
    ),
    long=("normal", "aliases", "confirmed", "rejected"),
)
FIELDS = Fields(STATE)
ASK, REVIEW = "ask", "review"


def step() -> str:
    """ASK, or REVIEW once the person, or a link, has said what is normal and what to check.

    A link that names any setting was made of a result, or leads to one: it is answered, unless it says otherwise.
    """
    chosen = any(STATE.chosen(name) is not None for name in STATE.names if name != "step")
    found = STATE.option("step", (ASK, REVIEW), REVIEW if chosen else ASK)
    if STATE.chosen("step") is None:
        STATE.fill("step", found)
    STATE.always("step", found)
    return found
