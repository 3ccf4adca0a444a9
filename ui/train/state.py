"""Which run the Train page shows."""

from __future__ import annotations

from ui.shared.page_state import PageState

JOB = "job"
STATE = PageState("train", (JOB,))
