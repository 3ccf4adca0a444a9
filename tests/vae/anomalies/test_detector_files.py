"""Detectors saved, and read back from files that may be anything."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from tests.vae.anomalies.made import fitted, seen
from tests.vae.helpers import new_checkpoint
from vae.anomalies import detector_files, detectors
from vae.anomalies.detectors import Detector
from vae.anomalies.methods import registry
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import ScoreError
from vae.storage import paths


@pytest.fixture()
def checkpoint() -> Checkpoint:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "a")
    return checkpoint_files.read("a")


@pytest.mark.parametrize("name", [n for n in registry.SCORES if not registry.SCORES[n].needs_model])
def test_a_kept_detector_decides_as_it_did(checkpoint: Checkpoint, name: str) -> None:
    detector = fitted(checkpoint, name, classes=("0", "a,b"), aliases=("good",))
    path = detector_files.save(detector)
    assert path.parent == paths.derived_dir() / checkpoint.identity[:16] / "detectors"
    found = detector_files.read(checkpoint, "first")
    assert found.info.__dict__ == detector.info.__dict__
    batch = seen(30, seed=5, shift=1)
    before, after = (detectors.decide(d, batch, None) for d in (detector, found))
    assert np.array_equal(before.scores, after.scores)
    assert np.array_equal(before.flagged, after.flagged)
    assert np.array_equal(before.higher_than, after.higher_than)


def test_of_two_that_keep_one_name_the_first_wins(checkpoint: Checkpoint) -> None:
    to_bytes = detector_files.to_bytes

    def faster(detector: Detector) -> bytes:
        patch.undo()
        detector_files.save(fitted(checkpoint, name="a", threshold=3.0))
        return to_bytes(detector)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detector_files, "to_bytes", faster)
        with pytest.raises(ScoreError, match="already a detector 'a'"):
            detector_files.save(fitted(checkpoint, name="a", threshold=2.0))
    assert [about.threshold for about in detector_files.saved(checkpoint)] == [3.0]


def test_a_list_of_what_is_kept_leaves_out_what_is_damaged(checkpoint: Checkpoint) -> None:
    assert detector_files.saved(checkpoint) == []
    for name in ("second", "first", "damaged"):
        path = detector_files.save(fitted(checkpoint, name=name, threshold=2.0))
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(ScoreError, match="already a detector 'first'"):
        detector_files.save(fitted(checkpoint, name="first", threshold=3.0))
    detector_files.replace(fitted(checkpoint, name="first", threshold=3.0))
    assert [(about.name, about.threshold) for about in detector_files.saved(checkpoint)] == [
        ("first", 3.0),
        ("second", 2.0),
    ]
    for name in ("damaged", "first", "first"):
        detector_files.delete(checkpoint, name)
    assert [about.name for about in detector_files.saved(checkpoint)] == ["second"]
    with pytest.raises(ScoreError, match=r"no detector 'first'.*Kept ones: second"):
        detector_files.read(checkpoint, "first")


def test_a_folder_that_cant_be_written_is_said(checkpoint: Checkpoint) -> None:
    folder = paths.derived_dir() / checkpoint.identity[:16]
    folder.mkdir(parents=True)
    (folder / "detectors").write_text("in the way")
    with pytest.raises(ScoreError, match="can't be written"):
        detector_files.save(fitted(checkpoint))


def test_what_could_not_be_read_is_not_kept(checkpoint: Checkpoint) -> None:
    with pytest.raises(ScoreError, match=r"normal is 'x.*expected text of at most 1,000 characters"):
        detector_files.save(fitted(checkpoint, normal="x" * 1_001))
    with pytest.raises(ScoreError, match="not finite"):
        detector_files.save(fitted(checkpoint, state={"mean": np.array([np.inf])}))


def forged(path: Path, about: dict[str, object] | None = None, **arrays: np.ndarray) -> None:
    """Change a kept file's metadata and arrays."""
    with safetensors.safe_open(path, "numpy") as file:
        values = json.loads(file.metadata()["detector"]) | (about or {})
        tensors = {name: file.get_tensor(name) for name in file.keys()} | arrays  # noqa: SIM118 - no mapping
    path.write_bytes(safetensors.numpy.save(tensors, {"detector": json.dumps(values)}))


@pytest.mark.parametrize(
    ("about", "what"),
    [
        ({"version": 9}, "another format"),
        ({"identity": "0" * 64}, "was fitted to a, and this is a"),
        ({"identity": "../../etc"}, "64 hexadecimal digits"),
        ({"digest": "0" * 64}, "were changed"),
        ({"threshold": float("nan")}, "finite number"),
        ({"threshold": "high"}, "finite number"),
        ({"score": "luck"}, "Unknown score 'luck'"),
        ({"score": 3}, "score is 3, expected text of at most 60 characters"),
        ({"name": "a\x1b[2J"}, "name is .*, expected printable text"),
        ({"normal": "x" * 5_000}, "normal is"),
        ({"held_out": True}, "held_out is True, expected a whole number from 1"),
        ({"held_out": -1}, "held_out is -1, expected a whole number from 1"),
        ({"classes": "abc"}, "classes is 'abc', expected a list of at most"),
        ({"classes": [1]}, r"classes\[0\] is 1, expected text"),
        ({"binarized": 1}, "binarized is 1, expected true or false"),
        ({"seed": -1}, "seed is -1, expected a whole number from 0"),
        ({"made": None}, "made is None, expected text"),
    ],
)
def test_forged_words_are_refused(checkpoint: Checkpoint, about: dict[str, object], what: str) -> None:
    forged(detector_files.save(fitted(checkpoint)), about)
    with pytest.raises(ScoreError, match=what):
        detector_files.read(checkpoint, "first")
    assert detector_files.saved(checkpoint) == [] or "digest" in about  # which only its arrays can tell


@pytest.mark.parametrize(
    ("arrays", "what"),
    [
        ({"calibration": np.arange(3.0)}, "no calibration"),
        ({"calibration": np.arange(200.0)[::-1].copy()}, "doesn't rise"),
        ({"calibration": np.full(200, np.nan)}, "doesn't rise"),
        ({"calibration": np.arange(200.0)}, "were changed"),
        ({"state.center": np.array([np.nan])}, "not finite"),
        ({"state.more": np.ones(3)}, "were changed"),
        ({"other": np.ones(3)}, "no score's"),
        ({"state.half": np.ones(3, np.float16)}, "float16"),
    ],
)
def test_forged_arrays_are_refused(checkpoint: Checkpoint, arrays: dict[str, np.ndarray], what: str) -> None:
    forged(detector_files.save(fitted(checkpoint)), **arrays)
    with pytest.raises(ScoreError, match=what):
        detector_files.read(checkpoint, "first")


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"no detector", (2**62).to_bytes(8, "little") + b"{}"])
def test_files_that_are_no_detector_are_refused(checkpoint: Checkpoint, content: bytes) -> None:
    detector_files.save(fitted(checkpoint)).write_bytes(content)
    with pytest.raises(ScoreError, match="is not a readable"):
        detector_files.read(checkpoint, "first")
    assert detector_files.saved(checkpoint) == []


def test_a_safetensors_file_of_something_else_is_refused(checkpoint: Checkpoint) -> None:
    path = detector_files.save(fitted(checkpoint))
    for metadata in ({}, {"detector": "[1]"}, {"detector": "{"}, {"detector": "[" * 99_999}, {"detector": '{"a": 1}'}):
        path.write_bytes(safetensors.numpy.save({"a": np.ones(1)}, metadata))
        with pytest.raises(ScoreError, match="no detector"):
            detector_files.read(checkpoint, "first")


def test_a_state_that_isnt_the_scores_is_explained(checkpoint: Checkpoint) -> None:
    detector_files.save(fitted(checkpoint, "knn", state={"reference": np.ones((3, 7))}))
    with pytest.raises(ScoreError, match=r"Fit it again"):
        detectors.decide(detector_files.read(checkpoint, "first"), seen(), None)


@pytest.mark.parametrize("decimals", [9, 1, 0])
def test_quantiles_that_older_files_hold_give_the_scores_back(decimals: int) -> None:
    rng = np.random.default_rng(0)
    for number in (1, 2, 21, 44, 359, 501, 2_000):
        scores = np.sort(rng.normal(size=number).round(decimals).astype(np.float32)).astype(np.float64)
        found = detector_files.scores_of(np.quantile(scores, np.linspace(0, 1, 1_001)), number)
        assert found.shape == (number,)
        if number <= 501:
            assert np.array_equal(found, scores)
        else:
            assert np.abs(np.searchsorted(scores, found) - np.arange(number)).max() <= max(4, number * (decimals < 9))


def test_a_detector_that_claims_more_images_than_any_has_is_refused(checkpoint: Checkpoint) -> None:
    forged(detector_files.save(fitted(checkpoint)), {"version": 1, "held_out": 10**9})
    with pytest.raises(ScoreError, match="1,000,000,000 held-out images, expected at most 1,000,000"):
        detector_files.read(checkpoint, "first")
