"""What of a checkpoint the browser is sent: the right numbers in the right order, and only what it can soon decode."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from tests.vae.helpers import TINY, TINY_CONV, new_checkpoint
from ui.components.model_store import browser_model
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint
from vae.config import ModelConfig
from vae.graph import nodes
from vae.graph.chain import Chain
from vae.graph.graph import describe
from vae.maps.projection import ProjectionMap
from vae.model.layers import decoder_graph, encoder_graph


def stored(folder: Path, model: ModelConfig = TINY_CONV) -> Checkpoint:
    checkpoint_writing.write(new_checkpoint(model), folder / "a")
    return checkpoint_files.read("a", folder)


def tsne(checkpoint: Checkpoint, **parameters: Any) -> ProjectionMap:
    xy = np.arange(2 * len(checkpoint.latents.mu), dtype=np.float32).reshape(-1, 2)
    return ProjectionMap("tsne", xy, parameters, {})


@pytest.mark.parametrize("model", [TINY, TINY_CONV], ids=["mlp", "conv"])
def test_the_browser_gets_the_decoder_the_latents_and_the_maps(tmp_path: Path, model: ModelConfig) -> None:
    checkpoint = stored(tmp_path, model)
    weights, maps = checkpoint_files.read_weights(checkpoint), checkpoint.maps | {"tsne": tsne(checkpoint)}
    raw = browser_model.pack(checkpoint, weights, maps)
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
        "fingerprint": browser_model.fingerprint(checkpoint, maps),
        "decoder": json.loads(json.dumps(describe(decoder_graph(model)))),
        "likelihood": "bernoulli",
        "terms": "Bernoulli terms on grey pixels in [0, 1]",
        "standing": "a loss, not a likelihood (grey pixels are not Bernoulli outcomes)",
        "has_kl": True,
        "latent_dim": model.latent_dim,
    }


@pytest.mark.parametrize("model", [TINY, TINY_CONV], ids=["mlp", "conv"])
def test_the_browser_gets_the_encoder_by_itself(tmp_path: Path, model: ModelConfig) -> None:
    checkpoint = stored(tmp_path, model)
    weights = checkpoint_files.read_weights(checkpoint)
    raw = browser_model.pack_encoder(checkpoint, weights)
    tensors = safetensors.numpy.load(raw)
    assert set(tensors) == {n for n in weights if not n.startswith("decoder.")}
    for name, array in tensors.items():
        np.testing.assert_array_equal(array, weights[name])
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    assert json.loads(header["__metadata__"]["encoder"]) == {
        "identity": checkpoint.identity,
        "graph": json.loads(json.dumps(describe(encoder_graph(model)))),
        "likelihood": "bernoulli",
        "binarized": False,
    }


def test_a_browser_encodes_grey_and_colour_images_with_small_encoders(tmp_path: Path) -> None:
    conv = stored(tmp_path, TINY_CONV)

    def encodable(**changes: Any) -> bool:
        return browser_model.can_encode(replace(conv, model=replace(conv.model, **changes)))

    assert encodable(image_shape=(3, 64, 64), channels=(16, 32, 64, 128))
    assert not encodable(image_shape=(2, 64, 64))  # neither grey nor colour
    assert not encodable(image_shape=(3, 512, 512), channels=(128, 256, 512))  # multiplications


def test_views_of_other_arrays_are_sent_in_order(tmp_path: Path) -> None:
    checkpoint = stored(tmp_path)
    turned = replace(tsne(checkpoint), xy=np.arange(80, dtype=np.float32).reshape(2, 40).T)
    raw = browser_model.pack(checkpoint, checkpoint_files.read_weights(checkpoint), {"tsne": turned})
    np.testing.assert_array_equal(safetensors.numpy.load(raw)["tsne.xy"], turned.xy)


def test_the_fingerprint_names_the_checkpoint_and_the_making_of_its_maps(tmp_path: Path) -> None:
    checkpoint = stored(tmp_path)
    maps = checkpoint.maps | {"tsne": tsne(checkpoint, perplexity=30)}
    one = browser_model.fingerprint(checkpoint, maps)
    assert one == browser_model.fingerprint(checkpoint, dict(reversed(maps.items())))
    assert one != browser_model.fingerprint(checkpoint, maps | {"tsne": tsne(checkpoint, perplexity=31)})
    assert one != browser_model.fingerprint(checkpoint, checkpoint.maps)
    assert one != browser_model.fingerprint(replace(checkpoint, identity="0" * 64), maps)


# --- what a browser can do --------------------------------------------------------------------------------------------


def decodable(checkpoint: Checkpoint, **changes: Any) -> bool:
    return browser_model.can_decode(replace(checkpoint, model=replace(checkpoint.model, **changes)))


def test_a_browser_decodes_what_is_usual_and_python_what_is_huge(tmp_path: Path) -> None:
    conv, mlp = stored(tmp_path / "conv"), stored(tmp_path / "mlp", TINY)
    assert decodable(conv, image_shape=(1, 28, 28), channels=(32, 64), hidden=(256,), latent_dim=16)
    assert decodable(conv, image_shape=(3, 64, 64), channels=(16, 32, 64, 128))
    assert decodable(conv, image_shape=(3, 128, 128), channels=(64, 128, 256))
    assert not decodable(conv, image_shape=(3, 128, 128), channels=(128, 256, 512))  # multiplications
    assert decodable(mlp, image_shape=(3, 128, 128), hidden=(512,))
    assert not decodable(mlp, image_shape=(3, 128, 128), hidden=(1024,))  # weights
    assert decodable(mlp, hidden=(400,), image_shape=(1, 28, 28))
    assert not decodable(mlp, hidden=(20_000, 20_000))


def test_a_browser_makes_no_huge_image_of_a_few_numbers() -> None:
    assert browser_model.is_quick(Chain((1, 2, 2)).add(nodes.Resize, (2048, 2048)).graph())
    assert not browser_model.is_quick(Chain((1, 2, 2)).add(nodes.Resize, (4096, 4096)).graph())


def test_multiplications_of_a_small_decoder_counted_by_hand() -> None:
    # 3 -> 6 -> (8, 2, 2) -> (4, 4, 4) -> (1, 8, 8), kernels of 4 × 4, of which a stride of 2 uses each fourth place
    by_hand = 3 * 6 + 6 * 32 + (2 * 2) * 16 * 8 * 4 + (4 * 4) * 16 * 4 * 1
    assert decoder_graph(TINY_CONV).multiplications() == by_hand


def test_multiplications_of_the_other_nodes_counted_by_hand() -> None:
    graph = (
        Chain((2,))
        .add(nodes.Gemm, 2, 12)
        .add(nodes.Reshape, (3, 2, 2))
        .add(nodes.Resize, (6, 6))
        .add(nodes.Conv, 3, 5, (3, 3), pads=(1, 1, 1, 1))
        .activate("Relu")
        .add(nodes.Conv, 5, 1, (4, 4), (2, 2), (1, 1, 1, 1))  # 3 × 3
        .graph()
    )
    assert graph.multiplications() == 2 * 12 + 36 * 9 * 3 * 5 + 9 * 16 * 5 * 1
