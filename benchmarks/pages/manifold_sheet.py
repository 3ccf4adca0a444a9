"""The reference for the plane: a plain Streamlit page that decodes 20 × 20 pictures of it when a slider is let go."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import streamlit as st
import torch

from vae.checkpoints import checkpoint_files, loading

ACROSS = 20


@st.cache_resource
def model(name: str):  # type: ignore[no-untyped-def]
    """The checkpoint's VAE."""
    return loading.load_model(checkpoint_files.read(name))


decoder = model(os.environ["BENCHMARK_CHECKPOINT"])
reach = st.slider("reach", 0.1, 4.0, 3.0, step=0.01)
steps = np.linspace(-reach, reach, ACROSS)
z = torch.zeros(ACROSS**2, decoder.config.latent_dim)
z[:, 0] = torch.tensor(np.tile(steps, ACROSS))
z[:, 1] = torch.tensor(np.repeat(-steps, ACROSS))
with torch.inference_mode():
    pixels = decoder.decode_mean(z)[:, 0].numpy()
images = np.round(pixels * 255).astype(np.uint8).reshape(ACROSS, ACROSS, *pixels.shape[1:])
height, width = pixels.shape[1:]
st.image(images.swapaxes(1, 2).reshape(ACROSS * height, ACROSS * width), output_format="PNG")
