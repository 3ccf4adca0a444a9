"""Scrubbers and where each was left, then some with odd data, for the browser tests."""

from typing import Any

import streamlit as st

from ui.components import model_store, scrubber
from ui.components.model_store import browser_model
from vae.checkpoints import checkpoint_files
from vae.storage import paths

st.set_page_config(layout="wide")
checkpoint = checkpoint_files.read("digits-mlp-8", paths.PROJECT / "checkpoints")
mu = checkpoint.latents.mu
common: dict[str, Any] = {
    "fingerprint": browser_model.fingerprint(checkpoint, {}),
    "image_shape": list(checkpoint.model.image_shape),
    "class_names": list(checkpoint.dataset.class_names),
    "reach": {"dims": [6, 0, 3], "limit": 1.25},
    "revision": 0,
}
kind = st.radio("Kind", ["slerp", "lerp"])
moved = st.checkbox("Python moves")
way: dict[str, Any] = {
    **common,
    "path": {"kind": kind, "anchors": mu[[0, 3, 7, 12]].tolist()},
    "t": 2.25 if moved else 0.5,
    "ends": ["", ""],
    "unit": "anchors from the first",
    "revision": int(moved),
    "names": ["row 0", "row 3", "a very long name of some anchor that nobody would read", "class 3"],
}
stop = scrubber.show(way, "path")  # type: ignore[arg-type]
st.text(f"path at {format(stop['t'], 'g') if stop else 'no stop'}")
line: dict[str, Any] = {
    **common,
    "path": {"kind": "line", "base": mu[0].tolist(), "step": (mu[3] - mu[0]).tolist(), "low": -2.0, "high": 2.0},
    "t": 0.0,
    "ends": ["less like 3", "more like 3"],
    "unit": "of the groups' distance",
}
stop = scrubber.show(line, "line")  # type: ignore[arg-type]
st.text(f"line at {format(stop['t'], 'g') if stop else 'no stop'}")
ODD: dict[str, dict[str, Any]] = {
    "no anchors": {"path": {"kind": "lerp", "anchors": []}},
    "another dimension": {"path": {"kind": "slerp", "anchors": [[0.0], [1.0]]}},
    "another kind": {"path": {"kind": "spiral"}},
    "no path": {"path": None},
    "not a number": {"path": {**line["path"], "base": [None] * 8}},
    "an empty range": {"path": {**line["path"], "low": 2.0}},
    "another shape": {"image_shape": [1, 9, 9]},
    "no words": {
        "t": None,
        "ends": None,
        "unit": None,
        "reach": {"dims": [8], "limit": 1},
        "class_names": None,
        "names": None,
    },
    "another model": {"fingerprint": "never"},
}
for name, odd in ODD.items():
    with st.container(key="odd-" + name.replace(" ", "-")):
        scrubber.show(way | odd, f"odd {name}")  # type: ignore[arg-type]
model_store.store(browser_model.pack(checkpoint, checkpoint_files.read_weights(checkpoint), {}), "store")
