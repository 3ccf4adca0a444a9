"""Groups of test images written as text."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tests.vae.helpers import new_checkpoint
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import GenerationError
from vae.generation import groups
from vae.selection import tag_files
from vae.selection.tag_files import Tag


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    """40 images in 2 latent dimensions, classes 0 to 9; made once, nothing here changes it."""
    new = new_checkpoint()
    about = (new.model, new.train, new.dataset, new.command, new.latents, {}, new.metrics, new.history)
    return Checkpoint("a", Path("a"), "cd" * 32, *about)


def with_classes(checkpoint: Checkpoint, *names: str) -> Checkpoint:
    labels = np.arange(40) % len(names)
    return dataclasses.replace(
        checkpoint,
        dataset=dataclasses.replace(checkpoint.dataset, class_names=names),
        latents=dataclasses.replace(checkpoint.latents, labels=labels),
    )


def test_classes(checkpoint: Checkpoint) -> None:
    labels = checkpoint.latents.labels
    one, two = groups.parse("class:3", checkpoint), groups.parse(groups.of_classes(["3", "5"]), checkpoint)
    assert np.array_equal(one.rows, np.flatnonzero(labels == 3))
    assert np.array_equal(two.rows, np.flatnonzero((labels == 3) | (labels == 5)))
    assert (two.text, two.title, two.rows.dtype) == ("class:3 + class:5", "class 3 + class 5", np.int64)


@pytest.mark.parametrize("name", ["a + b", "x + class:y", "rows:1", " cat ", "1,2-3", "rest", "ä ≠ 猫 🐈", "<b>&\"'"])
def test_any_class_name(checkpoint: Checkpoint, name: str) -> None:
    named = with_classes(checkpoint, "x", "y", "a", name)
    assert np.array_equal(groups.parse(f"class:{name}", named).rows, np.arange(3, 40, 4))
    both = groups.parse(groups.of_classes(["x", name, "y"]), named)
    assert np.array_equal(both.rows, np.flatnonzero(np.arange(40) % 4 != 2))


def test_rows_are_sorted_and_counted_once(checkpoint: Checkpoint) -> None:
    group = groups.parse("rows:20-22, 1,2 ,21,1", checkpoint)
    assert (group.rows.tolist(), group.title) == ([1, 2, 20, 21, 22], "5 chosen images")
    assert groups.parse("rows:39", checkpoint).title == "1 chosen image"


def test_rows_come_back_from_their_text(checkpoint: Checkpoint) -> None:
    rows = [7, 3, 4, 5, 39, 0]
    assert groups.of_rows(rows) == "rows:0,3-5,7,39"
    assert groups.parse(groups.of_rows(rows), checkpoint).rows.tolist() == sorted(rows)
    with pytest.raises(GenerationError, match=r"1,000 rows take .* at most 2,000"):
        groups.of_rows(np.arange(0, 2_000, 2))


def test_near_is_the_smallest_distances(checkpoint: Checkpoint) -> None:
    mu = checkpoint.latents.mu
    expected = np.argsort(cdist(mu, mu)[12])[:7]
    group = groups.parse("near:12:7", checkpoint)
    assert group.rows.tolist() == sorted(expected.tolist())
    assert group.title == "the 7 nearest to image 12"
    assert len(groups.parse("near:0:40", checkpoint).rows) == 40


def test_near_holds_the_image_itself_among_equals(checkpoint: Checkpoint) -> None:
    same = dataclasses.replace(checkpoint.latents, mu=np.ones((40, 2), np.float32))
    group = groups.parse("near:30:1", dataclasses.replace(checkpoint, latents=same))
    assert group.rows.tolist() == [30]


def test_forms_can_be_joined(checkpoint: Checkpoint) -> None:
    group = groups.parse("rows:0-3 + near:9:1 + class:4", checkpoint)
    fours = np.flatnonzero(checkpoint.latents.labels == 4)
    assert group.rows.tolist() == sorted({0, 1, 2, 3, 9, *fours.tolist()})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no group"),
        ("everything", "names no group"),
        ("class:", "no class ''"),
        ("class:11", "no class '11'.*classes are 0, 1"),
        ("class:3 + ", "names no group"),
        ("class:3\x00", "no class"),
        ("class:\ud800", "no class"),
        ("rows:", "'' is no row"),
        ("rows:1,,2", "'' is no row"),
        ("rows:-1", "'-1' is no row"),
        ("rows:1.5", "is no row"),
        ("rows:40", "no image 40.*0 to 39"),
        ("rows:0-40", "no image 40"),
        ("rows:5-3", "ends before it begins.*3-5"),
        ("rows:" + "9" * 1_900, "no image 9"),
        ("rows:１", "is no row"),
        ("near:1", "names no group"),
        ("near:40:3", "no image 40"),
        ("near:1:0", "asks for 0"),
        ("near:1:41", "expected 1 to 40"),
        ("near:1:" + "9" * 1_900, "asks for 9"),
        ("rest", "can only be group B"),
        ("x" * 2_001, "2,001 characters"),
        ("class:" + " + class:" * 200, "no class"),
    ],
)
def test_bad_text_is_refused_in_words(checkpoint: Checkpoint, text: str, message: str) -> None:
    with pytest.raises(GenerationError, match=message) as caught:
        groups.parse(text, checkpoint)
    assert len(str(caught.value)) < 400


def test_a_class_without_images(checkpoint: Checkpoint) -> None:
    named = with_classes(checkpoint, "x", "y")
    empty = dataclasses.replace(named, dataset=dataclasses.replace(named.dataset, class_names=("x", "y", "nothing")))
    with pytest.raises(GenerationError, match="'class:nothing' has no test image"):
        groups.parse("class:nothing", empty)


def test_rest_is_what_is_not_in_a(checkpoint: Checkpoint) -> None:
    pair = groups.pair("class:3", "rest", checkpoint)
    assert (pair.shared, pair.b.text) == (0, "rest")
    assert np.array_equal(pair.b.rows, np.flatnonzero(checkpoint.latents.labels != 3))


def test_shared_images_are_left_out_of_both(checkpoint: Checkpoint) -> None:
    pair = groups.pair("rows:0-9", "rows:8-19", checkpoint)
    assert (pair.a.rows.tolist(), pair.b.rows.tolist(), pair.shared) == (list(range(8)), list(range(10, 20)), 2)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ("rows:0-9", "rows:9,0-8", "the same 10 images"),
        ("rows:0-9", "rows:0-10", r"Group A .* has 0 images once the 10 that stand in both"),
        ("rows:5", "rest", r"Group A .* has 1 image, expected at least 2"),
        ("rows:0-39", "rest", r"Group B \(all other images\) has 0 images"),
        ("rows:0-38", "rest", "Group B .* has 1 image"),
        ("rest", "rows:1-3", "can only be group B"),
        ("rows:1-3", "class:no", "no class"),
    ],
)
def test_pairs_that_cant_be_compared(checkpoint: Checkpoint, a: str, b: str, message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        groups.pair(a, b, checkpoint)


# --- groups that are groups of classes under another name -------------------------------------------------------------

LABELS = np.array([0] * 6 + [1] * 3 + [2] * 1 + [1] * 8 + [0] * 2 + [2] * 20)  # rows 0-9, 10-19, 20-39


@pytest.fixture
def three_classes() -> Checkpoint:
    new = new_checkpoint()
    latents = dataclasses.replace(new.latents, labels=LABELS)
    dataset = dataclasses.replace(new.dataset, class_names=("zero", "one", "two"))
    return Checkpoint("a", Path(), "0" * 64, new.model, new.train, dataset, "", latents, {}, {}, [])


def test_the_class_alone_tells_groups_apart(three_classes: Checkpoint) -> None:
    found = groups.by_class(groups.pair("rows:0-9", "rows:10-19", three_classes), three_classes)
    assert found is not None
    assert found.accuracy == pytest.approx((0.6 + 0.8 + 0.1) / 2)  # of each class the larger share: .6|.2, .3|.8, .1|0
    assert (found.a.name, found.a.share, found.b.name, found.b.share) == ("zero", 0.6, "one", 0.8)
    assert found.sentence() == (
        "60 % of group A are class zero and 80 % of group B are class one; knowing the class alone tells the groups "
        "apart with 75 % balanced accuracy, so this may be a direction between classes."
    )


def test_groups_of_the_same_classes_are_not_told_apart(three_classes: Checkpoint) -> None:
    found = groups.by_class(groups.pair("rows:20-29", "rows:30-39", three_classes), three_classes)
    assert found is not None
    assert found.accuracy == 0.5
    assert "between classes" not in found.sentence()


@pytest.mark.parametrize(("a", "b"), [("class:zero", "class:one"), ("class:zero + class:one", "rest")])
def test_groups_that_were_chosen_by_class_are_no_surprise(three_classes: Checkpoint, a: str, b: str) -> None:
    assert groups.by_class(groups.pair(a, b, three_classes), three_classes) is None


def test_one_class_tells_nothing_apart(three_classes: Checkpoint) -> None:
    dataset = dataclasses.replace(three_classes.dataset, class_names=("only",))
    latents = dataclasses.replace(three_classes.latents, labels=np.zeros_like(LABELS))
    alone = dataclasses.replace(three_classes, dataset=dataset, latents=latents)
    assert groups.by_class(groups.pair("rows:0-9", "rest", alone), alone) is None


def test_a_tag_is_a_group_and_can_be_joined(checkpoint: Checkpoint) -> None:
    tag_files.save(checkpoint.identity, Tag("odd ones", np.array([1, 4, 10**6])))
    found = groups.parse(groups.of_tag("odd ones"), checkpoint)
    np.testing.assert_array_equal(found.rows, [1, 4])  # without images that this checkpoint has none of
    assert found.title == "tag odd ones"
    np.testing.assert_array_equal(groups.parse("tag:odd ones + rows:0,1", checkpoint).rows, [0, 1, 4])
    with pytest.raises(GenerationError, match=r"no tag 'other'.*odd ones"):
        groups.parse("tag:other", checkpoint)
    assert not groups.are_classes("tag:odd ones")
