"""How well each image's surroundings are kept on the map, as a colouring: computed when it is first asked for."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import FloatArray
from vae.maps import quality


@st.cache_resource(max_entries=8, show_spinner="Comparing each image's neighbours: a few seconds, once for each map…")
def kept(fingerprint: str, method: str, axes: tuple[int, int | None], _mu: FloatArray, _xy: FloatArray) -> FloatArray:
    """(N,) of each image on the map the share of its nearest in latent space that are its nearest there.

    `fingerprint` is the model's with its maps; _mu (M, d), of which the first N have a place, _xy (N, 2).
    """
    found: NDArray[np.float32] = quality.kept_of_each(_mu[: len(_xy)], _xy)
    return found
