"""`score` on the splits of data sets: what is written and what is judged."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.vae.commands.score.score import call, save, table
from vae.anomalies import detector_files, detectors, normal_images, streaming
from vae.anomalies.evaluation import metrics
from vae.anomalies.forward_pass import passes
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints import loading
from vae.checkpoints.checkpoint import Checkpoint
from vae.commands import score
from vae.data import datasets
from vae.storage import paths


def test_a_split_is_scored_judged_and_the_detector_kept(
    checkpoint: Checkpoint, tmp_path: Path, digits: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    out, test = tmp_path / "s.csv", digits["test"]
    given = ("--normal", "0,1", "--score", "mahalanobis", "--false-alarms", 0.1, "--keep", "zero or one")
    assert call("digits-mlp-8", *given, "--output", out, "--json") == 0
    said, rows = json.loads(capsys.readouterr().out), table(out)
    assert list(rows[0]) == ["name", "row", "class", "score", "higher_than", "held_out", "decision"]
    assert [row["class"] for row in rows] == [str(label) for label in test.labels]
    assert (rows[7]["name"], rows[7]["row"]) == ("row 7", "7")
    scores = np.array([float(row["score"]) for row in rows])
    flagged = np.array([row["decision"] == "anomaly" for row in rows])
    assert np.array_equal(flagged, scores > said["threshold"])
    assert (said["scored"], said["flagged"], said["skipped"]) == (360, flagged.sum(), 0)
    assert said["auroc"]["value"] == pytest.approx(metrics.auroc(scores, test.labels > 1))
    assert said["normal"] == "scikit-learn digits train, classes 0, 1: 257 images"

    detector = detector_files.read(checkpoint, "zero or one")
    model = loading.load_model(checkpoint)
    decided = detectors.decide(detector, passes(model, np.array(test.images)), model)
    assert np.allclose(decided.scores, scores, rtol=1e-3)
    again = tmp_path / "again.csv"
    assert call("digits-mlp-8", "--detector", "zero or one", "--output", again) == 0
    assert again.read_bytes() == out.read_bytes()
    text = capsys.readouterr().out
    assert f"Flagged {flagged.sum()} " in text
    assert "Threshold: set for 10 % false alarms: " in text
    assert "AUROC" in text


def test_a_stop_while_judging_says_that_the_scores_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(streaming, "evaluated", stop)
    out = tmp_path / "s.csv"
    assert call("digits-mlp-8", "--normal", "0,1", "--output", out) == 0
    said = capsys.readouterr().out
    assert "Wrote 360 scores" in said
    assert said.endswith("Not judged: It was stopped before that.\n")
    assert len(table(out)) == 360


def test_a_detector_that_cant_be_kept_hides_no_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths.derived_dir().write_text("a file where the folder should be")
    out = tmp_path / "s.csv"
    given = ("digits-mlp-8", "--score", "kl", "--keep", "mine", "--output", out)
    assert call(*given) == 2
    printed = capsys.readouterr()
    assert f"Wrote 360 scores of digits, test split to {out}." in printed.out
    assert "Kept" not in printed.out
    last = printed.err.splitlines()[-1]
    assert last.startswith("python -m vae score: The scores are written, but the detector is not kept: ")
    assert len(table(out)) == 360
    assert call(*given, "--json") == 2
    assert json.loads(capsys.readouterr().out)["kept"] is None


def test_a_contamination_rate_is_of_what_is_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "s.csv"
    assert call("digits-mlp-8", "--contamination", 0.1, "--output", out) == 0
    assert sum(row["decision"] == "anomaly" for row in table(out)) == 36
    text = capsys.readouterr().out
    assert "Flagged 36 (10.0%)" in text
    assert "set to flag 10 % of the images that were scored (it flags 36 of 360)." in text
    assert "Not judged: All 360 images with a class are normal" in text


def test_a_threshold_can_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "s.csv"
    assert call("digits-mlp-8", "--score", "pca_lof", "--threshold", 1.05, "--output", out) == 0
    assert all((float(row["score"]) > 1.05) == (row["decision"] == "anomaly") for row in table(out))
    assert "Threshold: set by hand: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("split", "why"),
    [
        ("train", "Model and detector were fitted to these images."),
        ("validation", "The detector was calibrated on these images."),
    ],
)
def test_images_that_something_was_fitted_to_are_scored_but_not_judged(
    split: str, why: str, tmp_path: Path, digits: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "s.csv"
    given = ("--split", split, "--normal", "0,1", "--score", "kl", "--output", out)
    assert call("digits-mlp-8", *given) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[-1] == f"Not judged: {why}"
    assert len(table(out)) == len(digits[split])
    assert call("digits-mlp-8", *given, "--dataset", "digits", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["not_judged"] == why
    assert "auroc" not in said


def test_the_train_split_of_another_data_set_is_judged(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = datasets.load
    monkeypatch.setattr(datasets, "load", lambda name, split: replace(plain("digits", split), name=name))
    given = ("--dataset", "mnist", "--split", "train", "--normal", "0,1", "--score", "kl", "--json")
    assert call("digits-mlp-8", *given, "--output", tmp_path / "s.csv") == 0
    assert "auroc" in json.loads(capsys.readouterr().out)


def test_one_class_in_the_split_gives_no_curve(
    tmp_path: Path, digits: dict, checkpoint: Checkpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    for row in range(40):
        if digits["test"].labels[row] == 1:
            save(tmp_path / "in" / "1" / f"{row}.png", digits["test"].images[row, 0])
    given = ("--images", tmp_path / "in", "--normal", "1", "--output", tmp_path / "s.csv", "--json")
    assert call("digits-mlp-8", *given) == 0
    assert "with a class are normal" in json.loads(capsys.readouterr().out)["not_judged"]
    assert call("digits-mlp-8", "--normal", ",".join("0123456789"), "--output", tmp_path / "s.csv", "--json") == 0
    assert "All 360 images with a class are normal" in json.loads(capsys.readouterr().out)["not_judged"]


@pytest.mark.parametrize("words", [("0,1",), ("0", "1"), ("0,", "1")])
def test_classes_are_words_or_joined_by_commas(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--normal", *words, "--score", "kl", "--output", tmp_path / "s.csv", "--json")
    assert call("digits-mlp-8", *given) == 0
    assert json.loads(capsys.readouterr().out)["normal"] == "scikit-learn digits train, classes 0, 1: 257 images"


def test_a_model_of_one_class_takes_that_class_for_normal(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_threes = replace(checkpoint, train=replace(checkpoint.train, classes=("3",)))
    monkeypatch.setattr(score, "read_checkpoint", lambda name: of_threes)
    for given, expected in (((), "train, class 3"), (("--normal", "all"), "train, all classes")):
        assert call("digits-mlp-8", *given, "--score", "kl", "--output", tmp_path / "s.csv", "--json") == 0
        assert expected in json.loads(capsys.readouterr().out)["normal"]


def test_a_model_that_has_learned_the_outliers_is_told(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--normal", "3", "--output", tmp_path / "s.csv", "--json")
    for score_name, expected in (("squared_error", normal_images.LEARNED_OTHERS), ("lof", ""), ("pca_lof", "")):
        assert call("digits-mlp-8", *given, "--score", score_name, "--keep", score_name) == 0
        printed = capsys.readouterr()
        assert json.loads(printed.out)["note"] == expected
        assert ("has learned the other classes" in printed.err) == bool(expected)
    assert call("digits-mlp-8", "--detector", "squared_error", *given[2:]) == 0
    assert normal_images.LEARNED_OTHERS in capsys.readouterr().err.splitlines()
    of_threes = replace(checkpoint, train=replace(checkpoint.train, classes=("3",)))
    monkeypatch.setattr(score, "read_checkpoint", lambda name: of_threes)
    assert call("digits-mlp-8", "--score", "squared_error", *given) == 0
    assert json.loads(capsys.readouterr().out)["note"] == ""


def test_what_a_model_has_not_learned_is_told_too(checkpoint: Checkpoint) -> None:
    of_some = replace(checkpoint, train=replace(checkpoint.train, classes=("3", "4")))
    without = "This model was trained without classes 0, 1, whose images look anomalous to it."
    choice = NormalChoice(("0", "1", "3", "4"))
    assert normal_images.training_note(of_some, choice, ["kl"]) == without
    assert normal_images.training_note(of_some, choice, ["pca_lof"]) == ""
    both = normal_images.training_note(of_some, NormalChoice(("0", "1", "3")), ["squared_error", "lof"])
    assert both == f"{without} {normal_images.LEARNED_OTHERS}"
    assert normal_images.training_note(of_some, NormalChoice(("3", "4")), registry.SCORES) == ""
    assert normal_images.training_note(checkpoint, NormalChoice(), registry.SCORES) == ""
