"""Every score of the test split side by side, what is kept of it, and the command."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from vae.anomalies import learned
from vae.anomalies.evaluation import compare, comparison_files, metrics
from vae.anomalies.evaluation import comparison as comparison_records
from vae.anomalies.evaluation.compare import Comparison, Reference
from vae.anomalies.evaluation.metrics import Interval, Judged
from vae.anomalies.forward_pass import passes
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints import checkpoint_files, loading
from vae.checkpoints.checkpoint import Checkpoint
from vae.commands import common, main
from vae.commands import compare as command
from vae.data.image_dataset import ImageDataset
from vae.errors import ScoreError
from vae.model.vae import VAE
from vae.storage import paths
from vae.storage.files import read_tensors

CHECKPOINTS = paths.PROJECT / "checkpoints"
FOLDER = str(CHECKPOINTS / "digits-mlp-8")
LOW = NormalChoice(tuple("01234"))
NAMES = ("knn", "normalised_error", "pca_lof")
IN_ORDER = ["normalised_error", "knn", "pca_lof"]


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return checkpoint_files.read("digits-mlp-8", CHECKPOINTS)


@pytest.fixture(scope="module")
def model(checkpoint: Checkpoint) -> VAE:
    return loading.load_model(checkpoint)


@pytest.fixture(scope="module")
def compared(checkpoint: Checkpoint, model: VAE) -> Comparison:
    return compare.compare(checkpoint, model, LOW, NAMES)


# --- the pass of what is stored ---------------------------------------------------------------------------------------


def test_the_stored_pass_is_that_of_the_model(
    checkpoint: Checkpoint, model: VAE, digits: dict[str, ImageDataset]
) -> None:
    stored, seen = compare.test_pass(checkpoint, digits["test"]), passes(model, digits["test"].images)
    for name in ("mu", "sigma", "squared_error", "energy", "kl"):
        np.testing.assert_allclose(getattr(stored, name), getattr(seen, name), rtol=2e-3, atol=2e-3, err_msg=name)
    assert stored.log_likelihood.mean() == pytest.approx(seen.log_likelihood.mean(), abs=1.0)  # of other samples
    assert np.array_equal(stored.pixels, digits["test"].images)


def test_binarized_pixels_have_the_energy_that_is_expected(
    checkpoint: Checkpoint, digits: dict[str, ImageDataset]
) -> None:
    train = dataclasses.replace(checkpoint.train, binarization="dynamic")
    found = compare.test_pass(dataclasses.replace(checkpoint, train=train), digits["test"])
    assert found.binarized
    np.testing.assert_allclose(found.energy, digits["test"].images.sum((1, 2, 3)) / 255, rtol=1e-6)


def test_other_images_than_those_measured_are_refused(checkpoint: Checkpoint, digits: dict[str, ImageDataset]) -> None:
    with pytest.raises(ScoreError, match="are not those that digits-mlp-8 was measured on"):
        compare.test_pass(checkpoint, digits["validation"])


# --- comparing --------------------------------------------------------------------------------------------------------


def test_scores_are_of_a_detector_fitted_to_the_normal_train_images(
    compared: Comparison, model: VAE, digits: dict[str, ImageDataset]
) -> None:
    seen = {name: passes(model, split.images[split.labels <= 4]) for name, split in digits.items()}
    score = registry.get("knn")
    state = score.fit(seen["train"], model)
    np.testing.assert_allclose(compared.held_out["knn"], score.score(seen["validation"], state, model), rtol=1e-4)
    normal_test = compared.scores["knn"][digits["test"].labels <= 4]
    np.testing.assert_allclose(normal_test, score.score(seen["test"], state, model), rtol=1e-4)
    np.testing.assert_allclose(compared.reference.mu, seen["train"].mu, atol=1e-5)
    assert (digits["train"].labels[compared.reference.rows] <= 4).all()


def test_each_score_is_judged_against_the_labels(compared: Comparison, digits: dict[str, ImageDataset]) -> None:
    assert list(compared.scores) == list(compared.held_out) == list(compared.judged) == IN_ORDER
    outlier = digits["test"].labels > 4
    for name, scores in compared.scores.items():
        assert compared.judged[name].auroc.value == metrics.auroc(scores, outlier)
        assert compared.judged[name].outliers == outlier.sum()
    assert compared.judged["knn"].auroc.value > 0.9  # 0.970 measured
    assert compared.why_not == ""
    for name, speed in compared.images_per_second.items():
        seconds = compared.seconds[name] + (0 if name in registry.BASELINES else compared.pass_seconds)
        assert speed == pytest.approx(len(compared.scores[name]) / seconds)


def test_without_outliers_it_says_why_nothing_is_judged(checkpoint: Checkpoint, model: VAE) -> None:
    found = compare.compare(checkpoint, model, NormalChoice(tuple("0123456789")), ["kl"])
    assert found.choice == NormalChoice()
    assert found.judged == {}
    assert found.why_not.startswith("All classes of the test split are normal")
    assert (found.winner(), found.baseline_wins(), found.sentence()) == (None, False, "")
    assert len(found.scores["kl"]) == len(checkpoint.latents.mu)


def test_one_class_only_has_no_roc(checkpoint: Checkpoint) -> None:
    single = dataclasses.replace(checkpoint, dataset=dataclasses.replace(checkpoint.dataset, class_names=("all",)))
    assert "one class only" in comparison_records.why_not(single, NormalChoice())
    nowhere = dataclasses.replace(checkpoint.latents, labels=np.full_like(checkpoint.latents.labels, 7))
    assert "no image of the normal" in comparison_records.why_not(dataclasses.replace(checkpoint, latents=nowhere), LOW)


def test_a_score_that_cant_be_computed_hides_no_other(
    checkpoint: Checkpoint, model: VAE, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(registry.get("kl")), "_score", lambda self, batch, *_: np.full(len(batch), np.nan))
    finished: list[list[str]] = []
    found = compare.compare(
        checkpoint, model, LOW, ["kl", "squared_error"], on_finished=lambda c: finished.append(list(c.scores))
    )
    assert list(found.scores) == ["squared_error"]
    assert "scores are not a number" in found.failed["kl"]
    assert finished == [["squared_error"]]
    with pytest.raises(ScoreError, match="not a number"):
        compare.compare(checkpoint, model, LOW, ["kl"])


@pytest.mark.parametrize(("names", "message"), [((), "No score was chosen"), (("kl", "x"), "Unknown score 'x'")])
def test_scores_that_are_none_are_refused(
    checkpoint: Checkpoint, model: VAE, names: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ScoreError, match=message):
        compare.compare(checkpoint, model, LOW, names)


def test_progress_hears_every_image_of_every_score(checkpoint: Checkpoint, model: VAE) -> None:
    heard: list[tuple[str, int, int]] = []
    found = compare.compare(checkpoint, model, LOW, ["kl"], lambda name, done, total: heard.append((name, done, total)))
    forward = [(done, total) for name, done, total in heard if name == compare.FORWARD]
    everything = len(found.reference.rows) + len(found.held_out["kl"]) + len(found.scores["kl"])
    assert forward[-1] == (everything, everything)
    both = len(found.held_out["kl"]) + len(found.scores["kl"])
    assert heard[-1] == ("kl", both, both)
    assert [done for name, done, _ in heard if name == "kl"] == sorted(done for name, done, _ in heard if name == "kl")


# --- who wins ---------------------------------------------------------------------------------------------------------


def judged_as(**auroc: float) -> Comparison:
    """A comparison of these AUROCs, each ± 0.01."""
    no = Interval(0.5, 0.5, 0.5)
    judged = {
        name: Judged(Interval(value, value - 0.01, value + 0.01), no, no, 1, 1, "") for name, value in auroc.items()
    }
    empty = np.zeros((0, 2), np.float32)
    return Comparison(LOW, Reference(np.arange(0), empty, empty), judged=judged)


def test_a_baseline_that_wins_is_named() -> None:
    found = judged_as(kl=0.7, lof=0.932, pca_lof=0.958, pca_forest=0.6)
    assert (found.winner(), found.baseline_wins()) == ("pca_lof", True)
    assert found.sentence() == "LOF on PCA, which needs no VAE, is best here: AUROC 0.958 against 0.932 of LOF of mu."


def test_a_score_of_the_vae_that_wins_is_compared_with_the_best_baseline() -> None:
    found = judged_as(kl=0.7, lof=0.955, pca_lof=0.94)
    assert (found.winner(), found.baseline_wins()) == ("lof", False)
    assert found.sentence() == (
        "LOF of mu is best here: AUROC 0.955 against 0.940 of LOF on PCA, the best baseline; their intervals overlap."
    )


def test_nothing_wins_where_only_one_kind_was_compared() -> None:
    assert not judged_as(pca_lof=0.9).baseline_wins()
    assert judged_as(pca_lof=0.9).sentence().endswith("AUROC 0.900; no score of the VAE was compared.")
    assert judged_as(lof=0.9).sentence() == "LOF of mu is best here: AUROC 0.900; no baseline was compared."
    assert not judged_as(kl=0.9, pca_lof=0.9).baseline_wins()  # equal is no victory


# --- what is kept -----------------------------------------------------------------------------------------------------


def same(a: Comparison, b: Comparison) -> None:
    for part in ("scores", "held_out"):
        x, y = getattr(a, part), getattr(b, part)
        assert list(x) == list(y)
        assert all(np.array_equal(x[name], y[name]) for name in x)
    for part in ("rows", "mu", "sigma"):
        assert np.array_equal(getattr(a.reference, part), getattr(b.reference, part))
    for part in ("choice", "judged", "seconds", "pass_seconds", "why_not"):
        assert getattr(a, part) == getattr(b, part)


def test_a_kept_comparison_comes_back(checkpoint: Checkpoint, compared: Comparison) -> None:
    assert compare.kept(checkpoint, LOW) is None
    compare.keep(checkpoint, compared)
    found = compare.kept(checkpoint, LOW)
    assert found is not None
    same(found, compared)
    assert not found.scores["knn"].flags.writeable
    assert compare.kept(checkpoint, NormalChoice(("1",))) is None
    assert compare.kept(dataclasses.replace(checkpoint, identity="0" * 64), LOW) is None


def only(found: Comparison, *names: str) -> Comparison:
    parts = ("scores", "held_out", "judged", "seconds")
    return dataclasses.replace(found, **{p: {n: getattr(found, p)[n] for n in names} for p in parts})  # type: ignore[arg-type]


def test_a_later_comparison_adds_to_what_is_kept(checkpoint: Checkpoint, compared: Comparison) -> None:
    compare.keep(checkpoint, only(compared, "knn", "pca_lof"))
    newer = only(compared, "normalised_error", "knn")
    newer = dataclasses.replace(newer, seconds={"normalised_error": 1.0, "knn": 123.0})
    together = compare.keep(checkpoint, newer)
    assert list(together.scores) == IN_ORDER
    assert together.seconds["knn"] == 123.0
    found = compare.kept(checkpoint, LOW)
    assert found is not None
    same(found, together)


def test_scores_of_other_normal_images_are_replaced(checkpoint: Checkpoint, compared: Comparison) -> None:
    compare.keep(checkpoint, only(compared, "knn"))
    reference = dataclasses.replace(compared.reference, rows=compared.reference.rows + 1)
    found = compare.keep(checkpoint, dataclasses.replace(only(compared, "pca_lof"), reference=reference))
    assert list(found.scores) == ["pca_lof"]


def test_a_comparison_that_cant_be_kept_says_why(checkpoint: Checkpoint, compared: Comparison) -> None:
    paths.derived_dir().write_text("a file where the folder should be")
    with pytest.raises(ScoreError, match=r"safetensors can't be written"):
        compare.keep(checkpoint, compared)


Tensors = dict[str, Any]


def _forge(path: Path, change: Callable[[Tensors, Tensors], object]) -> None:
    """Change arrays and JSON, and make the digest agree, as somebody would who forges a file."""
    tensors, metadata = read_tensors(path)
    about = json.loads(metadata["comparison"])
    change(tensors, about)
    if about.get("digest"):
        about["digest"] = comparison_files._digest(tensors)
    path.write_bytes(safetensors.numpy.save(tensors, {"comparison": json.dumps(about)}))


def test_a_forged_file_that_changes_nothing_is_read(checkpoint: Checkpoint, compared: Comparison) -> None:
    compare.keep(checkpoint, compared)
    _forge(comparison_files.path_of(checkpoint, LOW), lambda tensors, about: None)
    assert compare.kept(checkpoint, LOW) is not None


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
    compare.keep(checkpoint, compared)
    _forge(comparison_files.path_of(checkpoint, LOW), HOSTILE[what])
    assert compare.kept(checkpoint, LOW) is None
    compare.keep(checkpoint, only(compared, "pca_lof"))
    found = compare.kept(checkpoint, LOW)
    assert found is not None
    assert list(found.scores) == ["pca_lof"]


@pytest.mark.parametrize(
    "content", [b"", b"x" * 100, b"\xff" * 8, safetensors.numpy.save({}, {"comparison": "[" * 100_000})]
)
def test_a_file_that_is_no_comparison_is_ignored(content: bytes, checkpoint: Checkpoint) -> None:
    path = comparison_files.path_of(checkpoint, LOW)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert compare.kept(checkpoint, LOW) is None


def test_a_changed_number_a_cut_and_an_endless_file_are_noticed(
    checkpoint: Checkpoint, compared: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare.keep(checkpoint, compared)
    path = comparison_files.path_of(checkpoint, LOW)
    whole = path.read_bytes()
    path.write_bytes(whole[:-4] + np.float32(0.125).tobytes())  # finite, and only the digest knows
    assert compare.kept(checkpoint, LOW) is None
    path.write_bytes(whole[:-4])
    assert compare.kept(checkpoint, LOW) is None
    path.write_bytes(whole)
    monkeypatch.setattr(comparison_files, "MAX_BYTES", len(whole) - 1)
    assert compare.kept(checkpoint, LOW) is None


# --- the command ------------------------------------------------------------------------------------------------------


def call(*words: str) -> int:
    return main(["compare", FOLDER, *words])


def test_the_command_prints_and_keeps_every_score(checkpoint: Checkpoint, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--normal", *"01234", "--scores", "knn", "pca_lof") == 0
    lines = capsys.readouterr().out.splitlines()
    found = compare.kept(checkpoint, LOW)
    assert found is not None
    interval = found.judged["pca_lof"].auroc
    assert any(
        line.startswith(f"pca_lof *              {interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]")
        for line in lines
    )
    assert lines[-1] == found.sentence()
    assert lines[0].startswith("Normal: scikit-learn digits train, classes 0, 1, 2, 3, 4;")


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
    found = compare.kept(checkpoint, LOW)
    assert found is not None
    assert list(found.scores) == ["squared_error", "kl"]
    assert "Stopped: 2 of 4 scores were finished, and are kept." in capsys.readouterr().out
    progress = json.loads((tmp_path / "progress.json").read_text())
    assert progress["scores"] == ["squared_error", "kl"]
    assert progress["finished"] is False
    assert call(*words, "knn") == 130  # nothing finished this time
    assert "nothing was written" in capsys.readouterr().err


def test_a_model_that_has_learned_the_outliers_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for name, normal, told in (("squared_error", "1", True), ("lof", "1", False), ("squared_error", "all", False)):
        assert call("--scores", name, "--normal", normal, "--json") == 0
        printed = capsys.readouterr()
        assert (learned.LEARNED_OTHERS in printed.err.splitlines()) == told
        # of all scores that are kept of this choice: squared_error is still among them
        assert json.loads(printed.out)["note"] == ("" if normal == "all" else learned.LEARNED_OTHERS)


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


def test_a_page_asks_for_what_the_command_takes() -> None:
    assert command.command_words("a", LOW, ("kl",)) == ["compare", "a", "--normal", *"01234", "--scores", "kl"]
    assert command.command_words("a", NormalChoice()) == ["compare", "a", "--normal", "all"]


def test_all_scores_are_compared_but_the_slow_ones() -> None:
    assert set(compare.default_names()) == set(registry.SCORES) - {"regret"}


def test_missing_images_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    assert main(["compare", str(CHECKPOINTS / "mnist-mlp-2"), "--scores", "kl"]) == 2
    assert "python -m vae fetch mnist" in capsys.readouterr().err
