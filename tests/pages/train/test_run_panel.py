"""The chosen run on the Train page: its film, numbers and curves while it trains, and whatever way it ended."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.train.page import labels, texts, visit
from tests.runs import add_frames, history, keep_state, plant, plant_run, progress_of, train_arguments, train_request
from tests.vae.helpers import new_checkpoint
from ui.shared import model_picker
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.config import TrainConfig
from vae.jobs import queue
from vae.storage import paths
from vae.training.run_folder import film_files, request_files, status
from vae.training.run_folder import history as run_history


def tiles(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def charts(at: AppTest) -> list[dict[str, list[float]]]:
    """The lines of every chart by name."""
    specs = [json.loads(chart.proto.spec)["data"] for chart in at.get("plotly_chart")]
    return [{trace["name"]: numbers(trace["y"]) for trace in traces} for traces in specs]


def numbers(values: Any) -> list[float]:
    """A trace's values, which Plotly writes as text where they were an array."""
    if isinstance(values, dict):
        return [float(v) for v in np.frombuffer(base64.b64decode(values["bdata"]), np.dtype(values["dtype"]))]
    return list(values)


def film(at: AppTest) -> dict[str, Any] | None:
    """What the film's view was told, or None where there is none."""
    views = [e.proto for e in at.get("bidi_component") if e.proto.component_name == "film_view"]
    return dict(json.loads(views[0].json)) if views else None


def reels(at: AppTest) -> list[bytes]:
    return [e.proto.bytes for e in at.get("bidi_component") if e.proto.component_name == "film_reel"]


# --- while it trains --------------------------------------------------------------------------------------------------


def helps(at: AppTest) -> str:
    """What stands behind the page's question marks."""
    assert not at.exception
    return "\n".join(str(element.help) for element in (*at.markdown, *at.metric, *at.caption))


def test_a_running_run_shows_numbers_film_and_curves() -> None:
    plant("done", train_arguments("old"), progress_of("old", 3, 3, finished=True), age=500)
    job_id = plant("running", train_arguments("new"), progress_of("new", 20, 7, fraction=0.35, seconds_left=90))
    add_frames(queue.get(job_id).folder, range(8))
    at = visit()  # without a link: the newest that has not ended
    said = texts(at)
    assert at.query_params["job"] == job_id
    assert "Epoch 7 of 20 · 41,234 images per second" in said
    assert tiles(at) == {
        "Validation loss": "54.25 :small[nats]",
        "Total KL": "2.50 :small[nats]",
        "Train/validation gap": "1.25 :small[nats]",
    }
    for line in ("Baseline **70.00** nats", "Used dimensions **2** of 2", "Sample variety **0.60** of the data's"):
        assert line in said
    assert said.count(":green-badge[:material/check: Fine]") == 4  # three numbers and the verdict
    assert "15.8 nats per image better than independent pixels." in said
    assert "Try:" not in said
    curves, kl = charts(at)
    assert curves["loss"] == [60.25 - i for i in range(7)]
    assert curves["reconstruction error (train)"] == [56.5 - i for i in range(7)]
    assert curves["independent pixels"] == [70.0] * 7
    assert kl == {"z0": [1.25] * 7, "z1": [1.25] * 7}
    told = film(at)
    assert told is not None
    assert (told["live"], told["epochs"], len(told["reels"]), len(reels(at))) == (True, 20, 2, 2)
    assert "about 2 min left" in said
    assert "Stop and keep the last finished epoch" in labels(at)
    assert "Open in Explore" not in labels(at)


def test_a_new_epoch_arrives_with_the_next_look() -> None:
    job_id = plant("running", train_arguments("new"), progress_of("new", 20, 2))
    folder = queue.get(job_id).folder
    stays = add_frames(folder, range(3))
    at = visit(job_id)
    before, first = film(at), reels(at)
    run_history.append(folder, history(3)[-1])
    add_frames(folder, [3], stays)
    at.run()
    after, second = film(at), reels(at)
    assert before is not None
    assert after is not None
    assert len(charts(at)[0]["loss"]) == 3
    assert after["reels"][-1] != before["reels"][-1]
    assert second[-1] != first[-1]
    at.run()
    assert (film(at), reels(at)) == (after, second)  # nothing new: the same bytes, which are not sent again


def test_a_run_without_an_epoch_says_what_is_coming() -> None:
    job_id = plant("running", train_arguments("new"), {"stage": "reading images", "epochs": 20})
    at = visit(job_id)
    said = texts(at)
    assert "The film starts with the untrained model; numbers and curves come with the first finished epoch." in said
    assert "Stop (nothing to keep yet)" in labels(at)
    assert not at.metric
    assert charts(at) == []
    assert film(at) is None
    add_frames(queue.get(job_id).folder, [0])
    at.run()
    assert "This is the untrained model" in texts(at)
    assert film(at) is not None


def test_a_waiting_run_promises_nothing_more() -> None:
    assert "untrained" not in texts(visit(plant("queued", train_arguments("new"))))


def test_what_goes_wrong_is_named_with_its_remedy() -> None:
    rows = history(7, validation_kl=0.01, active_units=0, sample_variety=0.01, kl_0=0.005, kl_1=0.005)
    at = visit(plant("running", train_arguments("new"), progress_of("new", 20, 7), rows=rows))
    said = texts(at)
    assert said.count(":red-badge[") == 2  # the verdict, and the number that shows it
    assert said.count("Posterior collapse: the decoder ignores z.") == 2
    assert said.count("Let z say more: KL schedule linear, warm-up epochs 1, free bits 0.1.") == 1
    assert "Put this into the form" not in labels(at)  # it goes on


def test_what_helps_is_put_into_the_form() -> None:
    rows = history(7, validation_kl=0.01, active_units=0, sample_variety=0.01, kl_0=0.005, kl_1=0.005)
    request = train_request("new", beta=20.0, epochs=7)
    at = visit(plant_run("done", request, progress_of("new", 7, 7, outcome="trained"), rows=rows))
    assert "Let z say more: β 1." in texts(at)
    at.button(key="use_remedy").click().run()
    assert texts(at)
    assert at.text_input(key="train_name").value == "new"
    assert at.session_state["train_beta"] == 1.0
    assert at.session_state["train_epochs"] == 7


def test_an_autoencoder_shows_no_elbo() -> None:
    arguments = [*train_arguments("new")[:-2], "--objective", "autoencoder", "--output", "new"]
    at = visit(plant("running", arguments, progress_of("new", 20, 7)))
    assert "An autoencoder has no KL." in helps(at)
    assert tiles(at)["Validation loss"] == "51.75 :small[nats]"  # of the reconstruction
    [curves] = charts(at)
    assert "KL" not in curves
    assert "reconstruction error" not in curves  # it is the loss


@pytest.mark.parametrize("arguments", [["train"], ["train", "--latent-dim", "x"], ["train", "--epochs", "0"]])
def test_a_run_whose_settings_cannot_be_read_still_shows_its_curves(arguments: list[str]) -> None:
    at = visit(plant("running", [*arguments, "--unknown", "--output", "new"], progress_of("new", 20, 7)))
    assert "Epoch 7 of 20" in texts(at)
    assert not at.metric
    assert len(charts(at)) == 2


def test_a_damaged_folder_shows_what_is_whole() -> None:
    job_id = plant("running", train_arguments("new"), progress_of("new", 20, 3))
    folder = queue.get(job_id).folder
    add_frames(folder, range(4))
    for path in (folder / film_files.FOLDER).glob("epoch-*"):
        path.write_bytes(b"nonsense")
    (folder / run_history.FILE).write_bytes(b"\xff\xfe epoch")
    at = visit(job_id)
    texts(at)
    assert charts(at) == []


# --- afterwards -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "outcome", "message"),
    [
        ("done", "trained", "Trained 3 epochs (test loss 31.25 nats per image)."),
        ("stopped", "stopped", "Stopped: kept epoch 3 of 20."),
        ("done", "early_stopped", "No improvement for 5 epochs: kept epoch 2, the best of 3."),
    ],
)
def test_a_finished_run_opens_in_explore(state: str, outcome: str, message: str) -> None:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "new")
    job_id = plant(
        state, train_arguments("new"), progress_of("new", 20, 3, finished=True, outcome=outcome, message=message)
    )
    add_frames(queue.get(job_id).folder, range(4))
    at = visit(job_id)
    said = texts(at)
    assert message in said
    assert "Test loss **31.25** nats" in said
    assert "a loss, not a likelihood" in helps(at)
    assert len(charts(at)[0]["loss"]) == 3
    told = film(at)
    assert told is not None
    assert told["live"] is False
    kinds = {button.label: button.proto.type for button in at.button}
    assert (kinds["Open in Explore"], kinds["New training"]) == ("primary", "secondary")
    at.button(key=f"open_in_explore-{job_id}").click().run()
    assert at.session_state["model_chosen"] == "new"
    assert not at.exception


def test_a_run_that_diverged_names_the_remedy_and_keeps_its_model() -> None:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "new")
    message = "The loss is no number any more in epoch 4. Kept epoch 3."
    progress = progress_of("new", 20, 3, finished=True, outcome="diverged", message=message)
    at = visit(plant("done", train_arguments("new"), progress))
    said = texts(at)
    assert message in said
    assert ":red-badge[Diverged]" in said
    assert "The training loss grew without bounds: the steps are too large." in said
    assert "Lower the learning rate: learning rate 0.0005, gradient norm at most 10." in said
    assert "Open in Explore" in labels(at)


def test_the_card_is_that_of_the_run_until_another_model_is_picked() -> None:
    jobs = {}
    for name in ("one", "two", "other"):
        checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / name)
        progress = progress_of(name, 3, 3, finished=True, message="Trained.")
        jobs[name] = plant("done", train_arguments(name), progress) if name != "other" else ""
    at = visit(jobs["two"])
    assert at.selectbox(key=model_picker.CHOICE).value == "two"
    at.selectbox(key=model_picker.CHOICE).set_value("other").run()
    assert at.run().selectbox(key=model_picker.CHOICE).value == "other"
    at.query_params["job"] = jobs["one"]
    assert at.run().selectbox(key=model_picker.CHOICE).value == "one"


def test_a_finished_run_whose_model_is_gone_or_damaged() -> None:
    job_id = plant("done", train_arguments("new"), progress_of("new", 3, 3, finished=True, message="Trained."))
    at = visit(job_id)
    assert "The model new is no longer on this machine." in texts(at)
    folder = checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "new")
    (folder / checkpoint_files.WEIGHTS).unlink()
    at = visit(job_id)
    assert "weights.safetensors is missing" in texts(at)
    assert "Open in Explore" not in labels(at)


@pytest.mark.parametrize("state", ["died", "failed"])
def test_a_run_that_broke_says_why_and_that_it_can_go_on(state: str) -> None:
    log = 'Traceback (most recent call last):\n  File "/a.py", line 1, in f\nRuntimeError: not enough memory'
    job_id = plant(state, train_arguments("new"), progress_of("new", 20, 2), log=log, reason=log)
    at = visit(job_id)
    said = texts(at)
    assert "not enough memory" in at.code[0].value
    assert "No model was written." in said
    assert "resume it" not in said
    assert len(charts(at)[0]["loss"]) == 2
    (queue.get(job_id).folder / "resume.safetensors").write_bytes(b"cut off")
    assert "resume it" not in texts(visit(job_id))
    keep_state(queue.get(job_id).folder)
    assert "resume it, and it goes on from there" in texts(visit(job_id))


@pytest.mark.parametrize("job", ["nonsense", "../../etc", "20260101-000000-000-abcdef"])
def test_an_unknown_job_in_the_link_is_said(job: str) -> None:
    at = visit(job)
    said = texts(at)
    assert f"There is no job '{job}'" in said
    assert "Nothing is training" in said
    assert "Train" in labels(at)


def test_what_was_kept_before_a_resumed_run_was_stopped_again_is_still_offered() -> None:
    """Resume, and Stop while PyTorch is still loading: nothing new, and nothing lost."""
    folder = checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "new")
    job = queue.get(plant("stopped", train_arguments("new"), {"epoch": 2, "epochs": 9, "checkpoint": "new"}))
    status.note_written(job.folder, checkpoint_files.summary(folder).identity)
    keep_state(job.folder)
    at = visit(job.id)
    said = texts(at)
    assert "Stopped before it went on; its last finished epoch is still in the run folder." in said
    assert {"Open in Explore", "Resume"} <= set(labels(at))
    checkpoint_writing.write(
        new_checkpoint(seed=1), folder, replacing=status.written(job.folder)
    )  # the model is another's now
    assert "Open in Explore" not in labels(visit(job.id))


@pytest.mark.parametrize(
    ("more", "called"),
    [
        ([], "a loss, not a likelihood"),
        (["--likelihood", "gaussian"], "a bound on the negative log density"),
        (["--binarization", "dynamic"], "a bound on the negative log-likelihood of binarized images"),
    ],
)
def test_the_test_loss_is_called_what_it_is(more: list[str], called: str) -> None:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "new")
    words = train_arguments("new")
    words = [*words[:-2], *more, *words[-2:]]
    job = plant("done", words, progress_of("new", 3, 3, finished=True), rows=history(3))
    assert called in helps(visit(job))


@pytest.mark.parametrize("content", [b"", b'{"colour": "red"}', b"[1]", b'{"model": 1, "train": [], "output": {}}'])
def test_a_damaged_request_is_said_and_hides_nothing_else(content: bytes) -> None:
    plant_run("done", train_request("good"), progress_of("good", 3, 3), age=300)
    job_id = plant_run("done", train_request("bad"), progress_of("bad", 20, 7), age=200)
    (queue.get(job_id).folder / request_files.FILE).write_bytes(content)
    at = visit(job_id)
    said = texts(at)
    assert "Its settings can't be read." in said
    assert f"request.json of run {job_id} can't be used: " in said
    assert "Epoch 7 of 20" in said
    assert len(charts(at)) == 2
    assert "Duplicate" not in labels(at)
    assert {"Delete", "New training"} <= set(labels(at))
    assert [list(table.value["Name"]) for table in at.dataframe] == [["▸ Train bad"], ["good"]]


@pytest.mark.parametrize("old", [False, True])
def test_a_run_of_either_form_shows_its_settings(old: bool) -> None:
    request = train_request("new", objective="autoencoder")
    progress = progress_of("new", 20, 7)
    at = visit(plant("running", request.words(), progress) if old else plant_run("running", request, progress))
    assert "digits · MLP · d = 2 · autoencoder" in texts(at)
    assert tiles(at)["Validation loss"] == "51.75 :small[nats]"


def test_a_run_whose_data_set_is_gone_shows_its_settings_and_is_not_duplicated() -> None:
    request = replace(train_request("new"), train=TrainConfig("cats"))
    at = visit(plant_run("done", request, progress_of("new", 3, 3)))
    assert "cats · MLP · d = 2 · β = 1" in texts(at)
    assert at.button(key="run_duplicate").disabled
