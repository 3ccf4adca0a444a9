"""What is chosen on the Anomalies page."""

from __future__ import annotations

from ui.page_fields import Fields
from ui.page_state import PageState

STATE = PageState(
    "anomalies",
    (
        *("normal", "source", "dataset", "folder"),
        *("score", "rule", "share", "contamination", "threshold"),
        *("look", "order", "image", "heat"),
    ),
)
FIELDS = Fields(STATE)
