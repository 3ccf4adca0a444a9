"""What is chosen on the Library page."""

from __future__ import annotations

from ui.shared.fields import Fields
from ui.shared.page_state import PageState

DATA, MODELS = "data", "models"
SHELF, SET, MODEL = "shelf", "set", "which"
STATE = PageState("library", (SHELF, SET, MODEL))
FIELDS = Fields(STATE)
