"""The film of a training run, a Streamlit component whose front end is the .js, .css and .html files beside this one.

Streamlit sends a component's data whole whenever any of it changes. So the frames come in reels (reels.py), each its
own invisible mount of `film_reel`, of which a new epoch changes only the last; `film_view` is small and shows them.
Scrubbing and playing ask nothing of the server.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import streamlit as st

from ui.components import assets
from ui.components.film import reels
from ui.components.film.reels import Reel
from ui.palette import CLASS_COLOURS
from vae.storage import probe
from vae.training.run_folder import film_files
from vae.training.run_folder.film_files import Fixed

# Invisible mounts take no place; the rule is in the page once, beside them.
HIDE_REELS = "<style>.st-key-film_reels { position: absolute; height: 0; overflow: hidden; }</style>"

_REEL = st.components.v2.component("film_reel", js=assets.script("film/reel_entry.js"))
_VIEW = st.components.v2.component(
    "film_view",
    html=assets.text("film/film.html"),
    css=assets.text("shared/base.css", "shared/range.css", "shared/help.css", "film/film.css"),
    js=assets.script("film/film.js"),
)


def show(run_folder: Path, epochs: int, live: bool) -> bool:
    """The film of a run so far; `epochs` is how many were asked for. False where there is no frame to show."""
    stays = _fixed(str(run_folder), _stamp(run_folder))
    found = reels.of_run(run_folder, stays) if stays else []
    if stays is None or not found:
        return False
    film = run_folder.name
    names = [_name(run_folder, "fixed", _stamp(run_folder)), *(_name(run_folder, "reel", reel) for reel in found)]
    contents = [_fixed_bytes(film, names[0], stays)]
    contents += [
        _frame_bytes(film, name, str(run_folder), reel, stays) for name, reel in zip(names[1:], found, strict=True)
    ]
    st.html(HIDE_REELS)
    with st.container(key="film_reels", gap=None):
        for number, content in enumerate(contents):
            _REEL(data=content, key=f"film-reel-{film}-{number}", height=1)
    data = {"film": film, "reels": names, "epochs": epochs, "live": live, "colours": list(CLASS_COLOURS)}
    _VIEW(data=data, key=f"film-view-{film}")
    return True


def _name(run_folder: Path, kind: str, about: Reel | int) -> str:
    """Names exactly what a reel holds."""
    return hashlib.sha256(f"{run_folder}:{kind}:{about}".encode()).hexdigest()[:16]


def _stamp(run_folder: Path) -> int:
    return probe.changed(run_folder / film_files.FOLDER / film_files.FIXED)


@st.cache_resource(max_entries=8, show_spinner=False)
def _fixed(run_folder: str, stamp: int) -> Fixed | None:
    return reels.fixed(Path(run_folder))


@st.cache_resource(max_entries=8, show_spinner=False)
def _fixed_bytes(film: str, name: str, _stays: Fixed) -> bytes:
    return reels.fixed_bytes(_stays, film, name)


@st.cache_resource(max_entries=64, show_spinner=False)
def _frame_bytes(film: str, name: str, run_folder: str, _reel: Reel, _stays: Fixed) -> bytes:
    return reels.frame_bytes(Path(run_folder), _reel, _stays, film, name)
