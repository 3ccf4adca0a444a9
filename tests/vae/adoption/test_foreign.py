"""Networks with operations that have no node: kept in ONNX, run by ONNX Runtime, and otherwise like any other."""

from __future__ import annotations

import builtins
import copy
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import pytest
import torch
from onnx import numpy_helper

from tests.vae.adoption.conftest import here, shown
from tests.vae.adoption.onnx_models import call, f32, foreign_pair, i64, model_of
from tests.vae.helpers import edit_config
from vae.adoption import foreign_reading, from_onnx, judging
from vae.adoption.adopting import Destination
from vae.adoption.candidates import Wishes
from vae.adoption.meaning import EncoderAnswer
from vae.checkpoints import checkpoint_files, loading
from vae.checkpoints.checkpoint import Checkpoint
from vae.commands import main
from vae.errors import CheckpointError, ConfigError
from vae.export import onnx_writing, writing
from vae.foreign import onnx_file
from vae.graph.graph import Graph
from vae.model import layers


def _answers(raw: bytes, x: Any) -> list[Any]:
    return onnxruntime.InferenceSession(raw, providers=["CPUExecutionProvider"]).run(None, {"x": np.asarray(x)})


@pytest.fixture
def adopted() -> Checkpoint:
    from_onnx.adopt(Destination("new"), foreign_pair(), "grey", Wishes("unit"))
    return checkpoint_files.read("new")


def test_pictures_are_onnxruntimes(adopted: Checkpoint) -> None:
    encoder, decoder = (raw for _, raw in foreign_pair())
    x = shown("grey")
    mu, logvar = _answers(encoder, x)
    np.testing.assert_allclose(adopted.latents.mu, mu, atol=1e-5)
    np.testing.assert_allclose(adopted.latents.sigma, np.exp(logvar / 2), rtol=1e-4)
    np.testing.assert_allclose(here("new", x).numpy(), _answers(decoder, mu)[0], atol=1e-5)
    assert adopted.model.likelihood == "bernoulli"  # the sigmoid at its end was read
    assert layers.parameter_count(adopted.model) == 256 * 12 + 12 + 2 * (36 + 3) + 3 * 24 + 24 + 24 * 256 + 256


def test_it_serves_every_command_that_needs_no_gradients(adopted: Checkpoint, tmp_path: Path, capsys: Any) -> None:
    for command in (
        ["sample", "new", "--output", str(tmp_path / "a.png")],
        ["map", "new", "--method", "pca"],
        ["evaluate", "new"],
    ):
        assert main(command) in (0, None), command
    capsys.readouterr()
    model = loading.load_model(adopted)
    with pytest.raises(ConfigError, match="which has none"):
        model.decode(torch.zeros(1, 3, requires_grad=True))
    assert copy.deepcopy(model).decode_mean(torch.zeros(2, 3)).shape == (2, 1, 16, 16)


def test_a_missing_runtime_is_told_with_how_to_get_it(adopted: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name == "onnxruntime":
            raise ImportError(name)
        return real(name, *args)

    model = loading.load_model(adopted)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match="pip install onnxruntime"):
        model.decode_mean(torch.zeros(1, 3))


def test_a_network_that_somebody_exchanged_is_refused(adopted: Checkpoint) -> None:
    path = adopted.path / "decoder.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match=r"decoder\.onnx does not match"):
        checkpoint_files.read("new")
    path.unlink()
    with pytest.raises(CheckpointError, match=r"decoder\.onnx is missing"):
        checkpoint_files.read("new")


def test_what_the_description_tells_of_a_network_is_checked(adopted: Checkpoint) -> None:
    """Or a file that needs a terabyte would be taken for a small one."""
    values = adopted.model.to_dict()
    values["networks"]["decoder"]["nodes"][0]["work"] += 1
    edit_config(adopted.path, model=values)
    with pytest.raises(ConfigError, match="not the one that the model's description tells of"):
        loading.load_model(checkpoint_files.read("new")).decode_mean(torch.zeros(1, 3))


def _network(nodes: Any, given: Any, stored: Any, **named: Any) -> Graph:
    raw = model_of(nodes, given, stored, **named).SerializeToString()
    return foreign_reading.network_of(onnx_file.read(raw, "a.onnx"), "a.onnx").graph


def test_one_that_takes_one_image_at_once_gets_one() -> None:
    """As exporters write it whose sizes are fixed: the first axis is part of a Reshape."""
    stored = {"flat": i64(1, 64), "w": f32(64, 5)}
    nodes = [call("Sin", "x", "s"), call("Reshape", "s flat", "f"), call("MatMul", "f w")]
    raw = model_of(nodes, ("N", 1, 8, 8), stored).SerializeToString()
    network = foreign_reading.network_of(onnx_file.read(raw, "a.onnx"), "a.onnx")
    x = torch.rand(3, 1, 8, 8)
    expected = np.concatenate([_answers(raw, one[None])[0] for one in x])
    np.testing.assert_allclose(judging.module_of(network)(x).numpy(), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("nodes", "stored", "said"),
    [
        ([call("Sin", "x", "s"), call("RandomNormalLike", "s", "r"), call("Add", "s r")], {}, "random numbers"),
        ([call("Sin", "x", "s"), call("ReduceMean", "s a", "m"), call("Sub", "s m")], {"a": i64(0)}, "other answers"),
        ([call("Sin", "x", "s"), call("NonZero", "s", "n"), call("Cast", "n", to=1)], {}, "can't be told"),
        ([call("Sin", "x", "s"), call("Tile", "s n")], {"n": i64(1, 1, 10**5, 10**5)}, "numbers, expected"),
        ([call("Sin", "x", "s"), call("Sin", "s"), call("Einsum", "y e", "z", equation="nchw,pq->nchw")],
         {"e": f32(2, 2)}, ""),
    ],
)  # fmt: skip
def test_what_can_not_be_run_is_told(nodes: Any, stored: Any, said: str) -> None:
    if not said:
        assert _network(nodes, ("N", 1, 8, 8), stored, outputs=("z",)).foreign is not None
        return
    with pytest.raises(ConfigError, match=said):
        _network(nodes, ("N", 1, 8, 8), stored)


def test_whole_numbers_are_tried_up_to_255() -> None:
    """An encoder of uint8 pixels."""
    pair = dict(foreign_pair())
    model = onnx_file.read(pair["encoder.onnx"], "encoder.onnx")
    model.graph.input[0].type.tensor_type.elem_type = 2
    model.graph.node.insert(0, call("Cast", "x", "c255", to=1))
    model.graph.node.insert(1, call("Div", "c255 n255", "unit"))
    model.graph.node[2].input[0] = "unit"
    model.graph.initializer.append(numpy_helper.from_array(np.float32(255), "n255"))
    files = [("encoder.onnx", model.SerializeToString()), ("decoder.onnx", pair["decoder.onnx"])]
    ranking = from_onnx.ranked(from_onnx.pair_of(files), "grey", Wishes())
    assert "[0, 255]" in {one.reading.choices["Input pixels"] for one in ranking.judged}
    (mine,) = [one for one in ranking.judged if one.reading.choices["Input pixels"] == "[0, 255]"]
    x = (shown("grey") * 255).round()
    found = judging.means(mine.reading.encoder, 3, x / 255)
    np.testing.assert_allclose(found.numpy(), _answers(files[0][1], x.numpy().astype(np.uint8))[0], atol=1e-4)


@pytest.mark.parametrize("opset", [13, 18, 21])
def test_the_way_out_is_onnx_that_gives_what_the_app_gives(opset: int, tmp_path: Path) -> None:
    """What stands around the kept networks is in the files too: they come back as the same model."""
    files = []
    for name, raw in foreign_pair():
        model = onnx_file.read(raw, name)
        model.opset_import[0].version = opset
        model.ir_version = 10
        files.append((name, model.SerializeToString()))
    from_onnx.adopt(Destination("new"), files, "grey", Wishes("signed"))  # so that something stands before the encoder
    checkpoint, x = checkpoint_files.read("new"), shown("grey")
    assert main(["export", "new", "--format", "onnx", "--output", str(tmp_path / "out")]) in (0, None)
    encoder, decoder = (
        onnxruntime.InferenceSession(tmp_path / "out" / f"{part}.onnx", providers=["CPUExecutionProvider"])
        for part in ("encoder", "decoder")
    )
    mu = encoder.run(None, {"image": x.numpy()})[0][:, :3]
    np.testing.assert_allclose(mu, checkpoint.latents.mu, atol=1e-5)
    (answer,) = decoder.run(None, {"z": mu})
    pixels = torch.sigmoid(torch.tensor(answer)) if checkpoint.model.likelihood == "bernoulli" else torch.tensor(answer)
    torch.testing.assert_close(pixels.clamp(0, 1), here("new", x), atol=1e-5, rtol=0)
    back = [(f"{part}.onnx", (tmp_path / "out" / f"{part}.onnx").read_bytes()) for part in ("encoder", "decoder")]
    logits = checkpoint.model.likelihood == "bernoulli"
    from_onnx.adopt(
        Destination("back"), back, "grey", Wishes("unit", logits, checkpoint.model.likelihood, EncoderAnswer())
    )
    torch.testing.assert_close(here("back", x), here("new", x), atol=1e-5, rtol=0)


def test_one_image_at_once_is_exported_as_such(tmp_path: Path) -> None:
    files = [(name, onnx_file.read(raw, name)) for name, raw in foreign_pair()]
    for _, model in files:
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    from_onnx.adopt(Destination("new"), [(name, model.SerializeToString()) for name, model in files], "grey")
    written = writing.contents(checkpoint_files.read("new"), "onnx")
    session = onnxruntime.InferenceSession(written["decoder.onnx"], providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == [1, 3]
    assert session.run(None, {"z": np.zeros((1, 3), np.float32)})[0].shape == (1, 1, 16, 16)


def test_other_formats_say_why_not_and_what_to_take(adopted: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"its encoder and decoder came in ONNX.*--format onnx"):
        writing.write(adopted, "python", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert "ONNX file itself" in writing.contents(adopted, "safetensors")["README.md"].decode()


def test_an_export_that_gives_something_else_reaches_nobody(
    adopted: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = onnx_writing.to_onnx

    def broken(graph: Graph, tensors: Any, *names: Any) -> Any:
        model = real(graph, tensors, *names)
        for node in model.graph.node:
            node.op_type = "Cos" if node.op_type == "Sin" else node.op_type
        return model

    monkeypatch.setattr(writing, "to_onnx", broken)
    with pytest.raises(CheckpointError, match="decoder gives answers up to"):
        writing.contents(adopted, "onnx")
