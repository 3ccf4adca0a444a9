"""Which of the scored images are outliers, by the names of their classes."""

from __future__ import annotations

import numpy as np
import pytest

from vae.anomalies import judging

LABELS = np.array([0, 1, 2, -1, 0])
NAMES = ("good", "hole", "scratch")


@pytest.mark.parametrize(
    ("normal", "outliers", "expected"),
    [
        ({"good"}, (), [0, 1, 1, None, 0]),
        ({"good", "hole"}, (), [0, 0, 1, None, 0]),
        ({"other"}, (), [1, 1, 1, None, 1]),
        ({"good"}, ("hole",), [0, 1, None, None, 0]),
        ({"other"}, ("hole",), [None, 1, None, None, None]),
        ({"good", "hole"}, ("hole",), [0, 1, None, None, 0]),
        ({"good"}, ("all",), [1, 1, 1, 1, 1]),
    ],
)
def test_what_is_not_normal_is_an_outlier(
    normal: set[str], outliers: tuple[str, ...], expected: list[int | None]
) -> None:
    found = judging.truth(NAMES, LABELS, normal, outliers)
    said = [int(o) if k else None for o, k in zip(found.outlier, found.known, strict=True)]
    assert said == expected
    assert (found.outliers, found.normals, found.left_out) == (said.count(1), said.count(0), said.count(None))


def test_a_class_may_be_called_all() -> None:
    found = judging.truth(("all", "good"), np.array([0, 1]), {"good"}, ("all",))
    assert found.outlier.tolist() == [True, False]


def test_many_names_are_cut() -> None:
    assert judging.named([str(i) for i in range(14)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more"
