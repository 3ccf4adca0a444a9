"""The estimate beside the form: a trial starts when the form is still, and never keeps anybody from training."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.train.page import with_setup
from tests.runs import plant, train_arguments
from ui.train import estimate
from ui.train.estimate import Estimate
from ui.train.presets import PRESETS
from vae.errors import JobError
from vae.jobs import queue
from vae.jobs.job import Job
from vae.storage import paths
from vae.training import speed
from vae.training.run_folder import request_files
from vae.training.speed import Trial

RESULT = Trial(4.0, 1.9, 0.94, 40, "cpu", shared=False, measured=1000.0)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("RUNS", "CHECKPOINTS", "DERIVED", "DATA"):
        monkeypatch.setenv(f"VAE_{variable}", str(tmp_path / variable.lower()))
    monkeypatch.setattr(estimate, "STILL_SECONDS", 0.0)


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands of the jobs that the page starts; each becomes a running one."""
    seen: list[list[str]] = []

    def submit(
        kind: str, title: str, arguments: list[str], lane: str = "compute", files: Mapping[str, bytes] | None = None
    ) -> Job:
        seen.append(arguments)
        return queue.get(plant("running", arguments, kind=kind, title=title, lane=lane, files=files))

    monkeypatch.setattr(queue, "submit", submit)
    return seen


def visit() -> AppTest:
    return AppTest.from_file(str(paths.PROJECT / "app.py"), default_timeout=60).switch_page("pages/train.py").run()


def said(at: AppTest) -> str:
    assert not at.exception
    return "\n".join(caption.value for caption in at.caption).replace("\\", "")


def trials() -> list[Job]:
    return [job for job in queue.all_jobs() if job.kind == "trial"]


def end(job: Job, state: str, reason: str = "") -> None:
    """What the job's runner writes when its command has ended."""
    path = job.folder / "state.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"state": state, "ended": time.time(), "reason": reason}))


def keep(job: Job, result: Trial = RESULT) -> None:
    """What this trial leaves behind."""
    path = speed.path_of(request_files.read(job))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(result)))


def test_words() -> None:
    assert estimate.estimate(RESULT, 20, now=1030.0) == Estimate(
        "About 40 s on this machine.",
        "4 s to start, 20 epochs of 1.9 s each, measured just now over 0.9 s of training; then the maps of the test "
        "images.",
    )
    fast = Trial(0.5, 0.0123, 1.0, 40, "cpu", shared=True, measured=1000.0)
    assert estimate.estimate(fast, 1, now=8300.0) == Estimate(
        "A moment on this machine. Another job was computing meanwhile; alone it is faster.",
        "0.5 s to start, 1 epoch of 12 ms each, measured 2 h ago over 1.0 s of training; then the maps of the test "
        "images.",
    )


def test_a_form_that_is_still_gets_an_estimate(submitted: list[list[str]]) -> None:
    at = visit()
    [job] = trials()
    assert (job.lane, job.arguments[0]) == ("trial", "trial")
    assert estimate.MEASURING in said(at)
    assert not at.button(key="train_submit").disabled
    keep(job)
    end(job, "done")
    at.run()
    assert "About 4 min on this machine." in said(at)
    assert estimate.MEASURING not in said(at)
    assert trials() == []
    at.number_input(key="train_epochs").set_value(10).run()  # as fast: answered at once
    assert "About 25 s on this machine." in said(at)
    assert len(submitted) == 1


def test_a_form_that_moves_is_not_measured(submitted: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "STILL_SECONDS", 30.0)
    now = [1000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    at = visit()
    now[0] += 29
    at.number_input(key="train_latent_dim").set_value(3).run()
    now[0] += 29
    at.run()
    assert submitted == []
    now[0] += 2
    at.run()
    assert len(submitted) == 1


def test_an_outdated_trial_is_stopped(submitted: list[list[str]]) -> None:
    at = visit()
    at.number_input(key="train_batch_size").set_value(32).run()
    old, new = trials()
    assert (old.stopping, new.stopping) == (True, False)
    assert request_files.read(old) != request_files.read(new)
    end(old, "stopped")
    at.run()
    assert estimate.MEASURING in said(at)
    at.text_input(key="train_hidden_mlp").set_value("none").run()  # an error: nothing to measure
    assert new.stopping
    assert estimate.MEASURING not in said(at)


def test_training_ends_the_trial(submitted: list[list[str]]) -> None:
    at = visit()
    at.button(key="train_submit").click().run()
    assert trials()[0].stopping
    end(trials()[0], "stopped")
    at.run()
    assert [words[0] for words in submitted] == ["trial", "train"]  # no other one beside the training
    assert estimate.MEASURING not in said(at)
    [training] = [job for job in queue.all_jobs() if job.kind == "train"]
    end(training, "done")
    at.run()
    with_setup(at)
    assert [words[0] for words in submitted] == ["trial", "train", "trial"]


def test_a_trial_that_fails_is_not_repeated_and_blocks_nothing(submitted: list[list[str]]) -> None:
    at = visit()
    [job] = trials()
    end(job, "failed", "Traceback\n  File\nRuntimeError: no memory")
    at.run()
    assert "How long it takes is not known: RuntimeError: no memory" in said(at)
    at.run()
    assert [words[0] for words in submitted] == ["trial"]
    assert trials() == []
    at.button(key="train_submit").click().run()
    assert submitted[-1][0] == "train"


def test_a_trial_without_a_result_is_not_repeated(submitted: list[list[str]]) -> None:
    at = visit()
    end(trials()[0], "done")
    at.run()
    at.run()
    assert "How long it takes is not known: the trial left no result." in said(at)
    assert len(submitted) == 1


def test_a_trial_that_cannot_start_blocks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    def submit(kind: str, title: str, arguments: list[str], **more: Any) -> Job:
        if kind == "trial":
            raise JobError("The job can't be started: No space left on device.")
        started.append(kind)
        return queue.get(plant("running", arguments, kind=kind, **more))

    monkeypatch.setattr(queue, "submit", submit)
    at = visit()
    assert "No space left on device" in said(at)
    at.button(key="train_submit").click().run()
    assert started == ["train"]


@pytest.mark.parametrize("state", ["queued", "running"])
def test_what_is_being_trained_is_not_measured_meanwhile(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    def submit(kind: str, title: str, arguments: list[str], **more: Any) -> Job:
        started.append(kind)
        return queue.get(plant(state if kind == "train" else "running", arguments, kind=kind, **more))

    monkeypatch.setattr(queue, "submit", submit)
    at = visit()
    at.button(key="train_submit").click().run()
    end(trials()[0], "stopped")
    at.run()
    assert started == ["trial", "train"]


def test_what_was_measured_beside_another_job_is_measured_again_when_it_is_alone(submitted: list[list[str]]) -> None:
    other = plant("running", train_arguments("other"))
    at = with_setup(visit())
    keep(trials()[0], Trial(4.0, 1.9, 0.94, 40, "cpu", shared=True, measured=time.time()))
    end(trials()[0], "done")
    at.run()
    assert "Another job was computing meanwhile; alone it is faster." in said(at)
    assert len(submitted) == 1
    end(queue.get(other), "done")
    at.run()
    assert len(submitted) == 2
    assert "on this machine" in said(at)  # meanwhile the old one stands


def test_what_other_sessions_left_is_cleared_away(submitted: list[list[str]]) -> None:
    settings = PRESETS[0].settings("digits").effective()
    files = request_files.files(speed.comparable(settings.request("digits", "x")))
    plant("done", ["trial"], kind="trial", lane="trial", age=1000, files=files)
    # its session has not yet seen why
    recent = plant("failed", ["trial"], kind="trial", lane="trial", age=10, files=files)
    visit()
    assert [job.id for job in trials() if not job.active] == [recent]


def test_no_images_no_trial(submitted: list[list[str]]) -> None:
    at = visit()
    at.selectbox(key="train_dataset").set_value("mnist").run()
    assert [request_files.read(job).train.dataset for job in trials()] == ["digits"]
    assert estimate.MEASURING not in said(at)
