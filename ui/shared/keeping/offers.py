"""Files that a page offers. Each is made when it is asked for, not on every run of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Offer:
    """One file: its ending, its kind for browsers, what it holds, and how its bytes are made.

    `too_large` says why it can't be made, where it can't.
    """

    ending: str
    mime: str
    what: str
    make: Callable[[], bytes]
    too_large: str = ""


def show(stem: str, *offers: Offer) -> None:
    """A button that opens the list of files; `stem` begins their names."""
    with st.popover("Export", icon=":material/file_save:"):
        for offer in offers:
            st.download_button(
                offer.what,
                offer.make,
                f"{stem}.{offer.ending}",
                offer.mime,
                key=f"download-{offer.ending}",
                on_click="ignore",
                disabled=bool(offer.too_large),
                help=offer.too_large or None,
                width="stretch",
            )
