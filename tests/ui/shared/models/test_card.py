"""What the card says of a model, and the thumbnails of its images."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.vae.helpers import new_checkpoint
from ui.shared import model_picker, pictures
from ui.shared.models import card
from vae.checkpoints.checkpoint import Checkpoint, Summary
from vae.config import TrainConfig


def checkpoint(**changes: Any) -> Checkpoint:
    new = new_checkpoint()
    made = Checkpoint(
        "a", Path("a"), "0" * 64, new.model, new.train, new.dataset, "", new.latents, {}, new.metrics, new.history
    )
    return replace(made, **changes)


def summary(name: str = "a", loss: float | None = 21.5, likelihood: str = "bernoulli", **train: Any) -> Summary:
    new = new_checkpoint()
    settings = TrainConfig("digits", **train)
    return Summary(name, "0" * 64, replace(new.model, likelihood=likelihood), new.dataset, loss, None, settings)


def test_the_loss_is_told_with_its_kind() -> None:
    said = [
        card.loss(summary(**settings)).replace("\u00a0", " ")
        for settings in (
            {},
            {"loss": -1899.65, "likelihood": "gaussian"},
            {"objective": "autoencoder"},
            {"objective": "iwae", "importance_samples": 5},
            {"loss": None},
        )
    ]
    assert said == [
        "Test loss (−ELBO): 21.50 nats",
        "Test loss (−ELBO): −1,899.65 nats",
        "Test loss (reconstruction): 21.50 nats",
        "Test loss (−IWAE bound, k = 5): 21.50 nats",
        "Test loss not measured",
    ]


def test_images_likelihood_and_size_are_told() -> None:
    assert card.about(summary()).replace("\u00a0", " ") == "scikit-learn digits · Bernoulli · 2 latent dimensions · mlp"
    narrow = summary(classes=("3",), binarization="dynamic")
    assert (
        card.about(narrow)
        .replace("\u00a0", " ")
        .startswith("scikit-learn digits · class 3 only · Bernoulli, binarized")
    )


def test_models_are_grouped_and_never_ranked_by_losses_of_different_kinds() -> None:
    gaussian = summary("a", -500.0, "gaussian")
    good, better = summary("c", 20.0), summary("b", 21.0)
    autoencoder = summary("d", 5.0, objective="autoencoder")
    assert [s.name for s in model_picker.in_order([gaussian, good, autoencoder, better])] == ["d", "b", "c", "a"]
    assert model_picker.first_choice([gaussian, good, autoencoder, better]) == good  # the lowest of its group only


# --- thumbnails -------------------------------------------------------------------------------------------------------


def test_thumbnails_are_of_as_many_classes_as_there_is_room_for() -> None:
    one = checkpoint()
    labels = one.latents.labels
    rows = card.examples(one)
    assert len(rows) == len(set(rows)) == card.THUMBNAILS
    assert len({labels[row] for row in rows}) == card.THUMBNAILS  # of ten classes
    narrow = checkpoint(train=TrainConfig("digits", classes=("3",)))
    assert {labels[row] for row in card.examples(narrow)} == {3}


def test_there_are_no_more_thumbnails_than_images() -> None:
    few = checkpoint(latents=new_checkpoint().latents.take(np.arange(3)))
    assert sorted(card.examples(few)) == [0, 1, 2]


def test_a_row_of_thumbnails_shows_the_images_and_names_their_classes() -> None:
    names = ('<b> "x"', *"123456789")
    one = checkpoint(dataset=replace(new_checkpoint().dataset, class_names=names))
    images = np.random.default_rng(0).integers(0, 256, (40, 3, 8, 8)).astype(np.uint8)
    row = card.row_of(images, one)
    sent = re.findall(r'src="data:image/png;base64,([^"]+)" alt="([^"]+)"', row)
    assert len(sent) == card.THUMBNAILS
    for (data, name), at in zip(sent, card.examples(one), strict=True):
        shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
        np.testing.assert_array_equal(shown, np.moveaxis(images[at], 0, -1))
        assert ("<b>" in name, '"' in name) == (False, False)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 28, 28), (3, 5, 7), (2, 4, 4), (4, 9, 3)])
def test_a_png_holds_exactly_the_pixels(shape: tuple[int, int, int]) -> None:
    image = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    read = np.asarray(Image.open(io.BytesIO(pictures.png(image))))
    expected = image[0] if shape[0] < 3 else np.moveaxis(image[:3], 0, -1)
    np.testing.assert_array_equal(read, expected)


@pytest.mark.parametrize("size", [(26, 26), (300, 200), (64, 128), (1, 1), (1000, 3)])
def test_what_is_shrunk_is_small_and_as_bright_as_before(size: tuple[int, int]) -> None:
    image = np.full((3, *size), 200, np.uint8)
    small = pictures.shrunk(image, 26)
    assert small.shape[1] <= 52
    assert min(small.shape) >= 1
    assert (small == 200).all()
