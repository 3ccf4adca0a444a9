"""The benchmark of kills, small: what it kills comes back whole, and it sees what does not."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from benchmarks.kills import commands, measure, trainings
from benchmarks.kills.commands import Command
from benchmarks.kills.tally import KillError, Tally, digest
from tests.runs import plant_run, train_request
from vae.checkpoints import checkpoint_files
from vae.jobs import queue
from vae.storage import paths
from vae.storage.temporary import beside
from vae.training.run_folder import history, status

DRAW = random.Random(0)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in measure.FOLDERS:
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    return tmp_path


def test_a_training_whose_processes_are_killed_ends_as_an_undisturbed_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    whole = trainings.undisturbed(epochs=40)
    tally = trainings.kill_trainings("both", 1, whole, DRAW)
    assert (tally.kills, tally.faults, tally.problems) == (1, 0, [])
    assert [job.state for job in queue.all_jobs()] == ["done"] * len(queue.all_jobs())
    assert measure.leftovers(folder) == 0


def test_a_killed_import_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "COPIES", 2)
    monkeypatch.setattr(commands, "SIDE", 64)
    tally = commands.kill_command(commands.make_import(folder), 2, DRAW)
    assert (tally.kills, tally.faults, tally.problems) == (2, 0, [])
    assert measure.leftovers(folder) == 0


def test_a_command_that_writes_in_place_is_found_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = folder / "result"
    script = "import sys, time; f = open(sys.argv[1], 'w'); f.write('a'); f.flush(); time.sleep(0.3); f.write('b')"
    monkeypatch.setattr(commands, "_program", lambda words: [sys.executable, "-c", script, *words])
    tally = commands.kill_command(Command([str(result)], result, replaces=False), 8, random.Random(1))
    assert tally.kills == 8
    assert tally.half_results > 0
    assert result.read_text() == "ab"


def test_a_command_that_fails_or_writes_nothing_is_no_success(folder: Path) -> None:
    with pytest.raises(KillError, match="Unknown data set"):
        commands.run_to_end(["encode", str(paths.PROJECT / "checkpoints" / "digits-mlp-2"), "--dataset", "cats"])
    with pytest.raises(KillError, match=r"has written nothing to .*other"):
        commands.kill_command(Command(["list"], folder / "other", replaces=False), 1, DRAW)


def test_lost_epochs_and_other_weights_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trainings.Whole(3, "the weights", 1.0, 1.0, 1.0)
    job = queue.get(plant_run("done", train_request("a")))
    history.write(job.folder, [{"epoch": 1.0}, {"epoch": 3.0}])
    tally = Tally()
    trainings._check_end(job, "a", whole, tally)
    assert (tally.lost_epochs, tally.half_results, tally.unequal) == (1, 1, 1)  # there is no checkpoint at all
    with pytest.raises(KillError, match="is failed"):
        trainings._check_end(queue.get(plant_run("failed", train_request("b"))), "b", whole, Tally())


def test_the_kept_epoch_is_the_states(folder: Path) -> None:
    job = queue.get(plant_run("died", train_request("a")))
    assert trainings._kept(job) == 0
    content = safetensors.numpy.save({"w": np.zeros(1, np.float32)}, {"state": json.dumps({"epoch": 7})})
    status.resume_file(job.folder).write_bytes(content)
    assert trainings._kept(job) == 7
    tally = Tally()
    tally.look(lambda: trainings._read(job, "a"))  # the history has none of the seven
    tally.look(lambda: checkpoint_files.read("a"))
    status.resume_file(job.folder).write_bytes(content[:-1])
    tally.look(lambda: trainings._kept(job))
    assert tally.half_results == 3


def test_leftovers_are_counted(folder: Path) -> None:
    beside(folder / "a").write_bytes(b"")
    assert measure.leftovers(folder) == 1


def test_a_digest_is_of_names_and_contents(folder: Path) -> None:
    (folder / "a").mkdir()
    digests = {digest(folder / "a"), digest(folder / "b")}
    for name, content in (("x", "1"), ("y", "1"), ("x", "2")):
        (folder / "a" / name).write_text(content)
        digests.add(digest(folder / "a"))
    assert len(digests) == 5


def test_what_is_left_of_a_run_shrinks_to_its_start_and_end() -> None:
    whole = trainings.Whole(100, "", 2.0, 10.0, 3.0)
    assert [whole.rest(epoch) for epoch in (0, 50, 100)] == [15.0, 10.0, 5.0]
