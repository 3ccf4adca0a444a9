"""The weights of a few epochs: which are kept, that they come back, and as a checkpoint what they are worth."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.vae.commands.test_arguments import call
from tests.vae.training.test_run import TRAIN, ended_after, state_of, the_run
from vae.checkpoints import checkpoint_files, inference, loading
from vae.config import ModelConfig
from vae.data import datasets
from vae.errors import CheckpointError, TrainingError
from vae.jobs import queue
from vae.storage import paths
from vae.training.run_folder import epoch_checkpoints, epoch_files

SMALL = ModelConfig("mlp", (1, 8, 8), 3, hidden=(8,))


@pytest.fixture(autouse=True)
def _on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vae.model.devices.best_device", lambda: torch.device("cpu"))


def weights(seed: int = 0) -> dict[str, np.ndarray]:
    from vae.model.vae import new_model

    return loading.weights_of(new_model(SMALL, seed))


@pytest.mark.parametrize(
    ("epochs", "kept"),
    [(1, ()), (2, (1,)), (3, (1, 2)), (6, (1, 3, 4)), (20, (1, 2, 5, 10, 15)), (200, (1, 25, 50, 100, 150))],
)
def test_the_first_and_a_few_on_the_way_are_kept(epochs: int, kept: tuple[int, ...]) -> None:
    assert epoch_files.planned(SMALL, epochs) == kept


def test_of_large_models_fewer_are_kept_and_of_the_largest_none() -> None:
    def taken(hidden: int) -> int:
        model = ModelConfig("mlp", (1, 64, 64), 16, hidden=(hidden,))
        kept = epoch_files.planned(model, 200)
        assert len(kept) * epoch_files.size_of(model) <= epoch_files.MOST_BYTES
        return len(kept)

    assert [taken(hidden) for hidden in (400, 900, 2_000, 4_000)] == [5, 3, 1, 0]


def test_weights_come_back_and_later_ones_go(tmp_path: Path) -> None:
    for epoch in (1, 5, 10):
        epoch_files.write(tmp_path, epoch, weights(epoch))
    epoch_files.checkpoint_folder(tmp_path, 10).mkdir()
    assert epoch_files.epochs(tmp_path) == [1, 5, 10]
    found, expected = epoch_files.read(tmp_path, 5, SMALL), weights(5)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], array) for name, array in expected.items())
    assert epoch_files.bytes_of(tmp_path) == sum(path.stat().st_size for path in tmp_path.rglob("*.safetensors"))
    epoch_files.forget_after(tmp_path, 4)
    assert [path.name for path in (tmp_path / "epochs").iterdir()] == ["epoch-000001.safetensors"]
    with pytest.raises(TrainingError, match="another model"):
        epoch_files.read(tmp_path, 1, ModelConfig("mlp", (1, 8, 8), 3, hidden=(9,)))
    path = tmp_path / "epochs" / "epoch-000001.safetensors"
    os.truncate(path, path.stat().st_size - 5)
    with pytest.raises(TrainingError, match="epoch-000001"):
        epoch_files.read(tmp_path, 1, SMALL)


def test_a_run_keeps_what_the_model_was_and_a_checkpoint_is_made_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        ended_after(3, patch, KeyboardInterrupt())
        assert call(*TRAIN, "--output", "a") == 130
    job = the_run()
    assert epoch_files.epochs(job.folder) == [1, 3]
    model = {name.removeprefix("model/"): a for name, a in state_of(job).items() if name.startswith("model/")}
    kept = epoch_files.read(job.folder, 3, checkpoint_model(job.folder))
    assert all(np.array_equal(kept[name], array) for name, array in model.items())
    assert call("train", "--resume", job.id) == 0
    assert epoch_files.epochs(job.folder) == [1, 3, 4]
    last = checkpoint_files.read("a")
    third = epoch_checkpoints.read(last, 3)
    assert (third.name, [row["epoch"] for row in third.history]) == ("a at epoch 3", [1, 2, 3])
    test = datasets.load("digits", "test")
    again = inference.encode(loading.model_from(last.model, kept), test.images, test.labels)
    np.testing.assert_allclose(third.latents.mu, again.mu, atol=1e-6)
    assert third.metrics["baseline_loss"].value == last.metrics["baseline_loss"].value
    assert third.metrics["test_loss"].value > last.metrics["test_loss"].value  # it had learned less
    assert third.identity != last.identity
    stamp = (third.path / "config.json").stat().st_mtime_ns
    assert epoch_checkpoints.read(last, 3).identity == third.identity
    assert (third.path / "config.json").stat().st_mtime_ns == stamp  # it is not made again
    # the command line takes it as NAME@EPOCH
    capsys.readouterr()
    assert call("list") == 0
    assert "on its way: a@1, a@3, a@4" in capsys.readouterr().out
    capsys.readouterr()
    assert call("evaluate", "a@3") == 0
    assert call("evaluate", "a@2") == 2
    assert "a at epoch 2 is not kept. Epochs 1, 3, 4 are kept." in capsys.readouterr().err
    queue.delete(job.id)
    assert epoch_checkpoints.of(last.identity) is None
    with pytest.raises(CheckpointError, match="not kept") as told:
        epoch_checkpoints.read(last, 3)
    assert told.value.hint == epoch_checkpoints.NOT_KEPT


def checkpoint_model(run_folder: Path) -> ModelConfig:
    from vae.training.run_folder import request_files

    return request_files.read(the_run()).model


def test_an_epoch_behind_a_link_is_not_made(tmp_path: Path) -> None:
    assert call(*TRAIN, "--output", "a") == 0
    folder = the_run().folder / "epochs"
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CheckpointError, match="link"):
        epoch_checkpoints.read(checkpoint_files.read("a"), 3)
    assert paths.checkpoints_dir().joinpath("a").is_dir()
