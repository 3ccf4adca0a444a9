"""The reference for generation: a plain Streamlit page that shows 400 samples, as one picture or as 400 (?each)."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import streamlit as st
import torch

from vae.checkpoints import checkpoint_files, loading

ACROSS, GAP = 20, 2


@st.cache_resource
def model(name: str):  # type: ignore[no-untyped-def]
    """The checkpoint's VAE."""
    return loading.load_model(checkpoint_files.read(name))


st.set_page_config(layout="wide")
decoder = model(os.environ["BENCHMARK_CHECKPOINT"])
st.button("New samples")
with torch.inference_mode():
    pixels = decoder.decode_mean(torch.randn(ACROSS**2, decoder.config.latent_dim))[:, 0].numpy()
images = np.round(pixels * 255).astype(np.uint8)
if "each" in st.query_params:
    for row in images.reshape(ACROSS, ACROSS, *images.shape[1:]):
        for column, image in zip(st.columns(ACROSS), row, strict=True):
            column.image(image, output_format="PNG")
else:
    framed = np.pad(images, ((0, 0), (0, GAP), (0, GAP)))
    height, width = framed.shape[1:]
    rows = framed.reshape(ACROSS, ACROSS, height, width).swapaxes(1, 2)
    st.image(rows.reshape(ACROSS * height, ACROSS * width), output_format="PNG")
