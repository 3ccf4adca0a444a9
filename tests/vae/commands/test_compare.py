"""`python -m vae compare`: what it prints, saves and refuses."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.vae.anomalies.evaluation.made import CHECKPOINTS, LOW
from vae.anomalies import normal_images
from vae.anomalies.evaluation import comparison_files
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.commands import common, main
from vae.data import datasets
from vae.storage import paths

FOLDER = str(CHECKPOINTS / "digits-mlp-8")


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return checkpoint_files.read("digits-mlp-8", CHECKPOINTS)


def call(*words: str) -> int:
    return main(["compare", FOLDER, *words])


def test_the_command_prints_and_keeps_every_score(checkpoint: Checkpoint, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--normal", *"01234", "--scores", "knn", "pca_lof") == 0
    lines = capsys.readouterr().out.splitlines()
    found = comparison_files.saved(checkpoint, LOW)
    assert found is not None
    interval = found.evaluations["pca_lof"].auroc
    assert any(
        line.startswith(f"pca_lof *              {interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]")
        for line in lines
    )
    assert lines[-1] == found.sentence(lambda name: f"{name} ({registry.get(name).title})")
    assert lines[0].startswith("Normal: scikit-learn digits train, classes 0, 1, 2, 3, 4;")


@pytest.mark.parametrize(
    "told", [("--normal", "good"), ("--normal", "all", "--outliers", "all"), ("--normal", "3", "good")]
)
def test_images_of_elsewhere_are_judged_as_score_judges_them(
    checkpoint: Checkpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str], told: tuple[str, ...]
) -> None:
    """The test split alone has no outliers where all of it is normal."""
    test, rng = datasets.load("digits", "test").images, np.random.default_rng(0)
    for k in range(24):
        folder = tmp_path / "own" / ("good" if k % 2 else "odd")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = test[k, 0] if k % 2 else rng.integers(0, 256, (8, 8), np.uint8)
        Image.fromarray(pixels).save(folder / f"{k}.png")
    (tmp_path / "own" / "good" / "none.png").write_bytes(b"none")
    where, kept = ("--images", str(tmp_path / "own")), comparison_files.path_of(checkpoint, NormalChoice())
    assert call(*where, *told, "--scores", "knn", "pca_lof", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert not kept.exists()
    for name in ("knn", "pca_lof"):
        output = str(tmp_path / "scores.csv")
        assert main(["score", FOLDER, *where, *told, "--score", name, "--output", output, "--json"]) == 0
        judged = json.loads(capsys.readouterr().out)
        assert {key: found["scores"][name][key] for key in ("auroc", "fpr95", "protocol")} == {
            key: judged[key] for key in ("auroc", "fpr95", "protocol")
        }
    assert call(*where, *told, "--scores", "knn", "pca_lof") == 0
    out = capsys.readouterr().out
    assert "no ROC" not in out
    assert "none.png" in out


def test_json_has_what_the_table_has(checkpoint: Checkpoint, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--scores", "kl", "--normal", "all", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["classes"], list(printed["scores"]), printed["winner"]) == ([], ["kl"], None)
    assert printed["reading"].startswith("All classes of the test split are normal")
    assert Path(printed["path"]).is_file()
    assert call("--scores", "squared_error", "pca_forest", "--normal", "1", "--json") == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert [scores[name]["baseline"] for name in ("squared_error", "pca_forest")] == [False, True]
    assert scores["squared_error"]["auroc"].keys() == {"value", "low", "high"}


def test_a_stopped_comparison_keeps_what_is_finished(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def stop(self: object, batch: Any, *_: object) -> np.ndarray:
        os.kill(os.getpid(), signal.SIGTERM)
        return np.zeros(len(batch))

    monkeypatch.setattr(type(registry.get("knn")), "_score", stop)
    words = ["--normal", *"01234", "--run-folder", str(tmp_path), "--scores"]
    assert call(*words, "kl", "squared_error", "knn", "pca_lof") == 0
    found = comparison_files.saved(checkpoint, LOW)
    assert found is not None
    assert list(found.scores) == ["squared_error", "kl"]
    assert "Stopped: 2 of 4 scores were finished, and are kept." in capsys.readouterr().out
    progress = json.loads((tmp_path / "progress.json").read_text())
    assert progress["scores"] == ["squared_error", "kl"]
    assert progress["finished"] is False
    assert progress["message"] == "Stopped: 2 of 4 scores are finished and kept."
    assert call(*words, "knn") == 130  # nothing finished this time
    assert "nothing was written" in capsys.readouterr().err


def test_a_model_that_has_learned_the_outliers_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for name, normal, told in (("squared_error", "1", True), ("lof", "1", False), ("squared_error", "all", False)):
        assert call("--scores", name, "--normal", normal, "--json") == 0
        printed = capsys.readouterr()
        assert (normal_images.LEARNED_OTHERS in printed.err.splitlines()) == told
        # of all scores that are kept of this choice: squared_error is still among them
        assert json.loads(printed.out)["note"] == ("" if normal == "all" else normal_images.LEARNED_OTHERS)


def test_scores_that_cant_be_kept_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    paths.derived_dir().write_text("a file where the folder should be")
    words = ("--normal", *"01234", "--scores", "kl", "squared_error")
    assert call(*words) == 2
    printed = capsys.readouterr()
    assert {"kl", "squared_error"} <= {line.split(" ")[0] for line in printed.out.splitlines()}
    last = printed.err.splitlines()[-1]
    assert last.startswith("python -m vae compare: The numbers are printed, but not kept: ")
    assert last.endswith("can't be written: Not a directory.")
    assert call(*words, "--json") == 2
    found = json.loads(capsys.readouterr().out)
    assert (list(found["scores"]), found["path"]) == (["squared_error", "kl"], None)


def test_bad_arguments_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    cases = (
        (("--normal", "x"), "no class 'x'"),
        (("--normal", "0,x"), "no class 'x'"),
        (("--normal", ",", ""), "names no class"),
        (("--scores", "x"), "Unknown score 'x'"),
    )
    for words, message in cases:
        assert call(*words) == 2
        printed = capsys.readouterr().err
        assert message in printed
        assert printed.count("\n") == 1


@pytest.mark.parametrize("words", [("0,1,2,3,4",), ("0, 1", "2,", "3", "4"), tuple("01234")])
def test_classes_are_words_or_joined_by_commas(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--scores", "kl", "--normal", *words, "--json") == 0
    assert json.loads(capsys.readouterr().out)["classes"] == list(LOW.classes)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["a,b"], ("a,b",)),
        (["a,b", "c,d"], ("a,b", "c", "d")),
        (["c", "d , a"], ("a", "c", "d")),
        (["all"], ()),
        (None, ()),
    ],
)
def test_a_word_that_is_a_class_is_not_split(
    words: list[str] | None, expected: tuple[str, ...], checkpoint: Checkpoint
) -> None:
    names = ("a", "b", "c", "d", "a,b")
    named = dataclasses.replace(checkpoint, dataset=dataclasses.replace(checkpoint.dataset, class_names=names))
    assert common.normal_choice(named, words) == NormalChoice(expected)
    named = dataclasses.replace(named, dataset=dataclasses.replace(named.dataset, class_names=(*names, "all")))
    assert common.normal_choice(named, ["all"]) == NormalChoice(("all",))


@pytest.mark.parametrize("names", [("a", "b,c", "d"), ("a", "all"), ("all",)], ids=str)
@pytest.mark.parametrize("classes", [(), ("a",), ("all",), ("b,c", "d")], ids=str)
def test_a_choice_is_read_as_it_was_said(
    names: tuple[str, ...], classes: tuple[str, ...], checkpoint: Checkpoint
) -> None:
    named = dataclasses.replace(checkpoint, dataset=dataclasses.replace(checkpoint.dataset, class_names=names))
    choice = normal_images.chosen(named, [name for name in classes if name in names])
    assert common.normal_choice(named, list(choice.words(names))) == choice


def test_missing_images_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    assert main(["compare", str(CHECKPOINTS / "mnist-mlp-2"), "--scores", "kl"]) == 2
    assert "python -m vae fetch mnist" in capsys.readouterr().err
