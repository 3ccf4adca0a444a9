"""The reference for live_decode: a plain Streamlit page that decodes the same model with st.slider and st.image."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import streamlit as st
import torch

from vae.checkpoints import checkpoint_files, loading


@st.cache_resource
def model(name: str):  # type: ignore[no-untyped-def]
    """The checkpoint's VAE."""
    return loading.load_model(checkpoint_files.read(name))


decoder = model(os.environ["BENCHMARK_CHECKPOINT"])
first = st.slider("z", -3.0, 3.0, 0.0, step=0.01)
z = torch.zeros(1, decoder.config.latent_dim)
z[0, int(os.environ["BENCHMARK_DIMENSION"])] = first
with torch.inference_mode():
    pixels = decoder.decode_mean(z)[0, 0].numpy()
st.image(np.round(pixels * 255).astype(np.uint8).repeat(8, 0).repeat(8, 1), output_format="PNG")
