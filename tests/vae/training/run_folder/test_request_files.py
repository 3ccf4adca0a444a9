"""What a run was asked for is read from its folder, from one of before request.json too; damage is said."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.runs import plant, plant_run, progress_of, requests, train_arguments, train_request
from tests.vae.commands.test_arguments import call
from vae.checkpoints import checkpoint_files
from vae.errors import ConfigError
from vae.jobs import queue
from vae.storage import paths
from vae.training import trainer
from vae.training.run_folder import request_files, status

TRAIN = ["train", "--epochs", "4", "--hidden", "8", "--latent-dim", "3", "--seed", "4", "--batch-size", "500"]


def test_a_run_is_read_as_it_was_asked_for() -> None:
    request = train_request("a", beta=3.0, classes=("1", "2"))
    job = queue.get(plant_run("done", request))
    assert job.arguments == ("train",)
    assert request_files.read(job) == request
    assert request_files.output_of(job) == "a"


def test_a_run_from_before_request_json_is_read_from_its_command_line() -> None:
    job = queue.get(plant("done", train_arguments("a")))
    assert not (job.folder / request_files.FILE).exists()
    assert request_files.read(job) == train_request("a")
    again = queue.get(plant("done", request_files.read(job).words()))
    assert request_files.read(again) == train_request("a")


def test_a_file_that_is_written_anew_is_read_anew() -> None:
    job = queue.get(plant_run("done", train_request("a")))
    assert request_files.read(job).train.epochs == 3
    (job.folder / request_files.FILE).write_bytes(train_request("a", epochs=12_345).to_json())
    assert request_files.read(job).train.epochs == 12_345


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file or directory"),
        (b"", "not valid JSON"),
        (b"[1]", "expected an object"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"output": "\xff"}', "not valid JSON"),
        (b"1" * 5_000, "not valid JSON"),
        (b" " * (5 * 2**20), "bytes, expected at most"),
        (b'{"colour": "red"}', "expected model, train, output"),
        (json.dumps({"model": {}, "train": {}, "output": "x" * 10**6}).encode(), "lacks"),
    ],
)
def test_a_damaged_request_is_said_and_hides_no_other_run(content: bytes | None, why: str) -> None:
    good = queue.get(plant_run("running", train_request("good"), age=100))
    job = queue.get(plant_run("running", train_request("bad"), age=50))
    path = job.folder / request_files.FILE
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ConfigError, match=f"request.json of run {job.id} can't be") as caught:
        request_files.read(job)
    assert why in str(caught.value)
    assert len(str(caught.value)) < 500
    assert request_files.read_or_none(job) is None
    assert request_files.output_of(job) == ""
    assert request_files.output_of(good) == "good"
    assert call(*TRAIN, "--output", "good") == 2  # still reserved


def test_beside_a_damaged_request_others_train() -> None:
    for number, content in enumerate((b"", b"[1]", b'{"colour": "red"}')):
        job = queue.get(plant_run("running", train_request(f"bad-{number}")))
        (job.folder / request_files.FILE).write_bytes(content)
    assert call(*TRAIN, "--epochs", "1", "--output", "free") == 0


def test_a_job_without_its_request_trains_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    job = queue.get(plant_run("running", train_request("a")))
    (job.folder / request_files.FILE).unlink()
    assert call("train", "--run-folder", str(job.folder)) == 2
    said = capsys.readouterr().err
    assert f"request.json of run {job.id} can't be used: " in said
    assert "request.json can't be read: No such file or directory." in said
    assert checkpoint_files.summaries() == []


def test_a_job_trains_what_its_folder_says() -> None:
    job = queue.get(plant_run("running", train_request("a", epochs=2)))
    assert call("train", "--run-folder", str(job.folder)) == 0
    written = checkpoint_files.read("a")
    assert written.train == replace(train_request("a", epochs=2).train, precision=written.train.precision)
    assert written.command == train_request("a", epochs=2).command()  # as it was asked for: with precision auto


def test_a_trial_measures_what_its_folder_says(monkeypatch: pytest.MonkeyPatch) -> None:
    from vae.training import speed

    monkeypatch.setattr(speed, "MEASURE_SECONDS", 0.1)
    request = train_request("a", batch_size=99)
    files = request_files.files(speed.comparable(request))
    job = queue.get(plant("running", ["trial"], kind="trial", files=files))
    assert call("trial", "--run-folder", str(job.folder)) == 0
    assert speed.read(request) is not None


def weights(name: str) -> dict[str, np.ndarray]:
    return checkpoint_files.read_weights(checkpoint_files.read(name))


@pytest.mark.parametrize("how", ["terminal", "job"])
def test_an_old_run_goes_on_exactly(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """job.json of the version before: the whole command line, and no request.json."""
    assert call(*TRAIN, "--output", "whole") == 0
    queue.delete(queue.all_jobs()[0].id)
    with monkeypatch.context() as patch:
        steps = trainer.Trainer._gradient_steps

        def until(self: trainer.Trainer, *more: object) -> float:
            if self.epoch == 2:
                raise KeyboardInterrupt
            return steps(self, *more)  # type: ignore[arg-type]

        patch.setattr(trainer.Trainer, "_gradient_steps", until)
        assert call(*TRAIN, "--output", "a") == 130
    [job] = queue.all_jobs()
    [request] = requests()
    about = json.loads((job.folder / "job.json").read_text())
    (job.folder / "job.json").write_text(json.dumps(about | {"arguments": request.words()}))
    (job.folder / request_files.FILE).unlink()
    job = queue.get(job.id)
    assert requests() == [request]
    assert status.resumable(job)
    words = ["train", "--resume", job.id] if how == "terminal" else [*job.arguments, "--run-folder", str(job.folder)]
    assert call(*words) == 0
    for name, array in weights("whole").items():
        assert np.array_equal(array, weights("a")[name]), name
    assert len(status.rows(job)) == 4
    assert {path.name for path in paths.checkpoints_dir().iterdir()} == {"whole", "a"}


def test_a_run_that_would_do_something_else_does_not_go_on() -> None:
    """What goes on is the command line in job.json, which may be somebody else's."""
    job = queue.get(plant("stopped", ["sample", "a", "--output", "a.png"], progress_of("a", 3, 1)))
    assert (job.kind, status.why_not(job)) == ("train", "it is no training run")
