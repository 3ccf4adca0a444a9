"""A data set is renamed, deleted and looked at as a whole; models of it go on, or say that it is gone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vae.data import datasets, import_arrays
from vae.data.keeping import changes, overview
from vae.errors import DatasetError, DatasetMissingError


@pytest.fixture(autouse=True)
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Kept as data set `own`: 40 images, the last a copy of the first."""
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VAE_DERIVED", str(tmp_path / "derived"))
    found = np.random.default_rng(0).integers(0, 256, (40, 3, 8, 8), np.uint8)
    found[-1] = found[0]
    import_arrays.write("own", found, np.arange(40) % 2)
    return found


def test_a_renamed_set_is_found_by_its_former_names() -> None:
    before = datasets.load("own", "test")
    changes.rename("own", "mine")
    changes.rename("mine", "ours")
    assert datasets.names()[-1] == "ours"
    assert "own" not in datasets.names()
    for name in ("own", "mine", "ours"):
        assert datasets.info(name).name == "ours"
        assert datasets.load(name, "test").fingerprint == before.fingerprint
    changes.rename("ours", "own")
    assert datasets.info("mine").name == "own"


def test_a_set_that_has_a_name_now_comes_before_one_that_had_it(images: np.ndarray) -> None:
    changes.rename("own", "mine")
    import_arrays.write("own", images[:10])
    assert len(datasets.load("own", "train")) < len(datasets.load("mine", "train"))
    changes.delete("own")
    assert datasets.info("own").name == "mine"


@pytest.mark.parametrize("name", ["digits", "MNIST", "../x", "", "taken", "own"])
def test_a_name_that_is_taken_or_none_changes_nothing(name: str, images: np.ndarray) -> None:
    import_arrays.write("taken", images[:10])
    before = datasets.load("own", "train").fingerprint
    with pytest.raises(DatasetError):
        changes.rename("own", name)
    assert datasets.info("own").name == "own"
    assert datasets.load("own", "train").fingerprint == before


def test_a_deleted_set_is_gone_for_good_and_said_to_be() -> None:
    changes.rename("own", "mine")
    changes.delete("mine")
    for name in ("own", "mine"):
        assert not datasets.is_known(name)
        with pytest.raises(DatasetError, match="Unknown data set"):
            datasets.load(name, "test")
    with pytest.raises(DatasetError, match="There is no data set 'mine'"):
        changes.delete("mine")
    with pytest.raises(DatasetError, match="built-in"):
        changes.delete("digits")


def test_a_damaged_set_can_be_deleted_but_not_renamed(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "folders" / "own"
    (folder / "train.npy").write_bytes(b"x")
    with pytest.raises(DatasetMissingError):
        changes.rename("own", "mine")
    changes.delete("own")
    assert not folder.exists()


def test_an_overview_is_of_all_images_and_kept(images: np.ndarray) -> None:
    assert overview.kept("own") is None
    calls: list[tuple[int, int]] = []
    found = overview.compute("own", lambda done, total: calls.append((done, total)))
    assert np.abs(found.mean_image() - images.mean(0)).max() <= 0.5
    assert found.copies == 1
    assert calls[-1] == (40, 40)
    assert overview.kept("own") == found
    overview.path_of("own").write_text('{"shape": [3, 8, 8], "mean": "00", "copies": 0, "near": 0, "looked_at": 1}')
    assert overview.kept("own") is None
