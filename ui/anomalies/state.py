"""What is chosen on the Anomalies page."""

from __future__ import annotations

from ui.shared.fields import Fields
from ui.shared.page_state import PageState

STATE = PageState(
    "anomalies",
    (
        *("normal", "source", "dataset", "folder", "aliases"),
        *("score", "rule", "share", "contamination", "threshold"),
        *("look", "order", "image", "heat"),
    ),
    long=("normal", "aliases"),
)
FIELDS = Fields(STATE)
