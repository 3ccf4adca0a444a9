"""The invisible components that bring a checkpoint into the page, where all that decode there find it (store.js), and
its encoder, once somebody has an image to encode (encoders.js), and how near to its data its data is (reaches.js)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import streamlit as st

from ui.components import assets

if TYPE_CHECKING:
    from ui.components.reach import ReachData

_STORE = st.components.v2.component("latent_store", js=assets.script("model_store/store_entry.js"))
_ENCODER = st.components.v2.component("latent_encoder", js=assets.script("model_store/encoder_entry.js"))
_REACH = st.components.v2.component("latent_reach", js=assets.script("model_store/reach_entry.js"))


class ModelAddress(TypedDict):
    """A path of this server, and the fingerprint of the model that is read there."""

    address: str
    fingerprint: str


def store(model: bytes, key: str) -> None:
    """Bring a checkpoint (browser_model.py) into the page. Sent once; Streamlit skips what has not changed."""
    _STORE(data=model, key=key, height=1)


def store_from(address: ModelAddress, key: str) -> None:
    """Tell the page from where of this server it gets a checkpoint that is too large for a message."""
    _STORE(data=dict(address), key=key, height=1)


def store_encoder(encoder: bytes, key: str) -> None:
    """Bring a checkpoint's encoder (browser_model.py) into the page."""
    _ENCODER(data=encoder, key=key, height=1)


def store_reach(identity: str, reach: ReachData, key: str) -> None:
    """Say in the page what is far from the data of the checkpoint of this identity."""
    _REACH(data={"identity": identity, **reach}, key=key, height=1)
