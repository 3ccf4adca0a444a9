"""What is chosen on the Generate page: its settings, and the pinned images."""

from __future__ import annotations

import re

import streamlit as st

from ui.shared.detail import pinned
from ui.shared.fields import Fields
from ui.shared.page_state import PageState

NAMES = (
    *("view", "seed", "number", "temperature", "source", "components", "class", "order", "sample"),  # samples
    *("axes", "first", "second", "scale", "tiles", "points", "window", "place", "through"),  # manifold
    *("span", "steps"),  # traversals
    *("between", "kind", "pictures", "at"),  # interpolation
    *("a", "b", "direction", "method", "strength", "plus", "minus", "to"),  # directions
)
TERMS = ("plus", "minus", "to")  # of the arithmetic, a part of its own below the directions
BETWEEN = "between"
SHOWN_PINS = "generate_shown_pins"  # those of the model that is shown: what the URL says

STATE = PageState("generate", NAMES, lists=("pin",))
FIELDS = Fields(STATE)
text, option, whole, real = STATE.text, STATE.option, STATE.whole, STATE.real
refuse, put, revision = STATE.refuse, STATE.put, STATE.revision
problem, problems = STATE.problem, STATE.problems


def begin_view() -> None:
    """Start a view, which may run alone."""
    STATE.begin_part(keep=("view", "through", *TERMS))


def begin() -> str | None:
    """Start a run of the page: follow a new link. Returns the checkpoint that it names, None when it names none."""
    state = st.session_state
    state[SHOWN_PINS] = []
    found = STATE.begin()
    if found is None:
        return None
    pinned.follow(_linked_pins(found.get("pin", [])))
    return found["model"][-1] if "model" in found else None


def _linked_pins(linked: list[str]) -> list[str]:
    tokens = [token for token in dict.fromkeys(linked) if STATE.short_enough("pin", token)]
    if len(tokens) > pinned.MOST:
        problem(
            "pins", f"The link pins {len(tokens)} images, expected at most {pinned.MOST}; the first ones are shown."
        )
    return tokens[: pinned.MOST]


def forget_pin(place: int) -> None:
    """The pins after the removed one move up: a way keeps leading through the same images."""
    written = STATE.chosen(BETWEEN)
    if written is not None:
        places = [int(part) for part in written.split(",") if re.fullmatch("[0-9]{1,3}", part)]
        put(BETWEEN, ",".join(str(i - (i > place)) for i in places if i != place))


def show_pins(tokens: list[str]) -> None:
    """Keep which pins this model can show, for the URL: a link to it would give it those of other models too."""
    st.session_state[SHOWN_PINS] = list(tokens)


def write_url(model: str, part: str = "") -> None:
    """Make the URL say what is shown; `part` names a part inside a view, which also runs alone."""
    STATE.write_url(model, {"pin": st.session_state[SHOWN_PINS]}, part)
