"""A trained model as files for use elsewhere, made when they are asked for."""

from __future__ import annotations

import io
import zipfile
from functools import partial

import streamlit as st

from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Summary
from vae.export.formats import why_no_python

FORMATS = {
    "onnx": ("ONNX", "Encoder and decoder; onnxruntime’s answers are compared with the app’s first."),
    "safetensors": ("safetensors", "The weights, with the network in the file’s metadata."),
    "python": ("Python", "The weights, and a file that loads them with PyTorch alone."),
}


def popover(model: Summary, place: str) -> None:
    """One download for each format, with a model card."""
    refused = {"python": why_no_python(model.model) if model.model else ""}
    with st.popover("Export", icon=":material/download:"):
        for form, (title, about) in FORMATS.items():
            why = refused.get(form, "")
            st.download_button(
                title,
                partial(archive, model.name, form),
                f"{model.name}-{form}.zip",
                "application/zip",
                key=f"model_export-{form}-{place}",
                help=f"Not for this model: {why} Take ONNX." if why else about,
                disabled=bool(why),
                on_click="ignore",
                width="stretch",
            )


def archive(name: str, form: str) -> bytes:
    """A ZIP of the files. Raises CheckpointError."""
    from vae.export import writing  # needs torch

    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for path, raw in writing.contents(checkpoint_files.read(name), form).items():
            file.writestr(f"{name}-{form}/{path}", raw)
    return written.getvalue()
