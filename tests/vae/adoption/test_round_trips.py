"""A VAE that was trained elsewhere reconstructs here what it reconstructs there, whichever way it came in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

import vae
from tests.vae.adoption.conftest import Trained, here, shown
from vae.adoption import from_onnx, from_weights
from vae.adoption.adopting import Adopted, Destination
from vae.adoption.torch_export import Followed, graph_of_module
from vae.export.onnx_writing import to_onnx

MODELS = ("linear", "joint", "convolutional")
WAYS = ("python", "state_dict", "safetensors", "lightning", "onnx")


def _lightning(model: Any) -> dict[str, Any]:
    moments = {name: torch.zeros_like(tensor) for name, tensor in model.named_parameters()}
    return {
        "epoch": 3,
        "global_step": 60,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": {f"model.{name}": tensor for name, tensor in model.state_dict().items()},
        "optimizer_states": [{"state": moments, "param_groups": [{"lr": 0.01}]}],
        "lr_schedulers": [],
        "hyper_parameters": {"latent_dim": 4, "lr": 0.01},
    }


def onnx_of(part: Any, given: tuple[int, ...], name: str) -> tuple[str, bytes]:
    """An encoder or decoder as an ONNX file; an encoder's answers joined."""

    def taken(answer: Any) -> Tensor:
        return torch.cat(answer, 1) if isinstance(answer, tuple) else answer

    network = graph_of_module(Followed(part, taken), given, name)
    model = to_onnx(network.graph, network.tensors, "given", "answer", "made by a test")
    return f"{name}.onnx", model.SerializeToString()


def adopted(trained: Trained, way: str, folder: Path) -> Adopted:
    """Taken in as `new`."""
    model, dataset = trained.model, trained.dataset
    match way:
        case "python":
            return vae.adopt("new", encoder=model.encode, decoder=model.decode, dataset=dataset)
        case "onnx":
            shape = tuple(shown(dataset).shape[1:])
            d = model.encode(shown(dataset))
            width = d.shape[1] // 2 if isinstance(d, Tensor) else d[0].shape[1]
            files = [onnx_of(model.decode, (width,), "b"), onnx_of(model.encode, shape, "a")]
            return from_onnx.adopt(Destination("new"), files, dataset)
        case "safetensors":
            path = folder / "model.safetensors"
            save_file(model.state_dict(), path)
        case "lightning":
            path = folder / "epoch=3.ckpt"
            torch.save(_lightning(model), path)
        case _:
            path = folder / "model.pt"
            torch.save(model.state_dict(), path)
    return from_weights.adopt(Destination("new"), path, dataset)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MODELS)
def test_reconstructions_are_the_same(name: str, way: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    trained: Trained = request.getfixturevalue(name)
    x = shown(trained.dataset)
    expected = trained.expected(x)
    found = adopted(trained, way, tmp_path)
    assert float((here("new", x) - expected).abs().max()) < 1e-4, found.choices
    assert found.error < 0.8
