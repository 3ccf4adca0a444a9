"""Which images are normal."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vae.anomalies import detectors, normal_images
from vae.anomalies.methods.base import MAX_REFERENCE
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets
from vae.data.image_dataset import ImageDataset
from vae.errors import DatasetMissingError, ScoreError
from vae.model.vae import VAE
from vae.storage import paths

CHECKPOINTS = paths.PROJECT / "checkpoints"


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return checkpoint_files.read("digits-mlp-8", CHECKPOINTS)


def test_reference_images_are_exactly_those_of_the_classes_in_the_train_split(
    checkpoint: Checkpoint, digits: dict[str, ImageDataset]
) -> None:
    found = normal_images.reference(checkpoint, NormalChoice(("0", "7")))
    train = digits["train"]
    assert np.array_equal(found.rows, np.flatnonzero((train.labels == 0) | (train.labels == 7)))
    assert np.array_equal(found.images, train.images[found.rows])
    assert np.array_equal(found.labels, train.labels[found.rows])
    assert found.images.dtype == np.uint8


def test_held_out_images_are_of_the_validation_split(checkpoint: Checkpoint, digits: dict[str, ImageDataset]) -> None:
    found = normal_images.held_out(checkpoint, NormalChoice())
    assert np.array_equal(found.images, digits["validation"].images)


def test_more_images_than_wanted_are_a_seeded_subset(checkpoint: Checkpoint) -> None:
    choice = NormalChoice(("1", "2"))
    first, again, other = (normal_images.reference(checkpoint, choice, 50, seed) for seed in (0, 0, 1))
    assert len(first) == 50
    assert np.array_equal(first.rows, again.rows)
    assert not np.array_equal(first.rows, other.rows)
    assert (np.diff(first.rows) > 0).all()
    assert set(first.labels) == {1, 2}


def test_large_images_are_fewer(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, digits_vae: VAE, digits: dict[str, ImageDataset]
) -> None:
    """10,000 of 256×256 in colour would be 2 GB, and 8 GB as floats. What was taken is what is said."""
    monkeypatch.setattr(normal_images, "MAX_BYTES", 30 * 64 + 63)
    for part in (normal_images.reference, normal_images.held_out):
        found = part(checkpoint, NormalChoice())
        assert len(found) == 30
        assert found.images.nbytes <= normal_images.MAX_BYTES
        assert np.array_equal(found.images, digits[found.split].images[found.rows])
    assert len(normal_images.reference(checkpoint, NormalChoice(), most=20)) == 20
    detector = detectors.fit_to_dataset(checkpoint, digits_vae, "squared_error", NormalChoice())
    assert detector.normal == "scikit-learn digits train, all classes: 30 images"
    assert detector.held_out == 30
    monkeypatch.setattr(normal_images, "MAX_BYTES", 1)
    assert len(normal_images.reference(checkpoint, NormalChoice())) == normal_images.LEAST


def test_ten_thousand_of_mnist_are_not_large() -> None:
    assert normal_images.MAX_BYTES > MAX_REFERENCE * 28 * 28


def test_a_choice_is_the_same_in_any_order(checkpoint: Checkpoint) -> None:
    assert NormalChoice(("3", "1", "3")) == NormalChoice(("1", "3"))
    assert NormalChoice(("3", "1")).key() == NormalChoice(("1", "3")).key() != NormalChoice(("13",)).key()
    assert normal_images.chosen(checkpoint, "9876543210") == NormalChoice()


def test_a_choice_says_what_it_is(checkpoint: Checkpoint) -> None:
    assert NormalChoice().text(checkpoint) == "scikit-learn digits train, all classes"
    assert NormalChoice(("1",)).text(checkpoint, "validation") == "scikit-learn digits validation, class 1"
    names = tuple(f"{'c' * 50}{i}" for i in range(30))
    many = dataclasses.replace(checkpoint, dataset=dataclasses.replace(checkpoint.dataset, class_names=names))
    text = NormalChoice(names[:25]).text(many)
    assert text.endswith(" and 5 more")
    assert len(text) < 1_000  # what a detector's file holds


def test_what_the_model_was_trained_on_is_the_default(checkpoint: Checkpoint) -> None:
    assert normal_images.default_choice(checkpoint) == NormalChoice()
    train = dataclasses.replace(checkpoint.train, classes=("4", "2", "no longer there"))
    assert normal_images.default_choice(dataclasses.replace(checkpoint, train=train)) == NormalChoice(("2", "4"))


def test_an_unknown_class_is_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(ScoreError, match=r"scikit-learn digits has no class 'x'\. Its classes: 0, 1, 2"):
        normal_images.reference(checkpoint, NormalChoice(("0", "x")))


def test_too_few_images_are_said_with_what_is_needed(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    images = datasets.load("digits", "validation")
    labels = np.where(np.arange(len(images)) == 5, 3, 0)
    monkeypatch.setattr(datasets, "load", lambda name, split: dataclasses.replace(images, labels=labels))
    with pytest.raises(ScoreError, match=r"digits train, class 3: 1 image, expected at least 2"):
        normal_images.reference(checkpoint, NormalChoice(("3",)))
    assert len(normal_images.held_out(checkpoint, NormalChoice(("3",)))) == 1
    with pytest.raises(ScoreError, match=r"class 4: 0 images, expected at least 1. 19 can promise 5 % false alarms"):
        normal_images.held_out(checkpoint, NormalChoice(("4",)))


def test_names_that_only_what_is_scored_has_are_aliases(checkpoint: Checkpoint) -> None:
    there = ("good", "bad", "3")
    assert normal_images.chosen(checkpoint, ["good"], there) == NormalChoice((), ("good",))
    assert normal_images.chosen(checkpoint, ["3", "good"], there) == NormalChoice(("3",), ("good",))
    assert normal_images.chosen(checkpoint, ["3"], there).key() == NormalChoice(("3",), ("good",)).key()
    with pytest.raises(ScoreError, match=r"has no class 'fine'.*What is scored has good, bad"):
        normal_images.chosen(checkpoint, ["fine"], there)


def test_images_of_another_shape_are_refused(checkpoint: Checkpoint) -> None:
    model = dataclasses.replace(checkpoint.model, image_shape=(1, 28, 28))
    with pytest.raises(ScoreError, match=r"has images \(1, 8, 8\), the model takes \(1, 28, 28\)"):
        normal_images.reference(dataclasses.replace(checkpoint, model=model), NormalChoice())


def test_missing_images_can_be_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    with pytest.raises(DatasetMissingError):
        normal_images.reference(checkpoint_files.read("mnist-mlp-2", CHECKPOINTS), NormalChoice(("1",)))
