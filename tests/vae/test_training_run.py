"""What a run keeps, whatever ends it: a stop, kill -9, a full disk, a divergence."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.vae.test_commands import call
from vae import history, jobs, paths, previews, resume, runs, store, training
from vae.errors import JobError

TRAIN = ["train", "--epochs", "6", "--hidden", "8", "--latent-dim", "3", "--seed", "4", "--batch-size", "500"]


@pytest.fixture(autouse=True)
def _on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vae.devices.best_device", lambda: torch.device("cpu"))


def the_run() -> jobs.Job:
    [job] = jobs.all_jobs()
    return job


def weights(name: str) -> dict[str, np.ndarray]:
    return store.read_weights(store.read(name))


def same(first: str, second: str) -> bool:
    return all(np.array_equal(array, weights(second)[name]) for name, array in weights(first).items())


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
    assert [row["epoch"] for row in runs.rows(job)] == [1, 2, 3, 4, 5, 6]
    assert store.read("a").history == runs.rows(job)
    assert previews.epochs(job.folder) == [0, 1, 2, 3, 4, 5, 6]
    frame, fixed = previews.read_frame(job.folder, 6), previews.read_fixed(job.folder)
    assert frame is not None
    assert fixed is not None
    assert (frame.axes, frame.xy.shape, fixed.originals.shape) == ("pca", (180, 2), (10, 1, 8, 8))
    assert not runs.resumable(job)


def test_stop_and_resume_end_as_if_nothing_had_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(*TRAIN, "--output", "whole") == 0
    jobs.delete(the_run().id)
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
    assert [row["epoch"] for row in runs.rows(job)] == [1, 2, 3, 4, 5, 6]
    assert call("train", "--resume", job.id) == 2  # complete


def test_a_stop_keeps_a_model_that_the_resumed_run_replaces(monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(*TRAIN, "--output", "whole") == 0
    jobs.delete(the_run().id)
    with monkeypatch.context() as patch:
        steps = training.Trainer._gradient_steps

        def stopped_in_the_third(trainer: training.Trainer, *more: object) -> float:
            if trainer.epoch == 2:
                os.kill(os.getpid(), signal.SIGTERM)
            return steps(trainer, *more)  # type: ignore[arg-type]

        patch.setattr(training.Trainer, "_gradient_steps", stopped_in_the_third)
        assert call(*TRAIN, "--output", "a") == 0
    job = the_run()
    assert (job.state, runs.resumable(job)) == ("stopped", True)
    assert job.progress["message"].startswith("Stopped: kept epoch 2 of 6")
    assert len(store.read("a").history) == 2
    assert call("train", "--resume", job.id) == 0
    assert same("a", "whole")
    assert len(store.read("a").history) == 6
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


@pytest.mark.parametrize("full", ["history", "previews", "state"])
def test_a_full_disk_ends_with_a_message_and_the_last_good_epoch(
    full: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*TRAIN, "--output", "whole") == 0
    jobs.delete(the_run().id)
    with monkeypatch.context() as patch:
        writers = {"history": (history, "append"), "previews": (previews, "write_frame"), "state": (resume, "save")}
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
    assert (job.state, runs.resumable(job)) == ("failed", True)
    assert call("train", "--resume", job.id) == 0
    assert same("a", "whole")
    assert [row["epoch"] for row in runs.rows(the_run())] == [1, 2, 3, 4, 5, 6]


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
    assert store.summaries() == []


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
    assert (job.progress["outcome"], runs.resumable(job)) == ("diverged", False)
    assert "diverged in epoch 3" in job.progress["message"]
    assert "Kept epoch 2" in job.progress["message"]
    kept = store.read("a")
    assert len(kept.history) == 2
    assert all(np.isfinite(array).all() for array in store.read_weights(kept).values())
    state, _ = store.read_tensors(runs.resume_file(job.folder))
    assert np.array_equal(state["model/encoder.1.weight"], weights("a")["encoder.1.weight"])


def test_a_folder_that_nobody_may_write_to_is_named_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert call(*TRAIN, "--output", str(tmp_path / "file" / "a")) == 2
    assert "is no folder that you may write to" in capsys.readouterr().err
    monkeypatch.setenv("VAE_RUNS", str(tmp_path / "file" / "runs"))
    assert call(*TRAIN, "--output", "a") == 2
    assert "The job can't be started" in capsys.readouterr().err


# --- real processes ---------------------------------------------------------------------------------------------------


def wait_for_epoch(job_id: str, epoch: int) -> None:
    end = time.monotonic() + 120
    while (jobs.get(job_id).progress or {}).get("epoch", 0) < epoch:
        assert time.monotonic() < end, jobs.log_tail(jobs.get(job_id))
        time.sleep(0.02)


def wait_for_end(job_id: str) -> jobs.Job:
    end = time.monotonic() + 120
    while jobs.get(job_id).active:
        assert time.monotonic() < end, jobs.log_tail(jobs.get(job_id))
        time.sleep(0.05)
    return jobs.get(job_id)


def child_of(job: jobs.Job) -> int:
    return int(json.loads((job.folder / "state.json").read_text())["child"]["pid"])


@pytest.fixture
def long_job() -> Iterator[jobs.Job]:
    words = [*TRAIN, "--output", str(paths.checkpoints_dir() / "a")]
    words[2] = "400"
    job = jobs.submit("train", "Train a", words)
    yield job
    jobs.stop(job.id)
    wait_for_end(job.id)


def test_kill_9_loses_at_most_the_running_epoch(long_job: jobs.Job) -> None:
    wait_for_epoch(long_job.id, 5)
    os.kill(child_of(long_job), signal.SIGKILL)
    job = wait_for_end(long_job.id)
    assert (job.state, runs.resumable(job)) == ("failed", True)
    finished = len(runs.rows(job))
    state, about = store.read_tensors(runs.resume_file(job.folder))
    assert finished - 1 <= json.loads(about["state"])["epoch"] <= finished
    assert all(np.isfinite(array).all() for array in state.values())
    assert jobs.restart(job.id).state in jobs.ACTIVE
    assert call(*TRAIN, "--epochs", "400", "--output", "whole") == 0
    job = wait_for_end(job.id)
    assert (job.state, job.progress["outcome"]) == ("done", "trained")
    assert len(runs.rows(job)) == 400
    assert same("a", "whole")


def test_a_job_whose_runner_died_can_still_be_stopped(long_job: jobs.Job) -> None:
    wait_for_epoch(long_job.id, 1)
    runner = json.loads((long_job.folder / "state.json").read_text())["runner"]["pid"]
    os.kill(int(runner), signal.SIGKILL)
    assert jobs.get(long_job.id).state == "running"
    jobs.stop(long_job.id)
    wait_for_end(long_job.id)
    assert 1 <= len(store.read("a").history) < 400


def test_an_active_job_is_not_started_again(long_job: jobs.Job) -> None:
    with pytest.raises(JobError, match="need not be started again"):
        jobs.restart(long_job.id)
