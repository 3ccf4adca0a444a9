"""What a run keeps, whatever ends it: a stop, kill -9, a full disk, a divergence."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.runs import plant
from tests.vae.commands.test_arguments import call
from tests.vae.helpers import new_checkpoint
from vae import commands
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.data import datasets
from vae.errors import DatasetError, JobError
from vae.jobs import queue
from vae.jobs.job import ACTIVE, LOCK, Job, log_tail
from vae.jobs.progress import Progress
from vae.jobs.runner import only_one
from vae.storage import kinds, paths
from vae.storage.tensor_files import read_tensors
from vae.training import trainer as training
from vae.training.run_folder import film_files, history, resume_state, status

TRAIN = ["train", "--epochs", "6", "--hidden", "8", "--latent-dim", "3", "--seed", "4", "--batch-size", "500"]
TRAIN += ["--learning-rate", "0.002"]  # the rate of command lines that name none, as of a job without a request.json


@pytest.fixture(autouse=True)
def _on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vae.model.devices.best_device", lambda: torch.device("cpu"))


def the_run() -> Job:
    [job] = queue.all_jobs()
    return job


def weights(name: str) -> dict[str, np.ndarray]:
    return checkpoint_files.read_weights(checkpoint_files.read(name))


def same(first: str, second: str) -> bool:
    return all(np.array_equal(array, weights(second)[name]) for name, array in weights(first).items())


def state_of(job: Job) -> dict[str, np.ndarray]:
    arrays, _ = read_tensors(status.resume_file(job.folder), kinds.RESUME)
    return arrays


def ended_after(epoch: int, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make the next run end with `error` in the gradient steps of the epoch after `epoch`."""
    steps = training.Trainer._gradient_steps

    def until(trainer: training.Trainer, *more: object) -> float:
        if trainer.epoch == epoch:
            raise error
        return steps(trainer, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(training.Trainer, "_gradient_steps", until)


def test_a_run_in_a_terminal_is_a_job_like_any_other() -> None:
    assert call(*TRAIN, "--output", "a") == 0
    job = the_run()
    assert (job.kind, job.title, job.state, job.arguments[0]) == ("train", "Train a", "done", "train")
    assert job.progress is not None
    assert (job.progress["outcome"], job.progress["finished"], job.progress["epoch"]) == ("trained", True, 6)
    assert [row["epoch"] for row in status.rows(job)] == [1, 2, 3, 4, 5, 6]
    assert checkpoint_files.read("a").history == status.rows(job)
    assert film_files.epochs(job.folder) == [0, 1, 2, 3, 4, 5, 6]
    frame, fixed = film_files.read_frame(job.folder, 6), film_files.read_fixed(job.folder)
    assert frame is not None
    assert fixed is not None
    assert (frame.axes, frame.xy.shape, fixed.originals.shape) == ("pca", (180, 2), (10, 1, 8, 8))
    assert not status.resumable(job)


def test_stop_and_resume_end_as_if_nothing_had_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(*TRAIN, "--output", "whole") == 0
    queue.delete(the_run().id)
    with monkeypatch.context() as patch:
        ended_after(3, patch, KeyboardInterrupt())
        patch.setattr(training.Trainer, "_noisy", training.Trainer._noisy)
        assert call(*TRAIN, "--output", "a") == 130
    job = the_run()
    assert job.state == "stopped"
    assert call("train", "--resume", job.id) == 0
    assert same("a", "whole")
    job = the_run()
    assert (job.state, job.progress["message"][:16]) == ("done", "Trained 6 epochs")
    assert [row["epoch"] for row in status.rows(job)] == [1, 2, 3, 4, 5, 6]
    assert call("train", "--resume", job.id) == 2  # complete


def test_a_stop_keeps_a_model_that_the_resumed_run_replaces(monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(*TRAIN, "--output", "whole") == 0
    queue.delete(the_run().id)
    with monkeypatch.context() as patch:
        steps = training.Trainer._gradient_steps

        def stopped_in_the_third(trainer: training.Trainer, *more: object) -> float:
            if trainer.epoch == 2:
                os.kill(os.getpid(), signal.SIGTERM)
            return steps(trainer, *more)  # type: ignore[arg-type]

        patch.setattr(training.Trainer, "_gradient_steps", stopped_in_the_third)
        assert call(*TRAIN, "--output", "a") == 0
    job = the_run()
    assert (job.state, status.resumable(job)) == ("stopped", True)
    assert job.progress["message"].startswith("Stopped: kept epoch 2 of 6")
    assert len(checkpoint_files.read("a").history) == 2
    assert call("train", "--resume", job.id) == 0
    assert same("a", "whole")
    assert len(checkpoint_files.read("a").history) == 6
    assert [path.name for path in paths.checkpoints_dir().iterdir() if path.name.startswith(".")] == []


def test_a_resumed_run_never_replaces_somebody_elses_model(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        ended_after(2, patch, KeyboardInterrupt())
        assert call(*TRAIN, "--output", "a") == 130
    job = the_run()
    assert call("train", "--epochs", "1", "--hidden", "4", "--output", "a") == 0
    before = weights("a")
    assert call("train", "--resume", job.id) == 2
    assert all(np.array_equal(array, before[name]) for name, array in weights("a").items())


def test_a_run_whose_name_is_taken_while_it_writes_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = paths.checkpoints_dir() / "a"

    def note_written(run_folder: Path, identity: str) -> None:
        checkpoint_writing.write(new_checkpoint(), folder)

    with monkeypatch.context() as patch:
        patch.setattr(status, "note_written", note_written)
        assert call(*TRAIN, "--output", "a") == 2
    assert f"{folder} already exists. Every epoch is kept" in capsys.readouterr().err
    other, job = checkpoint_files.read("a").identity, the_run()
    assert status.resumable(job)
    folder.rename(folder.with_name("theirs"))
    assert call("train", "--resume", job.id) == 0
    assert (checkpoint_files.read("theirs").identity, len(checkpoint_files.read("a").history)) == (other, 6)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["a", "theirs"]


@pytest.mark.parametrize("full", ["history", "previews", "state"])
def test_a_full_disk_ends_with_a_message_and_the_last_good_epoch(
    full: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*TRAIN, "--output", "whole") == 0
    queue.delete(the_run().id)
    with monkeypatch.context() as patch:
        writers = {
            "history": (history, "append"),
            "previews": (film_files, "write_frame"),
            "state": (resume_state, "save"),
        }
        module, name = writers[full]
        write, calls = getattr(module, name), 0

        def refuse(*arguments: object, **more: object) -> None:
            nonlocal calls
            calls += 1
            if calls > 3:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            write(*arguments, **more)

        patch.setattr(module, name, refuse)
        assert call(*TRAIN, "--output", "a") == 2
    kept = 2 if full == "previews" else 3  # the film's first frame is from before training
    said = capsys.readouterr().err.splitlines()[-1]
    assert f"Epoch {kept + 1} can't be written" in said
    assert "No space left on device" in said
    assert f"epoch {kept} is kept there. Free some space" in said
    job = the_run()
    assert (job.state, status.resumable(job)) == ("failed", True)
    assert call("train", "--resume", job.id) == 0
    assert same("a", "whole")
    assert [row["epoch"] for row in status.rows(the_run())] == [1, 2, 3, 4, 5, 6]


def test_a_real_limit_of_the_file_system(tmp_path: Path) -> None:
    """The kernel refuses files above 20 kB: the state does not fit, and the command says so without a stack trace."""
    code = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); "
    code += "from vae.commands import main; sys.exit(main(sys.argv[1:]))"
    words = ["train", "--epochs", "2", "--hidden", "300", "--output", "a", "--run-folder", str(tmp_path / "run")]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=paths.PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "Epoch 1 can't be written" in done.stderr
    assert "nothing is kept there" in done.stderr
    assert "Traceback" not in done.stderr
    assert checkpoint_files.summaries() == []


def test_a_divergence_after_good_epochs_keeps_the_last_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = training.Trainer._gradient_steps

    def ruined_in_the_third(trainer: training.Trainer, *more: object) -> float:
        weight = steps(trainer, *more)  # type: ignore[arg-type]
        if trainer.epoch == 2:
            with torch.no_grad():
                next(trainer.model.parameters()).fill_(float("nan"))
        return weight

    monkeypatch.setattr(training.Trainer, "_gradient_steps", ruined_in_the_third)
    assert call(*TRAIN, "--output", "a") == 0
    job = the_run()
    assert job.progress is not None
    assert (job.progress["outcome"], status.resumable(job)) == ("diverged", False)
    assert "diverged in epoch 3" in job.progress["message"]
    assert "Kept epoch 2" in job.progress["message"]
    kept = checkpoint_files.read("a")
    assert len(kept.history) == 2
    assert all(np.isfinite(array).all() for array in checkpoint_files.read_weights(kept).values())
    assert np.array_equal(state_of(job)["model/encoder.1.weight"], weights("a")["encoder.1.weight"])


def test_a_resumed_run_drops_a_column_that_is_no_longer_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """An earlier version kept, say, an error of a single image; a row of fewer columns would not be read."""
    with monkeypatch.context() as patch:
        ended_after(2, patch, DatasetError("gone."))
        assert call(*TRAIN, "--output", "a") == 0
    job = the_run()
    history.write(job.folder, [row | {"of_before": 1.0} for row in history.read(job.folder)])
    assert call("train", "--resume", job.id) == 0
    rows = history.read(job.folder)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert not any("of_before" in row for row in rows)


def test_a_folder_that_nobody_may_write_to_is_named_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert call(*TRAIN, "--output", str(tmp_path / "file" / "a")) == 2
    assert "is no folder that you may write to" in capsys.readouterr().err
    monkeypatch.setenv("VAE_RUNS", str(tmp_path / "file" / "runs"))
    assert call(*TRAIN, "--output", "a") == 2
    assert "The job can't be started" in capsys.readouterr().err


def test_a_warm_up_is_no_divergence_and_no_reason_to_stop_early() -> None:
    """While the KL term is held back, the KL grows far beyond what the full weight would bear."""
    words = ["train", "--beta", "20", "--latent-dim", "10", "--batch-size", "64", "--learning-rate", "5e-3"]
    words += ["--kl-schedule", "linear", "--epochs", "6", "--kl-warmup", "300", "--patience", "1"]
    assert call(*words, "--output", "a") == 0
    rows = status.rows(the_run())
    assert max(row["validation_loss"] for row in rows) > 100  # nats at the full weight; 48 before training
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert the_run().progress["outcome"] == "trained"
    assert np.array_equal(weights("a")["encoder.1.bias"], state_of(the_run())["model/encoder.1.bias"])  # the last epoch


def test_killed_just_after_the_checkpoint_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is there, but nothing says so: resuming ends as it should, and replaces it."""

    class Killed(BaseException):
        pass

    def die(progress: Progress, **values: object) -> None:
        if values.get("finished"):
            raise Killed
        report(progress, **values)

    report = Progress.report
    with monkeypatch.context() as patch:
        patch.setattr(Progress, "report", die)
        with pytest.raises(Killed):
            call(*TRAIN, "--output", "a")
    assert len(checkpoint_files.read("a").history) == 6
    assert status.resumable(the_run())
    assert call("train", "--resume", the_run().id) == 0
    assert the_run().progress["outcome"] == "trained"


def test_one_folder_has_one_trainer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with only_one(tmp_path / "trainer.lock"):
        assert call(*TRAIN, "--output", "a", "--run-folder", str(tmp_path)) == 2
    assert "is already running. Wait for its end" in capsys.readouterr().err
    assert checkpoint_files.summaries() == []
    assert call(*TRAIN, "--output", "a", "--run-folder", str(tmp_path)) == 0


def test_a_run_that_somebody_resumes_is_not_resumed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        ended_after(2, patch, KeyboardInterrupt())
        assert call(*TRAIN, "--output", "a") == 130
    job = the_run()
    with only_one(job.folder / LOCK):
        assert call("train", "--resume", job.id) == 2
    assert the_run().state == "stopped"
    assert call("train", "--resume", job.id) == 0


def test_a_name_that_a_running_job_will_write_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    job = plant("running", ["train", "--output", "a"])
    assert call(*TRAIN, "--output", "a") == 2
    assert f"Run {job}, which has not ended, will write" in capsys.readouterr().err
    assert call(*TRAIN, "--output", "b") == 0


@pytest.mark.parametrize("damage", ["a row", "everything"])
def test_a_damaged_history_changes_no_outcome(damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        ended_after(3, patch, KeyboardInterrupt())
        assert call(*TRAIN, "--output", "a") == 130
    path = the_run().folder / history.FILE
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "x", *lines[2:]]) + "\n" if damage == "a row" else "")
    assert call("train", "--resume", the_run().id) == 0
    assert the_run().progress["outcome"] == "trained"
    assert "Trained 6 epochs" in the_run().progress["message"]
    assert checkpoint_files.read("a").metrics["epochs_trained"].value == 6


def test_images_that_vanish_meanwhile_leave_the_finished_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    ended_after(2, monkeypatch, DatasetError("The images are gone.", "Import them again."))
    assert call(*TRAIN, "--output", "a") == 0
    assert the_run().progress["message"].startswith("The images are gone. Import them again. Kept epoch 2")
    assert status.resumable(the_run())
    assert len(checkpoint_files.read("a").history) == 2


def test_a_run_folder_that_is_deleted_meanwhile_stays_deleted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = training.Trainer._gradient_steps

    def deleted_in_the_third(trainer: training.Trainer, *more: object) -> float:
        if trainer.epoch == 2:
            shutil.rmtree(the_run().folder)
        return steps(trainer, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(training.Trainer, "_gradient_steps", deleted_in_the_third)
    assert call(*TRAIN, "--output", "a") == 2
    assert "was deleted, and with it every epoch" in capsys.readouterr().err
    assert list(paths.runs_dir().iterdir()) == []


# --- real processes ---------------------------------------------------------------------------------------------------


def wait_for_epoch(job_id: str, epoch: int) -> None:
    end = time.monotonic() + 120
    while (queue.get(job_id).progress or {}).get("epoch", 0) < epoch:
        assert time.monotonic() < end, log_tail(queue.get(job_id))
        time.sleep(0.02)


def wait_for_end(job_id: str) -> Job:
    end = time.monotonic() + 120
    while queue.get(job_id).active:
        assert time.monotonic() < end, log_tail(queue.get(job_id))
        time.sleep(0.05)
    return queue.get(job_id)


def child_of(job: Job) -> int:
    return int(json.loads((job.folder / "state.json").read_text())["child"]["pid"])


LONG = 150  # epochs of some 10 ms: far more than pass between two looks at a run


@pytest.fixture
def long_job() -> Iterator[Job]:
    words = [*TRAIN, "--output", str(paths.checkpoints_dir() / "a")]
    words[2] = str(LONG)
    job = queue.submit("train", "Train a", words)
    yield job
    queue.stop(job.id)
    wait_for_end(job.id)


def test_kill_9_loses_at_most_the_running_epoch(long_job: Job) -> None:
    wait_for_epoch(long_job.id, 5)
    os.kill(child_of(long_job), signal.SIGKILL)
    job = wait_for_end(long_job.id)
    assert (job.state, status.resumable(job)) == ("failed", True)
    finished = len(status.rows(job))
    state, about = read_tensors(status.resume_file(job.folder), kinds.RESUME)
    assert finished - 1 <= json.loads(about["state"])["epoch"] <= finished
    assert all(np.isfinite(array).all() for array in state.values())
    assert queue.restart(job.id).state in ACTIVE
    assert call(*TRAIN, "--epochs", str(LONG), "--output", "whole") == 0
    job = wait_for_end(job.id)
    assert (job.state, job.progress["outcome"]) == ("done", "trained")
    assert len(status.rows(job)) == LONG
    assert same("a", "whole")


def test_a_job_whose_runner_died_can_still_be_stopped(long_job: Job) -> None:
    wait_for_epoch(long_job.id, 1)
    runner = json.loads((long_job.folder / "state.json").read_text())["runner"]["pid"]
    os.kill(int(runner), signal.SIGKILL)
    assert queue.get(long_job.id).state == "running"
    queue.stop(long_job.id)
    wait_for_end(long_job.id)
    assert 1 <= len(checkpoint_files.read("a").history) < LONG


def test_an_active_job_is_not_started_again(long_job: Job) -> None:
    with pytest.raises(JobError, match="need not be started again"):
        queue.restart(long_job.id)


def test_training_on_some_classes_sees_no_other() -> None:
    digits = datasets.load("digits", "train")
    chosen = digits.only(("3", "5"))
    assert set(np.unique(chosen.labels)) == {3, 5}
    assert len(chosen) == int(np.isin(digits.labels, [3, 5]).sum())
    assert np.array_equal(chosen.images, digits.images[np.isin(digits.labels, [3, 5])])
    assert digits.only(()) is digits
    with pytest.raises(DatasetError, match="no image of class nobody"):
        digits.only(("nobody",))


def test_the_command_trains_on_some_classes_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUNS", "CHECKPOINTS", "DERIVED"):
        monkeypatch.setenv(f"VAE_{name}", str(tmp_path / name.lower()))
    words = ["train", "--dataset", "digits", "--hidden", "16", "--epochs", "1", "--classes", "0", "1"]
    assert commands.main([*words, "--output", "two-classes"]) == 0
    written = checkpoint_files.read("two-classes")
    assert written.train.classes == ("0", "1")
    assert written.command.endswith("--classes 0 1 --output two-classes")
    assert len(written.latents.mu) == 360  # the test split stays whole
    assert checkpoint_files.summaries()[0].classes == ("0", "1")
    assert commands.main(["train", "--dataset", "digits", "--classes", "eleven", "--output", "none"]) == 2
