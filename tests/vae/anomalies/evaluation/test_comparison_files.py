"""What is saved of a comparison, read back from files that may be anything."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from tests.vae.anomalies.evaluation.made import IN_ORDER, LOW
from vae.anomalies.evaluation import comparison_files
from vae.anomalies.evaluation.comparison import Comparison
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import ScoreError
from vae.storage import kinds, paths
from vae.storage.tensor_files import digest_of, read_tensors


def same(a: Comparison, b: Comparison) -> None:
    for part in ("scores", "held_out"):
        x, y = getattr(a, part), getattr(b, part)
        assert list(x) == list(y)
        assert all(np.array_equal(x[name], y[name]) for name in x)
    for part in ("rows", "mu", "sigma"):
        assert np.array_equal(getattr(a.reference, part), getattr(b.reference, part))
    for part in ("choice", "evaluations", "seconds", "pass_seconds", "why_not"):
        assert getattr(a, part) == getattr(b, part)


def test_a_kept_comparison_comes_back(checkpoint: Checkpoint, compared: Comparison) -> None:
    assert comparison_files.saved(checkpoint, LOW) is None
    comparison_files.save(checkpoint, compared)
    found = comparison_files.saved(checkpoint, LOW)
    assert found is not None
    same(found, compared)
    assert not found.scores["knn"].flags.writeable
    assert comparison_files.saved(checkpoint, NormalChoice(("1",))) is None
    assert comparison_files.saved(dataclasses.replace(checkpoint, identity="0" * 64), LOW) is None


def only(found: Comparison, *names: str) -> Comparison:
    parts = ("scores", "held_out", "evaluations", "seconds")
    return dataclasses.replace(found, **{p: {n: getattr(found, p)[n] for n in names} for p in parts})  # type: ignore[arg-type]


def test_a_later_comparison_adds_to_what_is_kept(checkpoint: Checkpoint, compared: Comparison) -> None:
    comparison_files.save(checkpoint, only(compared, "knn", "pca_lof"))
    newer = only(compared, "normalised_error", "knn")
    newer = dataclasses.replace(newer, seconds={"normalised_error": 1.0, "knn": 123.0})
    together = comparison_files.save(checkpoint, newer)
    assert list(together.scores) == IN_ORDER
    assert together.seconds["knn"] == 123.0
    found = comparison_files.saved(checkpoint, LOW)
    assert found is not None
    same(found, together)


def test_scores_of_other_normal_images_are_replaced(checkpoint: Checkpoint, compared: Comparison) -> None:
    comparison_files.save(checkpoint, only(compared, "knn"))
    reference = dataclasses.replace(compared.reference, rows=compared.reference.rows + 1)
    found = comparison_files.save(checkpoint, dataclasses.replace(only(compared, "pca_lof"), reference=reference))
    assert list(found.scores) == ["pca_lof"]


def test_a_comparison_that_cant_be_kept_says_why(checkpoint: Checkpoint, compared: Comparison) -> None:
    paths.derived_dir().write_text("a file where the folder should be")
    with pytest.raises(ScoreError, match=r"safetensors can't be written"):
        comparison_files.save(checkpoint, compared)


Tensors = dict[str, Any]


def _forge(path: Path, change: Callable[[Tensors, Tensors], object]) -> None:
    """Change arrays and JSON, and make the digest agree, as somebody would who forges a file."""
    tensors, metadata = read_tensors(path, kinds.COMPARISON)
    about = json.loads(metadata["comparison"])
    change(tensors, about)
    if about.get("digest"):
        about["digest"] = digest_of(tensors)
    path.write_bytes(safetensors.numpy.save(tensors, {"comparison": json.dumps(about)}))


def test_a_forged_file_that_changes_nothing_is_read(checkpoint: Checkpoint, compared: Comparison) -> None:
    comparison_files.save(checkpoint, compared)
    _forge(comparison_files.path_of(checkpoint, LOW), lambda tensors, about: None)
    assert comparison_files.saved(checkpoint, LOW) is not None


HOSTILE: dict[str, Callable[[Tensors, Tensors], object]] = {
    "not a number": lambda t, a: t["score.knn"].__setitem__(3, np.nan),
    "infinite": lambda t, a: t["held_out.knn"].__setitem__(3, np.inf),
    "too few images": lambda t, a: t.update({"score.knn": t["score.knn"][:-1]}),
    "held-out sets differ": lambda t, a: t.update({"held_out.knn": t["held_out.knn"][:-1]}),
    "another type": lambda t, a: t.update({"score.knn": t["score.knn"].astype(np.float64)}),
    "a matrix": lambda t, a: t.update({"score.knn": t["score.knn"][:, None]}),
    "unknown score": lambda t, a: t.update({"score.x": t["score.knn"], "held_out.x": t["held_out.knn"]}),
    "not held out": lambda t, a: t.pop("held_out.knn"),
    "no scores": lambda t, a: [t.pop(k) for k in list(t) if not k.startswith("reference")],
    "no reference": lambda t, a: t.pop("reference.mu"),
    "reference of another model": lambda t, a: t.update({"reference.mu": t["reference.mu"][:, :-1]}),
    "latents of another model": lambda t, a: [
        t.update({k: t[k][:, :-1].copy()}) for k in ("reference.mu", "reference.sigma")
    ],
    "mu not a number": lambda t, a: t["reference.mu"].__setitem__((0, 0), np.nan),
    "rows fall": lambda t, a: t.update({"reference.rows": t["reference.rows"][::-1].copy()}),
    "negative rows": lambda t, a: t.update({"reference.rows": t["reference.rows"] - 10**6}),
    "negative sigma": lambda t, a: t["reference.sigma"].__setitem__((0, 0), -1),
    "AUROC above 1": lambda t, a: a["judged"]["knn"].update(auroc=[1.5, 0.5, 0.9]),
    "AUROC no number": lambda t, a: a["judged"]["knn"].update(auroc=["1", 0.5, 0.9]),
    "interval upside down": lambda t, a: a["judged"]["knn"].update(auprc=[0.5, 0.9, 0.1]),
    "interval too long": lambda t, a: a["judged"]["knn"].update(auprc=[0.5, 0.1, 0.9, 1]),
    "other counts": lambda t, a: a["judged"]["knn"].update(outliers=1),
    "endless protocol": lambda t, a: a["judged"]["knn"].update(protocol="x" * 10_000),
    "protocol no text": lambda t, a: a["judged"]["knn"].update(protocol=["<script>"]),
    "unjudged": lambda t, a: a["judged"].pop("knn"),
    "no judging": lambda t, a: a.update(judged=None),
    "negative time": lambda t, a: a["seconds"].update(knn=-1),
    "no time": lambda t, a: a["seconds"].pop("knn"),
    "time not finite": lambda t, a: a.update(pass_seconds=10**400),
    "other classes": lambda t, a: a.update(classes=["1"]),
    "other checkpoint": lambda t, a: a.update(identity="0" * 64),
    "other version": lambda t, a: a.update(version=2),
    "fitted to fewer": lambda t, a: a["limits"].update(reference=5_000),
    "calibrated on more": lambda t, a: a["limits"].update(held_out=5_000),
    "before limits were kept": lambda t, a: a.pop("limits"),
    "digest missing": lambda t, a: a.pop("digest"),
    "digest wrong": lambda t, a: (a.pop("digest"), a.update(digest="")),
    "empty": lambda t, a: a.clear(),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_damaged_file_is_ignored_and_replaced(what: str, checkpoint: Checkpoint, compared: Comparison) -> None:
    comparison_files.save(checkpoint, compared)
    _forge(comparison_files.path_of(checkpoint, LOW), HOSTILE[what])
    assert comparison_files.saved(checkpoint, LOW) is None
    comparison_files.save(checkpoint, only(compared, "pca_lof"))
    found = comparison_files.saved(checkpoint, LOW)
    assert found is not None
    assert list(found.scores) == ["pca_lof"]


@pytest.mark.parametrize(
    "content", [b"", b"x" * 100, b"\xff" * 8, safetensors.numpy.save({}, {"comparison": "[" * 100_000})]
)
def test_a_file_that_is_no_comparison_is_ignored(content: bytes, checkpoint: Checkpoint) -> None:
    path = comparison_files.path_of(checkpoint, LOW)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert comparison_files.saved(checkpoint, LOW) is None


def test_a_changed_number_a_cut_and_an_endless_file_are_noticed(
    checkpoint: Checkpoint, compared: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison_files.save(checkpoint, compared)
    path = comparison_files.path_of(checkpoint, LOW)
    whole = path.read_bytes()
    path.write_bytes(whole[:-4] + np.float32(0.125).tobytes())  # finite, and only the digest knows
    assert comparison_files.saved(checkpoint, LOW) is None
    path.write_bytes(whole[:-4])
    assert comparison_files.saved(checkpoint, LOW) is None
    path.write_bytes(whole)
    monkeypatch.setattr(kinds, "COMPARISON", dataclasses.replace(kinds.COMPARISON, most=len(whole) - 1))
    assert comparison_files.saved(checkpoint, LOW) is None
