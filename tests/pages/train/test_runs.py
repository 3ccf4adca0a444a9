"""Runs on the Train page: they stay visible whatever happened to them, and can be resumed, duplicated and deleted."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.train.page import labels, texts, typed, visit, with_setup
from tests.runs import history, keep_state, plant, plant_run, progress_of, requests, train_arguments, train_request
from tests.vae.helpers import new_checkpoint
from ui.shared import page_state
from ui.train import form, run_table
from ui.train.state import JOB, STATE
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.config import ModelConfig, TrainConfig
from vae.errors import CheckpointError, JobError
from vae.jobs import queue
from vae.storage import paths
from vae.training.request import TrainingRequest
from vae.training.run_folder import status


def test_a_submitted_run_is_in_the_url_and_shown(submitted: list[list[str]]) -> None:
    at = visit()
    at.button(key="train_submit").click().run()
    [job] = queue.all_jobs()
    assert len(submitted) == 1
    assert at.query_params["job"] == job.id
    assert "**Train digits-mlp-2**" in texts(at)
    assert with_setup(at).text_input(key="train_name").value == "digits-mlp-2-b"


def test_a_finished_run_whose_model_is_gone_or_damaged() -> None:
    job_id = plant("done", train_arguments("new"), progress_of("new", 3, 3, finished=True, message="Trained."))
    at = visit(job_id)
    assert "The model new is no longer on this machine." in texts(at)
    folder = checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "new")
    (folder / checkpoint_files.WEIGHTS).unlink()
    at = visit(job_id)
    assert "weights.safetensors is missing" in texts(at)
    assert "Open in Explore" not in labels(at)


@pytest.mark.parametrize("job", ["nonsense", "../../etc", "20260101-000000-000-abcdef"])
def test_an_unknown_job_in_the_link_is_said(job: str) -> None:
    at = visit(job)
    said = texts(at)
    assert f"There is no job '{job}'" in said
    assert "Nothing is training" in said
    assert "Train" in labels(at)


def table(at: AppTest) -> Any:
    """All runs of all tables, in the order of the page."""
    return importlib.import_module("pandas").concat([frame.value for frame in at.dataframe], ignore_index=True)


def test_the_table_of_runs() -> None:
    configs = ("--dataset", "digits", "--latent-dim", "10", "--epochs", "3")
    plant("done", ["train", *configs, "--beta", "4", "--output", "first"], progress_of("first", 3, 3), age=300)
    rows = history(4, active_units=1.0, kl_weight=1.0)
    rows[1]["validation_loss"] = 1.0  # the second epoch is the best
    stopped_early = progress_of("early", 9, 4, outcome="early_stopped")
    plant("done", ["train", *configs, "--patience", "2", "--output", "early"], stopped_early, age=250, rows=rows)
    plant("failed", train_arguments("second"), reason="python -m vae train: No memory.", age=200)
    plant("done", ["train", "--objective", "autoencoder", "--output", "ae"], progress_of("ae", 3, 3), age=150)
    plant("queued", ["train", "--colour", "red", "--output", "odd"], age=100)
    plant("done", ["fetch", "mnist"], kind="fetch", lane="network")
    at = visit()
    assert "Runs" in [heading.value for heading in at.subheader]
    values = table(at)
    assert [list(frame.value["Name"]) for frame in at.dataframe] == [["▸ odd"], ["ae"], ["second", "early", "first"]]
    for group in ("Settings can't be read", "digits · Bernoulli · reconstruction", "digits · Bernoulli · −ELBO"):
        assert f"**{group}**" in texts(at)  # losses of one kind only are in one table
    assert list(values["State"]) == ["Queued", "Done", "Failed", "Stopped early", "Done"]
    values["Name"] = values["Name"].str.removeprefix("▸ ")
    by_name = values.set_index("Name")
    assert by_name.loc["first", ["Epochs", "Of", "Validation loss", "KL", "Used dimensions", "Gap"]].tolist() == [
        3, 3, 58.25, 2.5, 2, 1.25
    ]  # fmt: skip
    assert by_name.loc["early", ["Epochs", "Of", "Validation loss", "Used dimensions"]].tolist() == [2, 9, 59.25, 2]
    assert by_name.loc["first", "Time"].total_seconds() == 150
    assert by_name.loc["first", "Settings"] == "digits · MLP · d = 10 · β = 4"
    assert by_name.loc["ae", "Settings"] == "digits · MLP · d = 2 · autoencoder"
    assert by_name.loc["ae", ["Validation loss", "Gap"]].tolist() == [55.75, 1.25]  # of the reconstruction
    assert np.isnan(by_name.loc["ae", "KL"])
    for nothing in ("second", "odd"):
        assert by_name.loc[nothing, ["Validation loss", "KL", "Gap"]].isna().all()
    assert all(
        values[name].dtype.kind in "fi" for name in ("Epochs", "Of", "Validation loss", "KL", "Used dimensions", "Gap")
    )


def test_ticked_runs_stay_ticked_and_their_curves_lie_over_each_other() -> None:
    first = plant("done", train_arguments("first"), progress_of("first", 3, 3), age=300)
    second = plant("failed", train_arguments("second"), age=200)
    other = plant("done", ["train", "--objective", "autoencoder", "--output", "ae"], progress_of("ae", 3, 3), age=150)
    third = plant("done", train_arguments("third"), progress_of("third", 3, 3), age=100)
    at = visit(first)
    assert "**Train first**" in texts(at)
    assert "Learning curves compared" not in texts(at)
    at.session_state[run_table.TICKED] = {first, third}
    at.run()
    key = run_table.table_key([third, second, first])
    assert at.session_state[key]["selection"]["rows"] == [0, 2]
    assert compared(at) == [["third", "first"]]
    at.session_state[run_table.TICKED] = {first, third, other}  # of another objective: an axis of its own
    at.run()
    assert "These losses are of different kinds" in texts(at)
    assert sorted(compared(at)) == [["ae"], ["third", "first"]]


def compared(at: AppTest) -> list[list[str]]:
    """The names on each chart that compares runs."""
    specs = [json.loads(chart.proto.spec) for chart in at.get("plotly_chart") if "compared-" in chart.proto.id]
    return [[trace["name"] for trace in spec["data"]] for spec in specs]


@pytest.mark.parametrize(
    ("selection", "shown"),
    [
        ({"rows": [1], "cells": []}, None),  # a box ticks
        ({"rows": [0], "cells": [(2, "KL")]}, "c"),  # a click into a cell of another row
        ({"rows": [], "cells": []}, None),  # the box once more
        ({"rows": [9], "cells": []}, None),  # deleted meanwhile
    ],
)
def test_a_click_on_a_row_or_cell_chooses_the_run(
    monkeypatch: pytest.MonkeyPatch, selection: dict[str, Any], shown: str | None
) -> None:
    state = {"table": {"selection": selection}}
    for module in (run_table, page_state):
        monkeypatch.setattr(module, "st", SimpleNamespace(session_state=state, query_params={}))
    run_table._row_chosen("table", ["a", "b", "c"])
    assert STATE.chosen(JOB) == shown
    assert state.get(run_table.FOLLOWED, False) is (shown is not None)
    assert state[run_table.TICKED] == {"abc"[row] for row in selection["rows"] if row < 3}


@pytest.mark.parametrize("old", [False, True])
def test_duplicate_fills_in_all_settings_under_a_free_name(submitted: list[list[str]], old: bool) -> None:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "mine-b")
    model = ModelConfig("conv", (1, 8, 8), 5, (), (4, 8), "relu", "gaussian")
    train = TrainConfig("digits", 3, 64, 1e-3, 2.0, 7, kl_schedule="cyclical", kl_cycles=3, free_bits=0.1, patience=2)
    kept = TrainingRequest(model, train, "mine-b")
    at = visit(plant("done", kept.words()) if old else plant_run("done", kept))
    at.button(key="run_duplicate").click().run()
    assert texts(at)
    assert at.text_input(key="train_name").value == "mine"
    assert at.radio(key="train_preset").value == "own"
    at.button(key="train_submit").click().run()
    assert submitted == [["train"]]
    assert requests() == [kept, replace(kept, output="mine")]


def test_a_run_that_wrote_elsewhere_is_duplicated_below_checkpoints(tmp_path: Path) -> None:
    at = visit(plant_run("done", train_request(str(tmp_path / "mine"))))
    at.button(key="run_duplicate").click().run()
    assert at.text_input(key="train_name").value == "mine"
    assert not at.error


def test_a_run_that_this_version_cannot_read_is_not_duplicated() -> None:
    at = visit(plant("done", ["train", "--colour", "red", "--output", "odd"]))
    assert "Its settings can't be read." in texts(at)
    assert "Duplicate" not in labels(at)
    assert "Delete" in labels(at)


def test_delete_asks_first_and_keeps_the_model() -> None:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "first")
    first = plant("done", train_arguments("first"), progress_of("first", 3, 3, finished=True), age=300)
    at = visit(first)
    at.button(key=f"run_delete-{first}").click().run()
    assert "The model stays." in texts(at)
    assert [job.id for job in queue.all_jobs()] == [first]
    at.button(key="run_delete_not").click().run()
    assert [job.id for job in queue.all_jobs()] == [first]
    at.button(key=f"run_delete-{first}").click().run()
    at.button(key="run_delete_sure").click().run()
    assert queue.all_jobs() == []
    assert "job" not in at.query_params
    assert "Nothing is training" in texts(at)
    assert (paths.checkpoints_dir() / "first").is_dir()


def test_an_active_run_is_neither_deleted_nor_resumed() -> None:
    at = visit(plant("running", train_arguments("new"), progress_of("new", 20, 7)))
    assert "Duplicate" in labels(at)
    assert not {"Delete", "Resume"} & set(labels(at))


def test_resume_goes_on_with_the_same_run(monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = plant("stopped", train_arguments("new"), progress_of("new", 20, 7, outcome="stopped"))
    at = visit(job_id)
    assert "Resume" not in labels(at)  # there is no state to go on with
    keep_state(paths.runs_dir() / job_id)
    asked: list[str] = []
    monkeypatch.setattr(queue, "restart", asked.append, raising=False)
    at = visit(job_id)
    at.button(key=f"run_resume-{job_id}").click().run()
    assert asked == [job_id]
    assert at.query_params["job"] == job_id


def test_a_resume_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = plant("stopped", train_arguments("new"), progress_of("new", 20, 7, outcome="stopped"))
    keep_state(paths.runs_dir() / job_id)

    def refuse(job: str) -> None:
        raise JobError(f"Job {job} can't go on.", "Start anew.")

    monkeypatch.setattr(queue, "restart", refuse, raising=False)
    at = visit(job_id)
    at.button(key=f"run_resume-{job_id}").click().run()
    assert "can't go on. Start anew." in texts(at)


def test_names_in_use_are_models_and_active_runs() -> None:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "kept")
    for state in ("queued", "running", "failed", "done"):
        plant(state, train_arguments(f"a-{state}"))
    plant("running", ["train", "--output"])
    assert form.names_in_use() == {"kept", "a-queued", "a-running", ""}
    with pytest.raises(CheckpointError, match="A run that has not ended will write a-queued"):
        typed(name="a-queued")


# --- models -----------------------------------------------------------------------------------------------------------


def finished(name: str) -> str:
    """A run that wrote a model, which is there."""
    folder = checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / name)
    job = plant_run("done", train_request(name), progress_of(name, 3, 3, finished=True))
    status.note_written(paths.runs_dir() / job, checkpoint_files.summary(folder).identity)
    return job


def test_a_model_is_renamed_from_its_run_which_goes_on_to_show_it() -> None:
    finished("taken")
    job = finished("mine")
    at = visit(job)
    at.button(key="model_rename-run").click().run()
    assert "1 run will follow." in texts(at)
    at.text_input(key="model_new_name").set_value("taken")
    at.button(key="model_rename_sure").click().run()
    assert "There is already a model" in at.session_state["model_rename_problem"]
    at = visit(job)
    at.button(key="model_rename-run").click().run()
    at.text_input(key="model_new_name").set_value("better")
    at.button(key="model_rename_sure").click().run()
    assert sorted(summary.name for summary in checkpoint_files.summaries()) == ["better", "taken"]
    at = visit(job)
    assert "Open in Explore" in labels(at)
    assert list(table(at)["Name"]) == ["▸ better", "taken"]


def test_deleting_a_model_asks_says_what_goes_and_leaves_the_run() -> None:
    job = finished("mine")
    at = visit(job)
    at.button(key="model_delete-run").click().run()
    assert "The model **mine** goes for good. 1 run stays, with film and curves." in texts(at)
    assert [summary.name for summary in checkpoint_files.summaries()] == ["mine"]
    at.button(key="model_delete_sure").click().run()
    assert checkpoint_files.summaries() == []
    assert "The model mine is no longer on this machine." in texts(visit(job))


def test_a_shared_server_lets_only_the_owner_change_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_SHARED", "1")
    at = visit(finished("mine"))
    assert not {"Rename model", "Delete model"} & set(labels(at))
    assert "only the tab that made it may change it" in texts(at)
