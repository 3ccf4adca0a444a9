"""A model gets another name, or goes: with what knows it, all of it or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runs import plant_run, progress_of, requests, train_request
from tests.vae.helpers import new_checkpoint
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Summary
from vae.errors import CheckpointError
from vae.jobs import queue
from vae.storage import paths
from vae.storage.files import write_atomically
from vae.training.run_folder import model_changes, status


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUNS", "DERIVED", "CHECKPOINTS"):
        monkeypatch.setenv(f"VAE_{name}", str(tmp_path / name.lower()))


def model(name: str) -> Summary:
    """A checkpoint of this name, written by a run that noted it, with a map and two detectors."""
    folder = checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / name)
    found = checkpoint_files.summary(folder)
    job = plant_run("done", train_request(name), progress_of(name, 3, 3, finished=True))
    status.note_written(paths.runs_dir() / job, found.identity)
    derived = paths.derived_folder(found.identity)
    for file in ("map-tsne.safetensors", "detectors/a.safetensors", "detectors/b.safetensors"):
        write_atomically(derived / file, b"x")
    return found


def test_uses_are_counted_by_kind() -> None:
    found = model_changes.uses(model("old"))
    assert [job.title for job in found.runs] == ["Train old"]
    assert found.derived == {"map": 1, "detector": 2}


def test_a_new_name_keeps_the_identity_and_the_run_follows() -> None:
    before = model("old")
    model_changes.rename("old", "new")
    assert [summary.name for summary in checkpoint_files.summaries()] == ["new"]
    after = checkpoint_files.summary(paths.checkpoints_dir() / "new")
    assert after.identity == before.identity  # maps, detectors and directions are found by it
    assert checkpoint_files.read("new").name == "new"
    assert [request.output for request in requests()] == ["new"]  # a resume replaces the model under its new name
    assert model_changes.uses(after).derived == {"map": 1, "detector": 2}


def test_a_taken_name_replaces_nothing() -> None:
    model("old")
    other = checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "taken")
    stood = (other / "config.json").read_bytes()
    with pytest.raises(CheckpointError, match="There is already a model"):
        model_changes.rename("old", "taken")
    (paths.checkpoints_dir() / "empty").mkdir()
    with pytest.raises(CheckpointError, match="There is already a model"):
        model_changes.rename("old", "empty")
    assert (other / "config.json").read_bytes() == stood
    assert [request.output for request in requests()] == ["old"]
    with pytest.raises(CheckpointError, match="is not a checkpoint's name"):
        model_changes.rename("old", "../out")


def test_what_an_active_job_needs_stays() -> None:
    model("old")
    plant_run("running", train_request("soon"))
    with pytest.raises(CheckpointError, match="an active run named soon"):
        model_changes.rename("old", "soon")
    plant_run("running", train_request("old"))
    for change in (lambda: model_changes.rename("old", "new"), lambda: model_changes.delete("old")):
        with pytest.raises(CheckpointError, match="Train old has not ended and needs old"):
            change()
    assert checkpoint_files.read("old")


def test_a_rename_that_fails_halfway_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second of two runs can't be written: the first one's request and the folder go back."""
    found = model("old")
    second = plant_run("done", train_request("old"), age=10)
    status.note_written(paths.runs_dir() / second, found.identity)

    def write(path: Path, content: bytes) -> None:
        if second in str(path):
            raise OSError(28, "No space left on device")
        write_atomically(path, content)

    monkeypatch.setattr(model_changes, "write_atomically", write)
    with pytest.raises(CheckpointError, match="No space left on device"):
        model_changes.rename("old", "new")
    assert [summary.name for summary in checkpoint_files.summaries()] == ["old"]
    assert [request.output for request in requests()] == ["old", "old"]


def test_a_deletion_takes_what_was_derived_and_leaves_the_run() -> None:
    found = model("old")
    model_changes.delete("old")
    assert checkpoint_files.summaries() == []
    assert not paths.derived_folder(found.identity).exists()
    assert [job.title for job in queue.all_jobs()] == ["Train old"]
    with pytest.raises(CheckpointError, match="There is no model old any more"):
        model_changes.delete("old")


def test_what_a_copy_shares_stays() -> None:
    found = model("old")
    model_changes.rename("old", "one")
    copy = paths.checkpoints_dir() / "copy"
    copy.mkdir()
    for file in (paths.checkpoints_dir() / "one").iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    model_changes.delete("one")
    assert paths.derived_folder(found.identity).exists()
