"""What the person has said of the decisions: confirmed, it is an anomaly, or rejected, it is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import streamlit as st

from ui.anomalies.state import STATE
from vae.anomalies.csv_report import CONFIRMED, REJECTED

WORDS = (CONFIRMED, REJECTED)
OTHERS = "anomalies_marks"  # in the session, by source: the marks of images that were checked before


def of(images: int) -> dict[int, str]:
    """The marks of these images, by their place."""
    found: dict[int, str] = {}
    for word in WORDS:
        text = STATE.text(word)
        if text and not re.fullmatch(r"[0-9]{1,9}(,[0-9]{1,9})*", text):
            STATE.refuse(word, text, "numbers of images", "none")
            text = ""
        found |= {int(place): word for place in text.split(",") if place and int(place) < images}
    return found


def put(marks: Mapping[int, str]) -> None:
    """Keep just these; no step of Back, which would take them away one by one."""
    for word in WORDS:
        places = sorted(place for place, mark in marks.items() if mark == word)
        STATE.fill(word, ",".join(map(str, places)))


def replace(images: int, shown: Iterable[int], marks: Mapping[int, str]) -> None:
    """Of the images that are shown keep just these marks, and those of all others."""
    seen = set(shown)
    put({place: mark for place, mark in of(images).items() if place not in seen} | dict(marks))


def change_source(before: str, now: str) -> None:
    """Put the marks of one source aside, and take out those of another."""
    aside: dict[str, list[str]] = st.session_state.setdefault(OTHERS, {})
    aside[before] = [STATE.chosen(word) or "" for word in WORDS]
    for word, text in zip(WORDS, aside.pop(now, ["", ""]), strict=True):
        STATE.fill(word, text)
