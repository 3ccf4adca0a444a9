"""Maps that are made after a checkpoint was written."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.vae.helpers import new_checkpoint, random_latents
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import CheckpointError
from vae.maps import map_files, pca
from vae.maps.projection import ProjectionMap
from vae.storage import paths


@pytest.fixture()
def checkpoint() -> Checkpoint:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "a")
    return checkpoint_files.read("a")


def planar(checkpoint: Checkpoint, method: str = "tsne", shift: float = 0.0) -> ProjectionMap:
    return ProjectionMap(method, checkpoint.latents.mu + np.float32(shift), {"seed": 3}, {"trustworthiness": 0.9})


def derived_maps(checkpoint: Checkpoint) -> dict[str, ProjectionMap]:
    return map_files.read_derived_maps(checkpoint.identity, checkpoint.latents.mu.shape)


def test_a_derived_map_comes_back(checkpoint: Checkpoint) -> None:
    path = map_files.write_derived_map(checkpoint.identity, planar(checkpoint))
    assert path == paths.derived_dir() / checkpoint.identity[:16] / "map-tsne.safetensors"
    found = derived_maps(checkpoint)["tsne"]
    assert (found.parameters, found.quality, found.linear) == ({"seed": 3}, {"trustworthiness": 0.9}, None)
    assert np.array_equal(found.xy, checkpoint.latents.mu)
    assert not found.xy.flags.writeable


def test_a_linear_map_comes_back_with_its_components(checkpoint: Checkpoint) -> None:
    written = pca.fit(checkpoint.latents.mu)
    map_files.write_derived_map(checkpoint.identity, written)
    found = derived_maps(checkpoint)["pca"].linear
    assert found is not None
    assert written.linear is not None
    assert np.array_equal(found.components, written.linear.components)
    assert np.array_equal(found.mean, written.linear.mean)


def test_a_newer_map_replaces_the_older_of_its_method(checkpoint: Checkpoint) -> None:
    for shift in (0.0, 5.0):
        path = map_files.write_derived_map(checkpoint.identity, planar(checkpoint, shift=shift))
    assert np.array_equal(derived_maps(checkpoint)["tsne"].xy, checkpoint.latents.mu + 5)
    assert list(path.parent.iterdir()) == [path]


def test_a_damaged_map_hides_no_other(checkpoint: Checkpoint) -> None:
    damaged = map_files.write_derived_map(checkpoint.identity, planar(checkpoint, "damaged"))
    damaged.write_bytes(damaged.read_bytes()[:-9])
    map_files.write_derived_map(checkpoint.identity, pca.fit(random_latents(7).mu))  # of other images
    map_files.write_derived_map(checkpoint.identity, planar(checkpoint, "good"))
    assert list(derived_maps(checkpoint)) == ["good"]


def test_maps_of_another_checkpoint_are_not_taken(checkpoint: Checkpoint) -> None:
    map_files.write_derived_map(checkpoint.identity, planar(checkpoint))
    assert derived_maps(dataclasses.replace(checkpoint, identity="0" * 64)) == {}


def test_a_map_that_cant_be_kept_says_why(checkpoint: Checkpoint) -> None:
    paths.derived_dir().write_text("a file where the folder should be")
    with pytest.raises(CheckpointError, match=r"map-tsne\.safetensors can't be written"):
        map_files.write_derived_map(checkpoint.identity, planar(checkpoint))


def test_two_maps_in_one_file(checkpoint: Checkpoint) -> None:
    written = map_files.to_bytes([planar(checkpoint, "one"), planar(checkpoint, "two", 1.0)])
    found = map_files.maps_of(np.frombuffer(bytearray(written), np.uint8), "maps")
    assert list(found) == ["one", "two"]
    np.testing.assert_allclose(found["two"].xy - found["one"].xy, 1.0, atol=1e-6)
