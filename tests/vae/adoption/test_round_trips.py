"""A VAE that was trained elsewhere reconstructs here what it reconstructs there, whichever way it came in."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

import vae
from tests.vae.adoption.conftest import Trained, followed_once, here, shown
from tests.vae.adoption.onnx_models import call, f32, i64, model_of
from vae.adoption import from_onnx, from_weights
from vae.adoption.adopting import Adopted, Destination
from vae.adoption.candidates import Wishes
from vae.adoption.from_onnx import Cuts
from vae.adoption.torch_export import Followed
from vae.adoption.weights import state_dict, weights_file
from vae.checkpoints import checkpoint_files
from vae.export.onnx_writing import to_onnx

NAMES = {"m": "z_mean", "v": "z_log_var"}
MODELS = ("linear", "joint", "convolutional")
WAYS = ("python", "safetensors", "onnx")
PICKLED = (
    ("joint", "state_dict"),
    ("linear", "lightning"),
)  # read by a process, which takes seconds


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

    network = followed_once(Followed(part, taken), given, name)
    model = to_onnx(network.graph, network.tensors, "given", "answer", "made by a test")
    return f"{name}.onnx", model.SerializeToString()


def saved(trained: Trained, way: str, folder: Path) -> Path:
    """The weights in a file of that kind."""
    model = trained.model
    if way == "safetensors":
        path = folder / "model.safetensors"
        save_file(model.state_dict(), path)
    elif way == "lightning":
        path = folder / "epoch=3.ckpt"
        torch.save(_lightning(model), path)
    else:
        path = folder / "model.pt"
        torch.save(model.state_dict(), path)
    return path


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
    return from_weights.adopt(Destination("new"), saved(trained, way, folder), dataset)


@pytest.mark.parametrize("way", ["state_dict", "lightning"])
def test_each_kind_of_file_holds_the_same_layers(way: str, tmp_path: Path, convolutional: Trained) -> None:
    """From which everything else is worked out: what a file of another kind became stands for it below."""
    state = {name: tensor.numpy() for name, tensor in convolutional.model.state_dict().items()}
    expected = state_dict.layers_of(state)
    found = state_dict.layers_of(weights_file.read(saved(convolutional, way, tmp_path)))
    assert len(expected) > 10
    for one, other in zip(found, expected, strict=True):
        assert (one.name.removeprefix("model."), one.kind) == (other.name, other.kind)
        for role in ("weight", "bias", "running_mean", "running_var"):
            np.testing.assert_array_equal(getattr(one, role), getattr(other, role))


@pytest.mark.parametrize(("name", "way"), [*itertools.product(MODELS, WAYS), *PICKLED])
def test_reconstructions_are_the_same(name: str, way: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    trained: Trained = request.getfixturevalue(name)
    x = shown(trained.dataset)
    expected = trained.expected(x)
    found = adopted(trained, way, tmp_path)
    assert float((here("new", x) - expected).abs().max()) < 1e-4, found.choices
    assert found.error < 0.8


def test_a_channels_last_model(linear: Trained) -> None:
    """As Keras's exporters write it: Transpose, Conv, Transpose; images and pictures (N, H, W, C); names of outputs."""
    encoder = model_of(
        [
            call("Transpose", "images", "a", perm=[0, 3, 1, 2]),
            call("Conv", "a w b", "c", strides=[2, 2], auto_pad="SAME_UPPER"),
            call("Relu", "c", "d"),
            call("Transpose", "d", "e", perm=[0, 2, 3, 1]),
            call("Reshape", "e flat", "f"),
            *(n for k in "mv" for n in (call("MatMul", f"f {k}w", f"{k}1"), call("Add", f"{k}1 {k}b", f"{NAMES[k]}"))),
        ],
        ("unk", 16, 16, 1),
        {
            "w": f32(5, 1, 3, 3), "b": f32(5), "flat": i64(-1, 320), "mw": f32(320, 3), "mb": f32(3),
            "vw": f32(320, 3, seed=1), "vb": f32(3),
        },
        13,
        ("z_mean", "z_log_var"),
        "images",
    )  # fmt: skip
    decoder = model_of(
        [
            call("MatMul", "z w", "a"), call("Add", "a b", "c"), call("Relu", "c", "d"), call("Reshape", "d core", "e"),
            call("Transpose", "e", "f", perm=[0, 3, 1, 2]),
            call("ConvTranspose", "f k kb", "g", strides=[2, 2], auto_pad="SAME_UPPER"), call("Sigmoid", "g", "h"),
            call("Transpose", "h", perm=[0, 2, 3, 1]),
        ],
        ("unk", 3),
        {"w": f32(3, 320), "b": f32(320), "core": i64(-1, 8, 8, 5), "k": f32(5, 1, 3, 3), "kb": f32(1)},
        13,
        ("y",),
        "z",
    )  # fmt: skip
    x = shown("grey")
    files = [("d.onnx", decoder.SerializeToString()), ("e.onnx", encoder.SerializeToString())]
    from_onnx.adopt(Destination("new"), files, "grey", Wishes("unit"))
    sessions = [onnxruntime.InferenceSession(raw, providers=["CPUExecutionProvider"]) for _, raw in files]
    mu, logvar = sessions[1].run(None, {"images": x.permute(0, 2, 3, 1).numpy()})
    (pixels,) = sessions[0].run(None, {"z": mu})
    np.testing.assert_allclose(here("new", x).permute(0, 2, 3, 1).numpy(), pixels, atol=1e-4)
    kept = checkpoint_files.read("new").latents
    np.testing.assert_allclose(kept.mu, mu, atol=1e-4)
    np.testing.assert_allclose(kept.sigma, np.exp(logvar / 2), rtol=1e-3)


@pytest.mark.parametrize("images", [1, "N"])
def test_one_model_is_cut_where_its_names_say(images: int | str, linear: Trained) -> None:
    """Also one that was exported for a single image, with its sizes written out."""
    weights = {name: tensor.numpy() for name, tensor in linear.model.state_dict().items()}
    count = 1 if images == 1 else -1
    nodes = [
        call("Reshape", "x flat", "f"), call("Gemm", "f fc1.weight fc1.bias", "h", transB=1), call("Relu", "h", "r"),
        call("Gemm", "r fc21.weight fc21.bias", "mu", transB=1),
        call("Gemm", "r fc22.weight fc22.bias", "lv", transB=1),
        call("RandomNormalLike", "mu", "noise"), call("Mul", "lv half", "s"), call("Exp", "s", "sigma"),
        call("Mul", "noise sigma", "e"), call("Add", "mu e", "z"),
        call("Gemm", "z fc3.weight fc3.bias", "g", transB=1), call("Relu", "g", "q"),
        call("Gemm", "q fc4.weight fc4.bias", "o", transB=1), call("Sigmoid", "o", "p"), call("Reshape", "p whole"),
    ]  # fmt: skip
    stored = weights | {"flat": i64(count, 256), "whole": i64(count, 1, 16, 16), "half": np.float32(0.5)}
    model = model_of(nodes, (images, 1, 16, 16), stored, 13)
    from_onnx.adopt(Destination("new"), [("whole.onnx", model.SerializeToString())], "grey", cuts=Cuts("mu", "lv", "z"))
    x = shown("grey")
    assert float((here("new", x) - linear.expected(x)).abs().max()) < 1e-4


@pytest.mark.parametrize(("name", "of"), [("sigma", 0.5), ("log_sigma", 0.5), ("z_log_var", 1.0), ("out2", 1.0)])
def test_an_output_is_what_its_name_says(name: str, of: float, linear: Trained) -> None:
    weights = {n: tensor.numpy() for n, tensor in linear.model.state_dict().items() if n.startswith(("fc1", "fc2"))}
    last = [call("Exp", "s", name)] if name == "sigma" else [call("Identity", "s", name)]
    nodes = [
        call("Flatten", "x", "f"), call("Gemm", "f fc1.weight fc1.bias", "h", transB=1), call("Relu", "h", "r"),
        call("Gemm", "r fc21.weight fc21.bias", "out1", transB=1),
        call("Gemm", "r fc22.weight fc22.bias", "lv", transB=1), call("Mul", "lv of", "s"), *last,
    ]  # fmt: skip
    encoder = model_of(nodes, ("N", 1, 16, 16), weights | {"of": np.float32(of)}, 13, ("out1", name))
    files = [("e.onnx", encoder.SerializeToString()), onnx_of(linear.model.decode, (4,), "d")]
    from_onnx.adopt(Destination("new"), files, "grey")
    logvar = linear.model.encode(shown("grey"))[1].detach().numpy()
    np.testing.assert_allclose(checkpoint_files.read("new").latents.sigma, np.exp(logvar / 2), rtol=1e-3)
