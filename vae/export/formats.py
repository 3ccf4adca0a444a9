"""Which formats there are, and which a model can't have. No torch, no onnx."""

from __future__ import annotations

from vae.config import ModelConfig
from vae.model.layers import foreign_parts

FORMATS = ("onnx", "safetensors", "python")


def why_no_python(model: ModelConfig) -> str:
    """Why a model can't be a Python file that needs PyTorch alone; "" where it can."""
    kept = foreign_parts(model)
    if not kept:
        return ""
    parts = " and ".join(sorted((name.removesuffix(".onnx") for name in kept), reverse=True))
    return f"its {parts} came in ONNX with operations that the app has no PyTorch code for."
