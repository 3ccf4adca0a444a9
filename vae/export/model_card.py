"""What goes with an exported model: what it is, what it was measured on, how to use it."""

from __future__ import annotations

import re

from vae.checkpoints.checkpoint import Checkpoint
from vae.checkpoints.dimension_names import NONE, DimensionNames
from vae.config import LINEAR_GAUSSIAN

USE = {
    "onnx": """```python
import numpy as np, onnxruntime
encoder = onnxruntime.InferenceSession("encoder.onnx")
decoder = onnxruntime.InferenceSession("decoder.onnx")
posterior, = encoder.run(None, {{"image": images}})   # images: float32 (N, {shape}) in [0, 1]
mu, logvar = np.split(posterior, 2, axis=1)           # (N, {d}) each
output, = decoder.run(None, {{"z": mu}})
pixels = {pixels}
```""",
    "safetensors": "`safetensors.torch.load_file` gives the tensors; the graph that they belong to is in the file's "
    "metadata under `model`. A tensor of bytes there is a network that came in ONNX: the ONNX file itself.",
    "python": """```python
from model import load
model = load("model.safetensors")
mu, logvar = model.encode(images)   # images: float32 (N, {shape}) in [0, 1]
pixels = model.decode(mu)
```""",
}


def text(checkpoint: Checkpoint, form: str, names: DimensionNames = NONE) -> str:
    """Markdown; `names` are what people call the latent dimensions."""
    model, data = checkpoint.model, checkpoint.dataset
    shape = ", ".join(map(str, model.image_shape))
    pixels = "output.clip(0, 1)" if model.likelihood == LINEAR_GAUSSIAN else "1 / (1 + np.exp(-output))"
    rows = [f"| {name} | {m.value:.4g} {m.unit} | {m.protocol} |" for name, m in checkpoint.metrics.items()]
    lines = [
        f"# {checkpoint.name}",
        "",
        f"A variational autoencoder, {model.architecture}, {model.latent_dim} latent dimensions, for images ({shape}) "
        f"in [0, 1]. p(x|z): {model.likelihood.replace('_', ' ')}.",
        "",
        f"Images: {data.title}, {len(data.class_names)} classes ({data.preprocessing}); test images have the "
        f"fingerprint {data.test_fingerprint[:16]}.",
        *([f"Origin: {checkpoint.origin}"] if checkpoint.origin else []),
        f"Made by: `{checkpoint.command}`",
        "",
        "## Use",
        "",
        USE[form].format(shape=shape, d=model.latent_dim, pixels=pixels),
        "",
        "## Measured",
        "",
        "| metric | value | how |",
        "|---|---|---|",
        *rows,
        "",
        *_dimensions(names),
    ]
    return "\n".join(lines)


def _dimensions(names: DimensionNames) -> list[str]:
    """A table of the dimensions that somebody has named; nothing where nobody has."""
    if not names.entries:
        return []
    rows = [f"| z{entry.index} | {_cell(entry.name)} | {_cell(entry.note)} |" for entry in names.entries]
    return ["## Latent dimensions, as people named them", "", "| dimension | name | note |", "|---|---|---|", *rows, ""]


def _cell(said: str) -> str:
    """Text in a cell of a table, whatever it holds."""
    return re.sub(r"([\\`*_{}\[\]<>#|~!])", r"\\\1", said)
