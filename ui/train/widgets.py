"""The kinds of field that the training form is made of. Their values are in the session before they are drawn."""

from __future__ import annotations

import streamlit as st

from ui.train.form_state import key


def whole(label: str, setting: str, low: int, high: int, explanation: str, architecture: str = "") -> int:
    """A whole number."""
    value = st.number_input(
        label, low, high, step=1, key=key(setting, architecture), help=explanation, persist_state="session"
    )
    return int(value)


def real(label: str, setting: str, step: float, explanation: str, high: float = 1e6) -> float:
    """A number from 0."""
    value = st.number_input(
        label, 0.0, high, step=step, format="%g", key=key(setting, ""), help=explanation, persist_state="session"
    )
    return float(value)


def widths(label: str, setting: str, usual: tuple[int, ...], explanation: str, architecture: str) -> str:
    """Widths of layers as text; empty for the usual ones, which it shows."""
    value = st.text_input(
        label,
        key=key(setting, architecture),
        placeholder=", ".join(map(str, usual)),
        help=explanation,
        persist_state="session",
    )
    return str(value)


def choice(
    label: str,
    setting: str,
    options: tuple[str, ...],
    explanation: str,
    titles: dict[str, str] | None = None,
    architecture: str = "",
) -> str:
    """One of a few words."""
    chosen = st.segmented_control(
        label,
        options,
        required=True,
        format_func=lambda option: (titles or {}).get(option, option),
        key=key(setting, architecture),
        persist_state="session",
        width="stretch",
        help=explanation,
    )
    return str(chosen)
