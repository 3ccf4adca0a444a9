"""What an earlier version kept on disk still reads, and what it left unfinished goes on (tests/data/old/README.md)."""

from __future__ import annotations

import csv
import json
import os
import platform
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import safetensors.numpy
import torch

from tests.old_folders import DIED, FINISHED, KILLED, OLD, STOPPED, run_id, use_copy
from tests.vae.commands.test_arguments import call
from vae.anomalies import detector_files
from vae.anomalies.evaluation import comparison_files
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints import checkpoint_files, inference, loading
from vae.data import datasets
from vae.data.image_dataset import SPLITS
from vae.errors import ConfigError
from vae.generation import direction_files, mixture_files
from vae.jobs import queue
from vae.jobs.job import log_tail
from vae.maps import map_files
from vae.sample_quality import quality_files
from vae.storage import paths
from vae.training import speed
from vae.training.request import TrainingRequest
from vae.training.run_folder import film_files, status

CHECKPOINTS = ("conv-gaussian", "mlp-2", "stopped")


@pytest.fixture(autouse=True)
def _old_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_copy(tmp_path, monkeypatch)
    monkeypatch.setattr("vae.model.devices.best_device", lambda: torch.device("cpu"))


def refuse(*_: object, **__: object) -> NoReturn:
    raise AssertionError("computed again instead of read")


def printed(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    """What a command prints with --json."""
    capsys.readouterr()
    assert call(*argv, "--json") == 0
    return json.loads(capsys.readouterr().out)


# --- checkpoints ------------------------------------------------------------------------------------------------------


def test_the_checkpoints_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    listed = printed(capsys, "list")
    assert tuple(sorted(entry["name"] for entry in listed)) == CHECKPOINTS
    assert not any(entry.get("problem") for entry in listed)


def test_a_checkpoint_holds_what_it_held() -> None:
    found = checkpoint_files.read("conv-gaussian")
    assert (found.model.architecture, found.model.latent_dim, found.model.channels) == ("conv", 3, (4,))
    assert (found.model.likelihood, found.model.activation) == ("gaussian", "silu")
    assert (found.train.classes, found.train.beta, found.train.kl_warmup) == (("0", "1", "2"), 2.0, 1)
    assert found.command.startswith("python -m vae train --dataset digits --architecture conv")
    assert found.metrics["epochs_trained"].value == 2
    assert [row["epoch"] for row in found.history] == [1, 2]
    assert found.identity == checkpoint_files.read("conv-gaussian", OLD / "checkpoints").identity


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoints_weights_mean_what_they_meant(name: str) -> None:
    found, images = checkpoint_files.read(name), datasets.load("digits", "test")
    again = inference.encode(loading.load_model(found), images.images, images.labels)
    for part in ("mu", "sigma", "kl", "squared_error", "log_likelihood", "elbo"):
        np.testing.assert_allclose(getattr(again, part), getattr(found.latents, part), rtol=1e-3, atol=1e-4)


def test_its_identity_is_what_names_its_derived_files() -> None:
    derived = {path.name for path in paths.derived_dir().iterdir()}
    assert checkpoint_files.read("mlp-2").identity[:16] in derived


# --- what was derived of them -----------------------------------------------------------------------------------------


def test_maps() -> None:
    mlp = checkpoint_files.read("mlp-2")
    [(_, tsne)] = map_files.read_derived_maps(mlp.identity, (360, 2)).items()
    assert (tsne.method, tsne.parameters["perplexity"], tsne.xy.shape) == ("tsne", 12, (360, 2))
    assert {kept.method for kept in mlp.maps.values()} == {"pca", "tsne"}


def test_mixtures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixture_files, "fit_mixture", refuse)
    mlp = checkpoint_files.read("mlp-2")
    assert mixture_files.mixture_of(mlp, components=3, label=7).means.shape == (3, 2)
    assert mixture_files.mixture_of(mlp, components=4).means.shape == (4, 2)


def test_directions() -> None:
    kept = {found.name: found for found in direction_files.saved(checkpoint_files.read("mlp-2"))}
    assert set(kept) == {"three to eight", "eight, by classifier"}
    found = kept["three to eight"]
    assert (found.group_a, found.group_b, found.count_a, found.count_b) == ("class:3", "class:8", 40, 41)


def test_a_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    kept = comparison_files.saved(checkpoint_files.read("mlp-2"), NormalChoice(("0", "1", "2")))
    assert kept is not None
    assert set(kept.scores) == {"error_and_place", "squared_error", "pca_lof"}
    assert round(kept.evaluations["pca_lof"].auroc.value, 3) == 0.994
    again = printed(capsys, "compare", "mlp-2", "--normal", "0", "1", "2", "--scores", "squared_error")
    assert "pca_lof" in json.dumps(again)  # what is kept stands beside what was asked for


def test_a_detector_scores_as_it_did(tmp_path: Path) -> None:
    mlp = checkpoint_files.read("mlp-2")
    [kept] = detector_files.saved(mlp)
    assert (kept.name, kept.score, kept.classes) == ("zero to two", "error_and_place", ("0", "1", "2"))
    assert call("score", "mlp-2", "--detector", "zero to two", "--output", str(tmp_path / "scores.csv")) == 0
    old, new = rows(OLD / "scores.csv"), rows(tmp_path / "scores.csv")
    assert [row["decision"] for row in new] == [row["decision"] for row in old]
    np.testing.assert_allclose(numbers(new, "score"), numbers(old, "score"), rtol=1e-4)
    higher, of = np.array(numbers(new, "higher_than")), numbers(new, "held_out")
    shares, step = 100 * higher / of, 100 / of[0]  # percentiles were interpolated, and equal scores counted half
    np.testing.assert_allclose(shares, numbers(old, "percentile"), atol=1.5 * step)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def numbers(table: Iterable[dict[str, str]], column: str) -> list[float]:
    return [float(row[column]) for row in table]


def test_sample_quality() -> None:
    found = quality_files.recorded(checkpoint_files.read("mlp-2"))
    assert found is not None
    assert (found.number, found.dataset) == (500, "digits")
    test = found.row("test")
    assert (test.images, test.classes_seen, test.density, test.coverage) == (360, 10, None, None)


def test_a_measured_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "node", lambda: "a-machine")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    mlp = checkpoint_files.read("mlp-2")
    found = speed.read(TrainingRequest(mlp.model, mlp.train, "a"))
    assert found is not None
    assert (found.steps, found.device, found.shared) == (353, "cpu", False)


# --- an imported data set ---------------------------------------------------------------------------------------------


def test_an_imported_data_set() -> None:
    assert "shapes" in datasets.names()
    known = datasets.info("shapes")
    assert (known.image_shape, known.class_names) == ((1, 8, 8), ("round", "square"))
    counts = {}
    for split in SPLITS:
        images = datasets.load("shapes", split)
        counts[split] = len(images)
        bright = images.images.reshape(len(images), -1).max(1)
        assert bright.min() >= 160  # every image has its shape
    assert counts == {"train": 17, "validation": 1, "test": 2}


# --- runs -------------------------------------------------------------------------------------------------------------


def test_the_runs_are_listed_with_how_they_ended() -> None:
    states = {job.id[-6:]: (job.state, status.resumable(job), len(status.rows(job))) for job in queue.all_jobs()}
    assert states == {
        FINISHED: ("done", False, 2),
        STOPPED: ("stopped", True, 3),
        KILLED: ("died", True, 3),
        DIED: ("died", True, 3),
    }
    assert all(job.kind == "train" for job in queue.all_jobs())


@pytest.mark.parametrize(("ending", "last", "axes"), [(STOPPED, 3, "latent"), (KILLED, 3, "pca"), (DIED, 3, "latent")])
def test_a_runs_film(ending: str, last: int, axes: str) -> None:
    folder = queue.get(run_id(ending)).folder
    fixed, frame = film_files.read_fixed(folder), film_files.read_frame(folder, last)
    assert film_files.epochs(folder) == list(range(last + 1))
    assert fixed is not None
    assert frame is not None
    assert (frame.axes, frame.xy.shape, fixed.originals.shape) == (axes, (180, 2), (10, 1, 8, 8))


@pytest.fixture
def without_tsne(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training's last map takes seconds and is not what is tested."""

    def too_slow(*_: object, **__: object) -> NoReturn:
        raise ConfigError("No t-SNE here.")

    monkeypatch.setattr("vae.maps.tsne.fit", too_slow)


@pytest.mark.parametrize(("ending", "name"), [(STOPPED, "stopped"), (KILLED, "killed"), (DIED, "died")])
@pytest.mark.usefixtures("without_tsne")
def test_an_interrupted_run_ends_as_it_would_have_then(ending: str, name: str) -> None:
    """Bit for bit where a whole run from the start does, too; on another processor as near as its sums allow.

    The run that died takes 300 steps an epoch: its whole run would take longer than all the rest.
    """
    assert call("train", "--resume", run_id(ending)) == 0
    job = queue.get(run_id(ending))
    assert (job.state, (job.progress or {})["outcome"]) == ("done", "trained")
    assert [row["epoch"] for row in status.rows(job)] == [1, 2, 3, 4, 5, 6]
    assert not status.resumable(job)
    then, now = safetensors.numpy.load_file(OLD / "resumed" / f"{name}.safetensors"), weights(name)
    assert now.keys() == then.keys()
    assert max(np.abs(now[part] - then[part]).max() for part in then) < 2e-6  # 2e-7 between AVX-512, AVX2 and none
    if ending != DIED:
        assert call(*job.arguments, "--output", "from-the-start") == 0
        assert same(now, then) or not same(weights("from-the-start"), then)


def weights(name: str) -> dict[str, Any]:
    return checkpoint_files.read_weights(checkpoint_files.read(name))


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return all(np.array_equal(a[part], b[part]) for part in a)


@pytest.mark.usefixtures("without_tsne")
def test_a_run_that_goes_on_replaces_the_model_that_its_stop_left() -> None:
    before = checkpoint_files.read("stopped")
    assert call("train", "--resume", run_id(STOPPED)) == 0
    after = checkpoint_files.read("stopped")
    assert (len(before.history), len(after.history)) == (3, 6)
    assert after.identity != before.identity


def test_a_run_goes_on_as_the_pages_resume_does_it() -> None:
    """In processes of its own, with nothing but what the old folder says of the training."""
    queue.restart(run_id(KILLED))
    end = time.monotonic() + 200
    while queue.get(run_id(KILLED)).active:
        assert time.monotonic() < end, log_tail(queue.get(run_id(KILLED)))
        time.sleep(0.1)
    assert queue.get(run_id(KILLED)).state == "done"
    then, now = safetensors.numpy.load_file(OLD / "resumed" / "killed.safetensors"), weights("killed")
    assert max(np.abs(now[part] - then[part]).max() for part in then) < 2e-6
