"""What the live decoder is sent: the right numbers in the right order, and only what a browser can evaluate soon."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from tests.vae.helpers import TINY, TINY_CONV, new_checkpoint, random_latents
from ui.components.live_decoder import payload
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint, Latents
from vae.config import ModelConfig
from vae.maps.projection import ProjectionMap
from vae.model.layers import decoder_layers, describe


def stored(folder: Path, model: ModelConfig = TINY_CONV) -> Checkpoint:
    checkpoint_files.write(new_checkpoint(model), folder / "a")
    return checkpoint_files.read("a", folder)


def tsne(checkpoint: Checkpoint, **parameters: Any) -> ProjectionMap:
    xy = np.arange(2 * len(checkpoint.latents.mu), dtype=np.float32).reshape(-1, 2)
    return ProjectionMap("tsne", xy, parameters, {})


@pytest.mark.parametrize("model", [TINY, TINY_CONV], ids=["mlp", "conv"])
def test_the_browser_gets_the_decoder_the_latents_and_the_maps(tmp_path: Path, model: ModelConfig) -> None:
    checkpoint = stored(tmp_path, model)
    weights, maps = checkpoint_files.read_weights(checkpoint), checkpoint.maps | {"tsne": tsne(checkpoint)}
    raw = payload.model_bytes(checkpoint, weights, maps)
    tensors = safetensors.numpy.load(raw)
    assert {n for n in tensors if n.startswith("decoder.")} == {n for n in weights if n.startswith("decoder.")}
    assert not any(n.startswith("encoder.") for n in tensors)
    for name, array in tensors.items():
        assert array.dtype == (np.int32 if name == "labels" else np.float32)  # store.js reads these two
        if name in weights:
            np.testing.assert_array_equal(array, weights[name])
    for name in ("mu", "labels", "log_likelihood", "kl", "elbo", "squared_error"):
        np.testing.assert_array_equal(tensors[name], getattr(checkpoint.latents, name))
    linear = checkpoint.maps["pca"].linear
    assert linear is not None
    np.testing.assert_array_equal(tensors["pca.components"], linear.components)
    np.testing.assert_array_equal(tensors["pca.mean"], linear.mean)
    np.testing.assert_array_equal(tensors["tsne.xy"], maps["tsne"].xy)
    assert "tsne.mean" not in tensors
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    about = json.loads(header["__metadata__"]["model"])
    assert about == {
        "fingerprint": payload.fingerprint(checkpoint, maps),
        "layers": json.loads(json.dumps(describe(decoder_layers(model)))),
        "likelihood": "bernoulli",
        "terms": "Bernoulli terms on grey pixels in [0, 1]",
        "standing": "a loss, not a likelihood (grey pixels are not Bernoulli outcomes)",
        "latent_dim": model.latent_dim,
    }


def test_views_of_other_arrays_are_sent_in_order(tmp_path: Path) -> None:
    checkpoint = stored(tmp_path)
    turned = replace(tsne(checkpoint), xy=np.arange(80, dtype=np.float32).reshape(2, 40).T)
    raw = payload.model_bytes(checkpoint, checkpoint_files.read_weights(checkpoint), {"tsne": turned})
    np.testing.assert_array_equal(safetensors.numpy.load(raw)["tsne.xy"], turned.xy)


def test_the_fingerprint_names_the_checkpoint_and_the_making_of_its_maps(tmp_path: Path) -> None:
    checkpoint = stored(tmp_path)
    maps = checkpoint.maps | {"tsne": tsne(checkpoint, perplexity=30)}
    one = payload.fingerprint(checkpoint, maps)
    assert one == payload.fingerprint(checkpoint, dict(reversed(maps.items())))
    assert one != payload.fingerprint(checkpoint, maps | {"tsne": tsne(checkpoint, perplexity=31)})
    assert one != payload.fingerprint(checkpoint, checkpoint.maps)
    assert one != payload.fingerprint(replace(checkpoint, identity="0" * 64), maps)


# --- sliders ----------------------------------------------------------------------------------------------------------


def with_latents(checkpoint: Checkpoint, mu: Any, sigma: Any) -> Checkpoint:
    mu, sigma = np.asarray(mu, np.float32), np.asarray(sigma, np.float32)
    flat = {n: np.zeros(len(mu), np.float32) for n in ("log_likelihood", "kl", "elbo", "squared_error")}
    return replace(checkpoint, latents=Latents(mu, sigma, np.zeros(len(mu), np.int64), **flat))


def test_the_most_informative_dimension_comes_first(tmp_path: Path) -> None:
    sigma = [[1.0, 0.1, 0.5, 1.0]] * 3  # with mu = 0 the KL is (sigma² − 1) / 2 − ln sigma
    dims = payload.slider_dims(with_latents(stored(tmp_path), np.zeros((3, 4)), sigma))
    assert [d["index"] for d in dims] == [1, 2, 0, 3]  # equal ones in their own order
    assert [d["kl"] for d in dims] == pytest.approx([0.5 * (0.01 - 1) + np.log(10), 0.5 * (0.25 - 1) + np.log(2), 0, 0])


def test_slider_ranges_hold_the_data_and_the_prior(tmp_path: Path) -> None:
    mu = 4 * random_latents(500, 6).mu + np.array([0, 5, -5, 0, 20, 0], np.float32)
    mu[:, 3] *= 0.01
    for dim in payload.slider_dims(with_latents(stored(tmp_path), mu, np.ones_like(mu))):
        column = mu[:, dim["index"]]
        assert dim["low"] <= min(-3.0, float(column.min()))
        assert dim["high"] >= max(3.0, float(column.max()))
        assert dim["low"] > min(-3.0, float(column.min())) - 0.11  # and little more
    assert json.dumps(payload.slider_dims(with_latents(stored(tmp_path / "b"), mu, np.ones_like(mu))))


@pytest.mark.parametrize("good", [[1, 2.5], (0, -100), ["1", " -2e1 "], [np.float32(0.5), np.int64(3)]], ids=str)
def test_vectors(good: Any) -> None:
    assert payload.finite_vector(good, 2) == [float(v) for v in good]


@pytest.mark.parametrize(
    "bad",
    [None, 1, "12", {"0": 1, "1": 2}, [], [1], [1, 2, 3]],
    ids=str,
)
def test_no_vectors(bad: Any) -> None:
    assert payload.finite_vector(bad, 2) is None


@pytest.mark.parametrize(
    "bad", [float("nan"), float("-inf"), 100.5, None, "x", [2], 10**400, 2j], ids=lambda b: repr(b)[:9]
)
def test_no_numbers(bad: Any) -> None:
    assert payload.finite_vector([1, bad], 2) is None


def test_pixels_go_and_come_back() -> None:
    image = np.random.default_rng(0).integers(0, 256, (3, 4, 5), dtype=np.uint8)
    for sent in (image, image[:, ::-1, ::2]):
        back = np.frombuffer(base64.b64decode(payload.pixels_base64(sent)), np.uint8).reshape(sent.shape)
        np.testing.assert_array_equal(back, sent)


# --- what a browser can do --------------------------------------------------------------------------------------------


def decodable(checkpoint: Checkpoint, **changes: Any) -> bool:
    return payload.browser_can_decode(replace(checkpoint, model=replace(checkpoint.model, **changes)))


def test_a_browser_decodes_what_is_usual_and_python_what_is_huge(tmp_path: Path) -> None:
    conv, mlp = stored(tmp_path / "conv"), stored(tmp_path / "mlp", TINY)
    assert decodable(conv, image_shape=(1, 28, 28), channels=(32, 64), hidden=(256,), latent_dim=16)
    assert decodable(conv, image_shape=(3, 64, 64), channels=(16, 32, 64, 128))
    assert not decodable(conv, image_shape=(3, 128, 128), channels=(128, 256, 512))
    assert decodable(mlp, hidden=(400,), image_shape=(1, 28, 28))
    assert not decodable(mlp, hidden=(20_000, 20_000))


def test_unknown_layers_are_left_to_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = stored(tmp_path)
    assert payload.browser_can_decode(checkpoint)
    monkeypatch.setattr(payload, "BROWSER_LAYERS", payload.BROWSER_LAYERS - {"conv_transpose2d"})
    assert not payload.browser_can_decode(checkpoint)


def test_every_layer_the_library_can_make_is_in_decoder_js() -> None:
    source = (Path(payload.__file__).parent / "decoder.js").read_text(encoding="utf-8")
    table = source[source.index("const LAYERS = {") :]
    known = {line.split(":")[0].strip() for line in table[: table.index("}")].splitlines()[1:] if ":" in line}
    assert known == payload.BROWSER_LAYERS


def test_multiplications_of_a_small_decoder_counted_by_hand() -> None:
    layers = describe(decoder_layers(TINY_CONV))  # 3 -> 6 -> (8, 2, 2) -> (4, 4, 4) -> (1, 8, 8), kernels of 4 × 4
    by_hand = 3 * 6 + 6 * 32 + (2 * 2) * 16 * 8 * 4 + (4 * 4) * 16 * 4 * 1
    assert payload._multiplications(layers) == by_hand


def test_multiplications_of_the_other_layers_counted_by_hand() -> None:
    layers: list[dict[str, Any]] = [
        {"op": "linear", "inputs": 2, "outputs": 12},
        {"op": "reshape", "shape": [3, 2, 2]},
        {"op": "upsample", "factor": 3},  # 6 × 6
        {"op": "conv2d", "inputs": 3, "outputs": 5, "kernel": 3, "stride": 1, "padding": 1},
        {"op": "activation", "name": "relu"},
        {"op": "conv2d", "inputs": 5, "outputs": 1, "kernel": 4, "stride": 2, "padding": 1},  # 3 × 3
    ]
    assert payload._multiplications(layers) == 2 * 12 + 36 * 9 * 3 * 5 + 9 * 16 * 5 * 1
