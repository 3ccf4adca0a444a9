"""A checkpoint as files for use elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import safetensors.numpy

from vae.checkpoints import checkpoint_files, dimension_name_files
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.config import GAUSSIANS, LINEAR_GAUSSIAN
from vae.errors import CheckpointError
from vae.export import kept_network, model_card, python_file
from vae.export.formats import FORMATS, why_no_python
from vae.export.onnx_writing import to_onnx
from vae.graph.graph import Graph
from vae.model.layers import decoder_graph, encoder_graph
from vae.storage.files import new_folder
from vae.storage.reporting import write_errors_as

AGREES = 1e-4  # of the largest answer: so near onnxruntime must be to PyTorch


def contents(checkpoint: Checkpoint, form: str) -> dict[str, bytes]:
    """The files of one format by their names, a model card among them. Raises CheckpointError."""
    if form == "python" and (why := why_no_python(checkpoint.model)):
        raise CheckpointError(f"{checkpoint.name}: {why}", "Export it as ONNX: --format onnx.")
    weights = checkpoint_files.read_weights(checkpoint)
    card = {"README.md": model_card.text(checkpoint, form, dimension_name_files.read(checkpoint)).encode()}
    match form:
        case "onnx":
            return {**_onnx(checkpoint, weights), **card}
        case "safetensors":
            about = {"model": json.dumps(checkpoint.model.to_dict())}
            return {"model.safetensors": safetensors.numpy.save(weights, about), **card}
        case "python":
            return {
                "model.safetensors": safetensors.numpy.save(weights),
                "model.py": python_file.text(checkpoint).encode(),
                **card,
            }
    raise CheckpointError(f"The format is {form!r:.40}, expected one of {', '.join(FORMATS)}.")


def write(checkpoint: Checkpoint, form: str, destination: Path) -> list[Path]:
    """Write the files into a new folder, all or none. Raises CheckpointError."""
    files = contents(checkpoint, form)
    with write_errors_as(CheckpointError, destination):
        try:
            with new_folder(destination) as folder:
                for name, raw in files.items():
                    (folder / name).write_bytes(raw)
        except FileExistsError as error:
            raise CheckpointError(f"{destination} already exists.", "Choose another --output.") from error
    return [destination / name for name in files]


def _onnx(checkpoint: Checkpoint, weights: dict[str, FloatArray]) -> dict[str, bytes]:
    """Encoder and decoder, what onnxruntime makes of them compared with what the app makes before anybody gets them."""
    model = checkpoint.model
    answer = "pixels" if model.likelihood == LINEAR_GAUSSIAN else "logits"
    parts = {
        "encoder": (encoder_graph(model), "image", "posterior"),
        "decoder": (decoder_graph(model), "z", answer),
    }
    meanings = {
        "encoder": "image (N, C, H, W) in [0, 1] -> the means, then the log variances, of q(z|x)",
        "decoder": f"z (N, d) -> {answer} of p(x|z), (N, C, H, W)"
        + ("; pixels are their sigmoid" if answer == "logits" else "")
        + ("; Gaussian" if model.likelihood in GAUSSIANS else "; Bernoulli"),
    }
    found = {}
    for part, (graph, given, name) in parts.items():
        tensors = {n[len(part) + 1 :]: a for n, a in weights.items() if n.startswith(f"{part}.")}
        raw = to_onnx(graph, tensors, given, name, f"{checkpoint.name}: {meanings[part]}").SerializeToString()
        _check(checkpoint, part, raw, graph)
        found[f"{part}.onnx"] = raw
    return found


def _check(checkpoint: Checkpoint, part: str, raw: bytes, graph: Graph) -> None:
    """Compare what onnxruntime makes of a file with what the app makes. Raises CheckpointError."""
    import onnxruntime  # type: ignore[import-untyped]
    import torch

    from vae.checkpoints import loading

    x = np.random.default_rng(0).random((kept_network.together(graph) or 3, *graph.input), np.float32)
    with torch.inference_mode():
        network = getattr(loading.load_model(checkpoint), part)
        expected = network(torch.tensor(x)).numpy()
    try:
        session = onnxruntime.InferenceSession(raw, providers=["CPUExecutionProvider"])
        (answer,) = session.run(None, {session.get_inputs()[0].name: x})
    except Exception as error:  # onnxruntime's own have no common base
        said = " ".join(str(error).split())[:200]
        raise CheckpointError(f"onnxruntime can't run the exported {part}: {said}", kept_network.INSTEAD) from error
    apart = float(np.abs(answer - expected).max())
    if not apart <= AGREES * max(1.0, float(np.abs(expected).max())):
        raise CheckpointError(f"onnxruntime's {part} gives answers up to {apart:.2g} apart from the app's.")
