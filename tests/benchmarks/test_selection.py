"""Choosing a score on synthetic outliers: a planted best one wins, and nothing else decides."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from benchmarks.anomaly import selection, synthetic
from vae.anomalies.evaluation.metrics import auroc
from vae.errors import ScoreError


def squares(count: int = 60, seed: int = 0) -> np.ndarray:
    """Normal images: a grey square in the middle, a little brighter or darker."""
    images = np.zeros((count, 1, 12, 12), np.uint8)
    images[:, :, 3:9, 3:9] = np.random.default_rng(seed).integers(120, 180, count)[:, None, None, None]
    return images


def candidates(images: np.ndarray) -> dict[str, np.ndarray]:
    """The oracle knows what a normal image is, `brightness` sees half the truth, `constant` nothing."""
    middle = np.median(images[:, :, 4:8, 4:8], axis=(1, 2, 3), keepdims=True)
    ideal = np.zeros_like(images, np.float32)
    ideal[:, :, 3:9, 3:9] = middle
    return {
        "constant": np.zeros(len(images), np.float32),
        "brightness": images.mean((1, 2, 3)).astype(np.float32),
        "oracle": np.abs(images - ideal).sum((1, 2, 3)).astype(np.float32),
        "wrong_way": -np.abs(images - ideal).sum((1, 2, 3)).astype(np.float32),
    }


KINDS = ("cut_paste", "erase", "stroke", "affine", "noise")


def test_the_planted_best_score_wins_and_a_constant_one_is_chance() -> None:
    ranked = selection.choose(candidates, squares(), KINDS)
    assert (ranked[0].name, ranked[-1].name) == ("oracle", "wrong_way")
    by_name = {r.name: r for r in ranked}
    assert by_name["oracle"].mean_auroc > 0.95
    assert by_name["constant"].by_kind == dict.fromkeys(KINDS, 0.5)
    assert [r.mean_auroc for r in ranked] == sorted((r.mean_auroc for r in ranked), reverse=True)


def test_the_figures_are_the_aurocs_of_the_named_outliers() -> None:
    images = squares()
    ranked = {r.name: r for r in selection.choose(candidates, images, ("erase", "noise"), seed=5)}
    scores = [candidates(batch)["brightness"] for batch in (images, synthetic.make(images, "erase", 5))]
    expected = auroc(np.concatenate(scores), np.repeat([False, True], len(images)))
    found = ranked["brightness"]
    assert found.by_kind["erase"] == expected
    assert found.mean_auroc == pytest.approx(np.mean([expected, found.by_kind["noise"]]))


def test_it_is_repeatable_and_says_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    first = selection.choose(candidates, squares(), KINDS, on_kind=lambda *done: told.append(done))
    assert first == selection.choose(candidates, squares(), KINDS)
    assert told == [(k, 5) for k in range(1, 6)]


def test_of_many_images_a_thousand_are_used() -> None:
    seen: list[int] = []

    def score_all(images: np.ndarray) -> Mapping[str, np.ndarray]:
        seen.append(len(images))
        return candidates(images)

    selection.choose(score_all, squares(1_500), ("noise",))
    assert seen == [1_000, 1_000]


def test_equal_scores_stay_in_the_order_given() -> None:
    ranked = selection.choose(lambda x: {n: candidates(x)["oracle"] for n in ("b", "a")}, squares(), ("noise",))
    assert [r.name for r in ranked] == ["b", "a"]


def test_what_can_not_be_compared_is_refused() -> None:
    with pytest.raises(ScoreError, match="9 held-out normal images, expected at least 10"):
        selection.choose(candidates, squares(9))
    with pytest.raises(ScoreError, match="No kind"):
        selection.choose(candidates, squares(), ())
    with pytest.raises(ScoreError, match="Unknown kind"):
        selection.choose(candidates, squares(), ("sepia",))
    with pytest.raises(ScoreError, match="not a number"):
        selection.choose(lambda x: {"nan": np.full(len(x), np.nan, np.float32)}, squares())
    answers = iter([{"a": np.zeros(60, np.float32)}, {}])
    with pytest.raises(ScoreError, match="expected"):
        selection.choose(lambda _: next(answers), squares())
