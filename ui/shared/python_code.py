"""The Python code that makes what a page shows: imports, the model, and what the page adds."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from vae.checkpoints.checkpoint import Checkpoint

ROOMS = {  # where the modules are that shown code may use
    "checkpoints": ("checkpoint_files", "every_image", "inference", "loading", "metrics"),
    "data": ("datasets", "image_export"),
    "generation": (
        "anchors",
        "direction_files",
        "directions",
        "groups",
        "holes",
        "interpolation",
        "mixture_files",
        "planes",
        "sampling",
        "traversals",
    ),
    "maps": ("map_files",),
    "sample_quality": ("copies",),
}
DECODE = "images = inference.decode(model, z)  # uint8 (N, C, H, W): E[x|z]"


def show(code: str) -> None:
    """The code, folded away."""
    with st.expander("Python code", icon=":material/code:"):
        st.code(code, language="python", wrap_lines=True)


def program(checkpoint: Checkpoint, lines: Sequence[str], terminal: str = "") -> str:
    """The program of these lines, which know `checkpoint` and `model`, and in a comment the same from a terminal."""
    body = [
        f"checkpoint = checkpoint_files.read({checkpoint.name!r})  # made with {checkpoint.short_identity}",
        "model = loading.load_model(checkpoint)",
        *lines,
    ]
    head = [
        "from pathlib import Path",
        "",
        *(["import numpy as np", ""] if any("np." in line for line in body) else []),
        *_imports("\n".join(body)),
        "",
    ]
    tail = ["", "# the same from a terminal:", *(f"# {line}" for line in terminal.splitlines())] if terminal else []
    return "\n".join([*head, *body, *tail]) + "\n"


def _imports(body: str) -> list[str]:
    """One import a room, of the modules that the code names."""
    used = {room: [name for name in names if re.search(rf"\b{name}\.", body)] for room, names in ROOMS.items()}
    return [f"from vae.{room} import {', '.join(names)}" for room, names in used.items() if names]
