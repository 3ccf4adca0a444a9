"""Whether there is memory for what a button would start: told before the button, with the numbers."""

from __future__ import annotations

import streamlit as st

from ui.shared import page
from vae.budget import limits
from vae.budget.needs import Need
from vae.errors import BudgetError


def memory(need: Need, what: str) -> bool:
    """Say about how much memory `what` takes; whether there is that much. The reason is shown where there is not."""
    try:
        limits.check_memory(need, what)
    except BudgetError as error:
        page.show_error(error)
        return False
    st.caption(f"Takes about {limits.size(limits.on_host(need).total)} of memory.")
    return True
