"""Train, list, evaluate, encode and map on digits, as a person would one after the other."""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.vae.commands.test_arguments import call
from vae.checkpoints import checkpoint_files, every_image, inference
from vae.data.image_dataset import ImageDataset
from vae.jobs import queue
from vae.jobs.stopping import Stopped
from vae.maps import map_files, tsne
from vae.storage import paths
from vae.training import trainer
from vae.training.run_folder import status

TRAIN = ["train", "--epochs", "2", "--hidden", "8", "--latent-dim", "3", "--seed", "4"]


@pytest.fixture(autouse=True)
def _on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vae.model.devices.best_device", lambda: torch.device("cpu"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the checkpoint `tiny`, made by the command line."""
    root = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAE_CHECKPOINTS", str(root))
        patch.setattr("vae.model.devices.best_device", lambda: torch.device("cpu"))
        assert call(*TRAIN, "--output", "tiny") == 0
    yield root


@pytest.fixture()
def root(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VAE_CHECKPOINTS", str(trained))
    return trained


def test_the_checkpoint_tells_what_was_done(root: Path, digits: dict[str, ImageDataset]) -> None:
    found = checkpoint_files.read("tiny")
    assert (found.model.latent_dim, found.model.hidden, found.train.epochs, found.train.seed) == (3, (8,), 2, 4)
    assert [row["epoch"] for row in found.history] == [1, 2]
    assert np.isfinite([list(row.values()) for row in found.history]).all()
    last = found.history[-1]
    assert sum(last[f"kl_{i}"] for i in range(3)) == pytest.approx(last["validation_kl"])
    assert set(found.maps) == {"pca", "tsne", "umap"}
    assert found.dataset.test_fingerprint == digits["test"].fingerprint
    assert np.array_equal(found.latents.labels, digits["test"].labels)


def test_the_stored_command_repeats_the_run(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = checkpoint_files.read("tiny")
    words = shlex.split(first.command)
    assert words[:3] == ["python", "-m", "vae"]
    monkeypatch.setenv("VAE_CHECKPOINTS", str(tmp_path / "again"))
    assert call(*words[3:]) == 0
    again = checkpoint_files.read("tiny")
    assert (again.model, again.train, again.command) == (first.model, first.train, first.command)
    weights = checkpoint_files.read_weights(again)
    assert all(np.array_equal(weights[name], array) for name, array in checkpoint_files.read_weights(first).items())


@pytest.mark.usefixtures("root")
def test_list_tells_name_and_elbo(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("list", "--json") == 0
    [entry] = json.loads(capsys.readouterr().out)
    found = checkpoint_files.read("tiny")
    assert (entry["name"], entry["identity"], entry["latent_dim"]) == ("tiny", found.identity, 3)
    assert entry["test_loss_nats"] == found.metrics["test_loss"].value
    assert call("list") == 0
    line = capsys.readouterr().out
    assert (
        f"{found.short_identity}  scikit-learn digits, mlp, 3-D, test loss {entry['test_loss_nats']:.2f} nats" in line
    )


@pytest.mark.usefixtures("root")
def test_evaluate_finds_the_stored_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", "tiny", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    stored = checkpoint_files.read("tiny").metrics
    for name in ("elbo", "test_loss", "log_likelihood", "kl", "squared_error", "active_units"):
        assert found["metrics"][name]["value"] == pytest.approx(stored[name].value, rel=1e-6), name
        assert found["metrics"][name]["protocol"] == stored[name].protocol
    assert found["metrics"]["baseline_loss"]["value"] == pytest.approx(stored["baseline_loss"].value, rel=1e-6)
    assert found["verdict"]["cause"] == "not_trained"
    assert call("evaluate", "tiny", "--split", "validation") == 0
    said = capsys.readouterr().out
    assert "180 scikit-learn digits validation images" in said
    assert "Verdict: Not trained enough" in said


def test_encode_writes_the_latents(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("encode", str(root / "tiny"), "--output", str(tmp_path / "z.npz")) == 0  # a path works like a name
    written, stored = np.load(tmp_path / "z.npz"), checkpoint_files.read("tiny").latents
    assert sorted(written) == ["labels", "mu", "sigma"]
    np.testing.assert_allclose(written["mu"], stored.mu, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(written["sigma"], stored.sigma, rtol=1e-5)
    assert np.array_equal(written["labels"], stored.labels)


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
@pytest.mark.usefixtures("root")
def test_map_is_kept_and_told(method: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        call("map", "tiny", "--method", method, "--perplexity", "12", "--neighbours", "9", "--seed", "5", "--json") == 0
    )
    told = json.loads(capsys.readouterr().out)
    stored = checkpoint_files.read("tiny")
    kept = map_files.read_derived_maps(stored.identity, stored.latents.mu.shape)[method]
    assert Path(told["path"]).is_relative_to(paths.derived_dir())
    assert (told["parameters"], told["quality"]) == (kept.parameters, kept.quality)
    assert kept.xy.shape == (360, 2)
    if method == "tsne":
        assert (kept.parameters["perplexity"], kept.parameters["seed"]) == (12, 5)
    if method == "umap":
        assert (kept.parameters["neighbours"], kept.parameters["seed"]) == (9, 5)
    assert 0 <= kept.quality["hit_by_chance"] <= kept.quality["neighbourhood_hit"] <= 1
    assert 0.5 < kept.quality["continuity"] <= 1


def test_every_image_is_mapped(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A training keeps the latents of all images; a map of them is kept beside that of the test images."""
    assert call(*TRAIN, "--output", "mapped") == 0
    capsys.readouterr()
    stored = checkpoint_files.read("mapped")
    known = every_image.kept(stored)
    assert known is not None and len(known.latents.mu) == 1_797
    for _ in range(2):
        assert call("map", "mapped", "--method", "pca", "--images", "all", "--json") == 0
        assert json.loads(capsys.readouterr().out)["images"] == 1_797
        again = every_image.kept(stored)
        assert again is not None
        np.testing.assert_allclose(again.latents.mu, known.latents.mu, rtol=1e-5, atol=1e-6)
        made = map_files.read_derived_maps(stored.identity, known.latents.mu.shape, map_files.OF_EVERY_IMAGE)["pca"]
        assert made.linear is not None
        placed = (known.latents.mu - made.linear.mean) @ made.linear.components.T
        np.testing.assert_allclose(made.xy, placed, atol=1e-4)
        every_image.latents_path(stored.identity).unlink()  # then they are encoded anew


@pytest.mark.usefixtures("root")
def test_a_map_of_every_image_that_is_stopped_leaves_the_other_maps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*arguments: object) -> None:
        raise Stopped

    monkeypatch.setattr(tsne, "fit", stopped)
    folder = tmp_path / "run"
    assert call("map", "tiny", "--method", "tsne", "--images", "all", "--run-folder", str(folder)) == 130
    told = json.loads((folder / "progress.json").read_text())
    assert told["message"] == "Stopped: all 1,797 images have their place on the other maps."
    stored = checkpoint_files.read("tiny")
    assert list(map_files.read_derived_maps(stored.identity, (1_797, 3), map_files.OF_EVERY_IMAGE)) == ["pca"]


def test_one_latent_dimension_goes_all_the_way() -> None:
    assert call("train", "--epochs", "1", "--hidden", "4", "--latent-dim", "1", "--output", "line") == 0
    assert {name: m.xy.shape for name, m in checkpoint_files.read("line").maps.items()} == {
        "pca": (360, 2),
        "tsne": (360, 2),
        "umap": (360, 2),
    }


# --- being stopped ----------------------------------------------------------------------------------------------------


def stop_oneself(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_stopped_in_the_first_epoch_keeps_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(trainer.Trainer, "_noisy", stop_oneself)
    assert call(*TRAIN, "--output", "a") == 130
    assert capsys.readouterr().err.endswith("python -m vae train: stopped; nothing was written.\n")
    assert checkpoint_files.summaries() == []


def test_stopped_while_test_images_are_encoded_keeps_the_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    encode = inference.encode
    monkeypatch.setattr(inference, "encode", lambda *a, **k: stop_oneself() or encode(*a, **k))
    assert call(*TRAIN, "--output", "a") == 0
    assert (checkpoint_files.read("a").metrics["epochs_trained"].value, list(checkpoint_files.read("a").maps)) == (
        2,
        ["pca"],
    )


def test_stopped_in_tsne_keeps_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit = tsne.fit
    monkeypatch.setattr(tsne, "fit", lambda mu, *_, **__: fit(mu, on_step=lambda done, total: stop_oneself()))
    assert call(*TRAIN, "--output", "a", "--run-folder", str(tmp_path)) == 0
    assert list(checkpoint_files.read("a").maps) == ["pca"]
    assert (tmp_path / "history.csv").read_text().count("\n") == 3
    told = json.loads((tmp_path / "progress.json").read_text())
    assert told["warning"].startswith("No t-SNE or UMAP map: stopped.")
    assert (told["finished"], told["epoch"]) == (True, 2)


def test_a_diverging_run_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "--epochs", "2", "--learning-rate", "100", "--hidden", "64", "64", "--output", "a") == 2
    assert "The loss diverged in epoch 1" in capsys.readouterr().err.splitlines()[-1]
    assert checkpoint_files.summaries() == []
    [job] = queue.all_jobs()
    assert (job.state, status.resumable(job)) == ("failed", False)
    assert "Lower the learning rate (it was 100" in job.reason
