"""What a page is told of a model that Python decodes."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.components.live_decoder.panel_data import pixels_base64
from ui.components.model_store import browser_model
from ui.components.model_store.live_data import LiveData, PictureData, SocketData
from ui.decoding import granted, python_decoder, socket
from vae.checkpoints.checkpoint import Checkpoint

MOST_TOGETHER = 16  # pictures decoded for one request of a page
MOST_PIXELS = 2**22  # of these pictures, in all their channels


def socket_of(checkpoint: Checkpoint) -> SocketData | None:
    """By which this session's page has pictures of a model decoded; None where no server runs."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not runtime.exists():
        return None

    def decode(z: NDArray[np.float32]) -> NDArray[np.uint8]:
        return python_decoder.decode(checkpoint, z)

    model = checkpoint.model
    together = max(1, min(MOST_TOGETHER, MOST_PIXELS // math.prod(model.image_shape)))
    token = granted.grants().token(context.session_id, checkpoint.identity, model.latent_dim, together, decode)
    path = socket.path_below(str(st.get_option("server.baseUrlPath")))
    return {"path": path, "token": token, "together": together}


def pictures_of(checkpoint: Checkpoint, z: list[float]) -> LiveData:
    """For a front end that shows the picture of z, and then of others: nothing where its page decodes by itself."""
    if browser_model.can_decode(checkpoint):
        return {"socket": None, "decoded": None}
    return {"socket": socket_of(checkpoint), "decoded": picture_of(checkpoint, z)}


def picture_of(checkpoint: Checkpoint, z: list[float]) -> PictureData:
    """For a page that asks nobody, or can't: sent when a person has let go."""
    return {"z": z, "pixels": pixels_base64(python_decoder.decode(checkpoint, np.array([z], np.float32))[0])}
