"""Groups that are groups of classes under another name."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.vae.helpers import new_checkpoint
from vae.checkpoints.checkpoint import Checkpoint
from vae.generation import groups
from vae.generation.by_class import by_class

LABELS = np.array([0] * 6 + [1] * 3 + [2] * 1 + [1] * 8 + [0] * 2 + [2] * 20)  # rows 0-9, 10-19, 20-39


@pytest.fixture
def checkpoint() -> Checkpoint:
    new = new_checkpoint()
    latents = dataclasses.replace(new.latents, labels=LABELS)
    dataset = dataclasses.replace(new.dataset, class_names=("zero", "one", "two"))
    return Checkpoint("a", Path(), "0" * 64, new.model, new.train, dataset, "", latents, {}, {}, [])


def test_the_class_alone_tells_groups_apart(checkpoint: Checkpoint) -> None:
    found = by_class(groups.pair("rows:0-9", "rows:10-19", checkpoint), checkpoint)
    assert found is not None
    assert found.accuracy == pytest.approx((0.6 + 0.8 + 0.1) / 2)  # of each class the larger share: .6|.2, .3|.8, .1|0
    assert (found.a.name, found.a.share, found.b.name, found.b.share) == ("zero", 0.6, "one", 0.8)
    assert found.sentence() == (
        "60 % of group A are class zero and 80 % of group B are class one; knowing the class alone tells the groups "
        "apart with 75 % balanced accuracy, so this may be a direction between classes."
    )


def test_groups_of_the_same_classes_are_not_told_apart(checkpoint: Checkpoint) -> None:
    found = by_class(groups.pair("rows:20-29", "rows:30-39", checkpoint), checkpoint)
    assert found is not None
    assert found.accuracy == 0.5
    assert "between classes" not in found.sentence()


@pytest.mark.parametrize(("a", "b"), [("class:zero", "class:one"), ("class:zero + class:one", "rest")])
def test_groups_that_were_chosen_by_class_are_no_surprise(checkpoint: Checkpoint, a: str, b: str) -> None:
    assert by_class(groups.pair(a, b, checkpoint), checkpoint) is None


def test_one_class_tells_nothing_apart(checkpoint: Checkpoint) -> None:
    dataset = dataclasses.replace(checkpoint.dataset, class_names=("only",))
    latents = dataclasses.replace(checkpoint.latents, labels=np.zeros_like(LABELS))
    alone = dataclasses.replace(checkpoint, dataset=dataset, latents=latents)
    assert by_class(groups.pair("rows:0-9", "rest", alone), alone) is None
