"""Fields for a group of test images; what they say is one text (vae/generation/groups.py), so a link can carry it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui.generate import state
from ui.generate.pins import image_picker
from ui.generate.pins.image_picker import Picking
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import GenerationError
from vae.generation import groups

KINDS = {"class": "Classes", "rows": "Images", "near": "Neighbours", "written": "Text"}
REST = {"rest": "Rest"}
NO_ROWS = "rows:"  # the text of a group whose images are still to be picked
DEFAULT_NEIGHBOURS = 50


def show(title: str, name: str, checkpoint: Checkpoint, default: str, rest: bool) -> str:
    """The fields of one group, side by side; returns its text. `rest` also offers all that are not in the other."""
    text = state.text(name, default)
    kinds = KINDS | (REST if rest else {})
    if len(checkpoint.dataset.class_names) < 2:
        kinds = {kind: words for kind, words in kinds.items() if kind != "class"}
    kind = _kind(text, kinds)
    key = f"group-kind-{name}"
    st.session_state[key] = kind

    def changed() -> None:
        state.put(name, _first(st.session_state[key], checkpoint))

    st.selectbox(
        title,
        list(kinds),
        format_func=lambda k: kinds[k],
        key=key,
        on_change=changed,
        width=140,
        help="Classes, images that you pick, the neighbours of one, or a text that joins these.",
    )
    fields: dict[str, Callable[[str, str, Checkpoint], None]] = {
        "class": _classes,
        "rows": _rows,
        "near": _near,
        "written": _written,
    }
    if kind in fields:
        fields[kind](name, text, checkpoint)
    return text


def _kind(text: str, kinds: dict[str, str]) -> str:
    """Which fields can show this text."""
    parts = text.split(groups.JOIN)
    if text == groups.REST and "rest" in kinds:
        return "rest"
    if "class" in kinds and all(part.startswith("class:") for part in parts):
        return "class"
    if len(parts) == 1 and text.startswith("rows:"):
        return "rows"
    numbers = text.removeprefix("near:").split(":")
    if (
        text.startswith("near:")
        and len(numbers) == 2
        and all(n.isascii() and n.isdigit() and len(n) < 10 for n in numbers)
    ):
        return "near"
    return "written"


def _first(kind: str, checkpoint: Checkpoint) -> str:
    """The text that a kind begins with."""
    name = checkpoint.dataset.class_names[0]
    return {
        "class": f"class:{name}",
        "rows": NO_ROWS,
        "near": default_neighbours(checkpoint),
        "written": f"class:{name}{groups.JOIN}rows:0-9",
        "rest": groups.REST,
    }[kind]


def default_neighbours(checkpoint: Checkpoint) -> str:
    """Images near the first one; of few images half, so that others are left."""
    return f"near:0:{min(DEFAULT_NEIGHBOURS, len(checkpoint.latents.mu) // 2)}"


def _classes(name: str, text: str, checkpoint: Checkpoint) -> None:
    there = [part.removeprefix("class:") for part in text.split(groups.JOIN)]
    key = f"group-classes-{name}"
    st.session_state[key] = [one for one in there if one in checkpoint.dataset.class_names]

    def changed() -> None:
        state.put(name, groups.of_classes(st.session_state[key]) or "class:")

    st.multiselect(
        "Classes",
        list(dict.fromkeys(checkpoint.dataset.class_names)),
        key=key,
        on_change=changed,
        label_visibility="collapsed",
        width=180,
    )


def _rows(name: str, text: str, checkpoint: Checkpoint) -> None:
    key = f"group-rows-{name}"
    st.session_state[key] = text.removeprefix("rows:")

    def changed() -> None:
        state.put(name, "rows:" + st.session_state[key].replace(" ", ""))

    def keep(rows: list[int]) -> None:
        state.put(name, groups.of_rows(rows))

    def picked() -> list[int]:
        try:
            return [int(row) for row in groups.parse(state.text(name), checkpoint).rows]
        except GenerationError:  # nothing yet, or a typed text that is wrong, which is said beside it
            return []

    image_picker.button(checkpoint, Picking(f"group-pick-{name}", f"Images of group {name.upper()}", picked, keep))
    st.text_input(
        "Their rows",
        key=key,
        on_change=changed,
        max_chars=groups.MAX_TEXT,
        placeholder="1,2,40-45",
        width=150,
    )


def _near(name: str, text: str, checkpoint: Checkpoint) -> None:
    total = len(checkpoint.latents.mu)
    row, count = (int(number) for number in text.removeprefix("near:").split(":"))  # what doesn't fit is said below
    keys = [f"group-near-{name}", f"group-count-{name}"]
    st.session_state[keys[0]], st.session_state[keys[1]] = min(row, total - 1), min(max(count, 1), total)

    def changed() -> None:
        state.put(name, f"near:{st.session_state[keys[0]]}:{st.session_state[keys[1]]}")

    st.number_input("Row", 0, total - 1, step=1, key=keys[0], on_change=changed, width=110)
    st.number_input("How many", 1, total, step=10, key=keys[1], on_change=changed, width=110)


def _written(name: str, text: str, checkpoint: Checkpoint) -> None:
    key = f"group-written-{name}"
    st.session_state[key] = text

    def changed() -> None:
        state.put(name, st.session_state[key].strip())

    st.text_input("As text", key=key, on_change=changed, max_chars=groups.MAX_TEXT, help=groups.FORMS, width=220)
