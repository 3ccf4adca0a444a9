"""Models on their way out: the files give, without this project, the pictures that the model gives here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors
import torch

from vae.adoption import from_onnx
from vae.adoption.adopting import Destination
from vae.checkpoints import checkpoint_files, loading
from vae.checkpoints.checkpoint import Checkpoint
from vae.config import ModelConfig
from vae.data import datasets
from vae.errors import CheckpointError
from vae.export import writing
from vae.model.pixels import to_unit
from vae.storage import paths

SHIPPED = paths.PROJECT / "checkpoints"
RUN = """
import sys
sys.path[:] = [p for p in sys.path if "latent" not in p and p != sys.argv[2]]
import torch
from model import load
model = load("model.safetensors")
x = torch.load("images.pt", weights_only=True)
with torch.no_grad():
    mu, logvar = model.encode(x)
    torch.save((mu, logvar, model.decode(mu)), "answer.pt")
assert not [name for name in sys.modules if name.split(".")[0] == "vae"]
"""


@pytest.fixture(params=["digits-mlp-8"])
def checkpoint(request: pytest.FixtureRequest) -> Checkpoint:
    return checkpoint_files.read(request.param, SHIPPED)


def _images() -> torch.Tensor:
    return to_unit(torch.tensor(np.asarray(datasets.load("digits", "test").images)))


def _reconstructed(checkpoint: Checkpoint, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """mu, and E[x|mu]."""
    model = loading.load_model(checkpoint)
    with torch.inference_mode():
        mu = model.encode(x).mu
        return mu, model.decode_mean(mu)


def test_onnx_comes_back_as_the_same_model(checkpoint: Checkpoint, tmp_path: Path) -> None:
    """Trained here, exported, adopted: the same loss, latents and pictures."""
    writing.write(checkpoint, "onnx", tmp_path / "out")
    files = [(name, (tmp_path / "out" / name).read_bytes()) for name in ("decoder.onnx", "encoder.onnx")]
    from_onnx.adopt(Destination("back"), files, "digits")
    back, x = checkpoint_files.read("back"), _images()
    for ours, theirs in zip(_reconstructed(checkpoint, x), _reconstructed(back, x), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    assert back.metrics["test_loss"].value == pytest.approx(checkpoint.metrics["test_loss"].value, rel=1e-4)
    np.testing.assert_allclose(back.latents.mu, checkpoint.latents.mu, atol=1e-3)


def test_the_python_file_needs_pytorch_alone(checkpoint: Checkpoint, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    writing.write(checkpoint, "python", folder)
    x = _images()[:20]
    torch.save(x, folder / "images.pt")
    (folder / "run.py").write_text(RUN)
    command = [sys.executable, "-P", "run.py", str(paths.PROJECT), str(paths.PROJECT)]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(folder)}
    )
    assert done.returncode == 0, done.stderr
    mu, _, pixels = torch.load(folder / "answer.pt", weights_only=True)
    ours = _reconstructed(checkpoint, x)
    torch.testing.assert_close(mu, ours[0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(pixels, ours[1], atol=1e-5, rtol=1e-4)


def test_safetensors_say_what_model_they_are(checkpoint: Checkpoint, tmp_path: Path) -> None:
    writing.write(checkpoint, "safetensors", tmp_path / "out")
    with safetensors.safe_open(tmp_path / "out" / "model.safetensors", "numpy") as file:
        config = ModelConfig.from_dict(json.loads(file.metadata()["model"]))
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 # no mapping
    assert config == checkpoint.model
    x = _images()[:5]
    with torch.inference_mode():
        again = loading.model_from(config, tensors)
        torch.testing.assert_close(again.decode_mean(again.encode(x).mu), _reconstructed(checkpoint, x)[1])


def test_a_folder_that_is_there_is_left(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="already exists"):
        writing.write(checkpoint, "safetensors", tmp_path)
    assert list(tmp_path.glob("*.safetensors")) == []
