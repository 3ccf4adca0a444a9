"""The Python code that Explore shows makes the picture that it shows, and finds its place on the map."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ui.explore import code, shown_images
from ui.explore.latent_map import MapChoice
from ui.shared.explore_place import Place
from vae.checkpoints import checkpoint_files, every_image, inference, loading
from vae.checkpoints.checkpoint import Checkpoint
from vae.maps import map_files, pca
from vae.storage import paths

Z = (0.5, -1.25, 2.0, 0.0, 1.0, -0.3333, 0.1, 3.0)


@pytest.fixture(autouse=True)
def digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """digits-mlp-8; files are written to tmp_path."""
    for variable in ("CHECKPOINTS", "DERIVED"):
        monkeypatch.setenv(f"VAE_{variable}", str(tmp_path / variable.lower()))
    shutil.copytree(paths.PROJECT / "checkpoints" / "digits-mlp-8", paths.checkpoints_dir() / "digits-mlp-8")
    monkeypatch.chdir(tmp_path)
    return checkpoint_files.read("digits-mlp-8")


def pasted(program: str) -> dict[str, Any]:
    """What is there after it was run as by somebody who pasted it."""
    names: dict[str, Any] = {}
    exec(compile(program, "pasted", "exec"), names)  # noqa: S102
    return names


@pytest.mark.parametrize("method", ["latent", "pca", "tsne"])
@pytest.mark.parametrize("place", [Place(), Place(7), Place(7, Z)], ids=["origin", "row", "vector"])
def test_it_makes_what_is_seen(digits: Checkpoint, method: str, place: Place) -> None:
    on_map = shown_images.of(digits)
    found = pasted(code.text(on_map, MapChoice(method, (3, 5), "class"), place))
    z = np.array(place.z or (digits.latents.mu[7] if place.row else [0.0] * 8), np.float32)
    np.testing.assert_allclose(found["z"], z, atol=1e-4)
    np.testing.assert_array_equal(found["images"], inference.decode(loading.load_model(digits), z[None]))
    assert Image.open("decoded.png").size[0] >= 196
    here = {"latent": z[[3, 5]], "pca": (z - digits.latents.mu.mean(0)) @ on_map.maps["pca"].linear.components.T}
    if method in here:
        np.testing.assert_allclose(found["here"], here[method], atol=1e-4)
    elif place == Place(7):
        np.testing.assert_array_equal(found["here"], on_map.maps["tsne"].xy[7])
    else:
        assert "here" not in found
    assert found["xy"].shape == (360, 2)


def test_of_images_of_every_split_too(digits: Checkpoint) -> None:
    others = digits.latents.take(np.arange(20))
    every = every_image.joined(digits, {"test": digits.latents, "validation": others, "train": others})
    every_image.keep(digits, every)
    map_files.write_derived_map(digits.identity, pca.fit(every.latents.mu), map_files.OF_EVERY_IMAGE)
    on_map = shown_images.of(digits)
    assert on_map.every
    found = pasted(code.text(on_map, MapChoice("pca", (0, 1), "class"), Place(365)))
    np.testing.assert_array_equal(found["z"], digits.latents.mu[5])  # the sixth of the validation images
    np.testing.assert_allclose(found["here"], found["xy"][365], atol=1e-4)
    assert len(found["xy"]) == 400
    found = pasted(code.text(on_map, MapChoice("tsne", (0, 1), "class"), Place(365)))  # a map of test images alone
    assert len(found["xy"]) == 360
    assert "here" not in found
