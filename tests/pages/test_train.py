"""The Train page: a form that checks before it starts, and runs that stay visible whatever happened to them."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.runs import plant, progress_of, train_arguments
from tests.vae.helpers import new_checkpoint
from ui import train_form
from ui.train_fields import Typed, free_name
from vae import jobs, paths, store
from vae.commands import train as train_command
from vae.errors import CheckpointError, ConfigError, JobError, VAEError

GOOD = Typed("digits", "mlp", 2, 5, "mine", "", "", "relu", 256, 2e-3, 1.0, 0)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("RUNS", "CHECKPOINTS", "DERIVED", "DATA"):
        monkeypatch.setenv(f"VAE_{variable}", str(tmp_path / variable.lower()))


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The arguments of the jobs that the page submits; each becomes a running one."""
    seen: list[list[str]] = []

    def submit(kind: str, title: str, arguments: list[str], lane: str = "compute") -> jobs.Job:
        seen.append(arguments)
        return jobs.get(plant("running", arguments, kind=kind, title=title, lane=lane))

    monkeypatch.setattr(jobs, "submit", submit)
    return seen


def visit(job: str | None = None) -> AppTest:
    at = AppTest.from_file(str(paths.PROJECT / "app.py"), default_timeout=60).switch_page("pages/train.py")
    if job is not None:
        at.query_params["job"] = job
    return at.run()


def texts(at: AppTest) -> str:
    """All that the page says; never a stack trace."""
    assert not at.exception
    kinds = (at.title, at.subheader, at.markdown, at.caption, at.code, at.warning, at.error, at.info)
    said = "\n".join(str(element.value) for kind in kinds for element in kind)
    assert "Traceback" not in said
    assert "Something went wrong" not in said
    return said.replace("\\", "")


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def curves(at: AppTest) -> dict[str, list[float]]:
    """The lines of the learning curve by name."""
    [chart] = at.get("plotly_chart")
    traces = json.loads(chart.proto.spec)["data"]
    return {trace["name"]: trace["y"] for trace in traces}


# --- the form ---------------------------------------------------------------------------------------------------------


def test_without_any_run_there_is_the_form_and_an_invitation() -> None:
    assert not paths.checkpoints_dir().exists()
    at = visit()
    said = texts(at)
    assert at.title[0].value == "Train a model"
    assert "Nothing is training" in said
    assert "Runs" not in [heading.value for heading in at.subheader]
    assert at.text_input(key="train_name").value == "digits-mlp-2"
    assert "54,468 parameters (0.2 MB)" in said
    assert "digits-mlp-2" in said
    assert labels(at) == ["Train"]


def test_every_field_has_one_sentence_of_help() -> None:
    at = visit()
    at.button_group(key="train_architecture").set_value("conv").run()
    fields = [*at.selectbox, *at.number_input, *at.text_input, *at.button_group]
    assert len(fields) == 12
    assert [field.label for field in fields if not field.help.endswith(".") or ". " in field.help] == []


def test_the_name_follows_until_somebody_types(submitted: list[list[str]]) -> None:
    store.write(new_checkpoint(), paths.checkpoints_dir() / "digits-mlp-3")
    at = visit()
    at.number_input(key="train_latent_dim").set_value(3).run()
    assert at.text_input(key="train_name").value == "digits-mlp-3-b"
    at.text_input(key="train_name").set_value("mine").run()
    at.number_input(key="train_latent_dim").set_value(4).run()
    assert at.text_input(key="train_name").value == "mine"
    at.button(key="train_submit").click().run()
    assert [arguments[-1] for arguments in submitted] == ["mine"]
    assert at.text_input(key="train_name").value == "digits-mlp-4"  # a used name is no suggestion
    at.text_input(key="train_name").set_value("other").run()
    at.text_input(key="train_name").set_value("").run()
    assert at.text_input(key="train_name").value == "digits-mlp-4"


def test_free_names() -> None:
    assert free_name("a", set()) == "a"
    assert free_name("a", {"A", "a-b"}) == "a-c"
    taken = {"a", *(f"a-{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")}
    assert free_name("a", taken) == "a-27"


@pytest.mark.parametrize(
    ("key", "typed", "message"),
    [
        ("train_name", "../x", "'../x' is not a checkpoint's name"),
        ("train_name", "two words", "'two words' is not a checkpoint's name"),
        ("train_name", ".hidden", "'.hidden' is not a checkpoint's name"),
        ("train_name", "taken", "There is already a model taken."),
        ("train_name", "soon", "A run that has not ended will write soon."),
        ("train_hidden_mlp", "big", "Hidden widths are 'big', expected whole numbers such as 512, 256."),
        ("train_hidden_mlp", "400, 0", "hidden width is 0, expected a whole number"),
        ("train_hidden_mlp", "none", "An mlp has no hidden layers"),
    ],
)
def test_what_is_wrong_is_said_next_to_the_form(submitted: list[list[str]], key: str, typed: str, message: str) -> None:
    store.write(new_checkpoint(), paths.checkpoints_dir() / "taken")
    plant("queued", train_arguments("soon"))
    at = visit()
    at.text_input(key=key).set_value(typed).run()
    assert message in texts(at)
    at.button(key="train_submit").click().run()
    assert message in texts(at)
    assert at.text_input(key=key).value == typed
    assert submitted == []


@pytest.mark.parametrize("latent_dim", [1, 128])
def test_latent_dimensions_at_the_bounds_are_submitted(submitted: list[list[str]], latent_dim: int) -> None:
    at = visit()
    at.number_input(key="train_latent_dim").set_value(latent_dim).run()
    at.button(key="train_submit").click().run()
    assert texts(at)
    assert [a[a.index("--latent-dim") + 1] for a in submitted] == [str(latent_dim)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"latent_dim": 0}, "latent_dim is 0, expected a whole number from 1 to 128"),
        ({"latent_dim": 129}, "latent_dim is 129, expected"),
        ({"epochs": 0}, "epochs is 0, expected"),
        ({"batch_size": 0}, "batch_size is 0, expected"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0, expected"),
        ({"beta": -1.0}, "beta is -1.0, expected"),
        ({"dataset": "cats"}, "Unknown data set 'cats'"),
        ({"architecture": "transformer"}, "architecture is 'transformer'"),
        ({"activation": "tanh"}, "activation is 'tanh'"),
        ({"architecture": "conv", "channels": "4 4 4 4"}, "halve an image side of 8 to nothing"),
        ({"hidden": "9" * 12}, "expected whole numbers such as 512, 256"),
    ],
)
def test_a_browser_is_not_trusted_with_the_bounds(change: dict[str, object], message: str) -> None:
    with pytest.raises(VAEError, match=message):
        train_form.request(Typed(**{**vars(GOOD), **change}))  # type: ignore[arg-type]


def test_what_is_submitted_is_what_the_command_reads(submitted: list[list[str]]) -> None:
    at = visit()
    at.button_group(key="train_architecture").set_value("conv").run()
    at.number_input(key="train_epochs_digits").set_value(7).run()
    at.text_input(key="train_hidden_conv").set_value("none").run()
    at.text_input(key="train_channels").set_value("4, 8").run()
    at.number_input(key="train_beta").set_value(2.5).run()
    at.number_input(key="train_learning_rate").set_value(3e-4).run()
    at.number_input(key="train_seed").set_value(9).run()
    at.button(key="train_submit").click().run()
    parser = argparse.ArgumentParser()
    train_command.add_arguments(parser)
    [words] = submitted
    plan = train_command._plan(parser.parse_args(words[1:]))
    assert words[0] == "train"
    assert plan.destination == paths.checkpoints_dir() / "digits-conv-2"
    assert (plan.model.architecture, plan.model.hidden, plan.model.channels) == ("conv", (), (4, 8))
    assert plan.model.activation == "silu"
    assert plan.train == type(plan.train)("digits", 7, 256, 3e-4, 2.5, 9)


def test_the_number_of_parameters_is_that_of_the_model() -> None:
    wanted = train_form.request(GOOD)
    encoder, decoder = 64 * 400 + 400 + 400 * 4 + 4, 2 * 400 + 400 + 400 * 64 + 64
    assert wanted.parameters == encoder + decoder
    large = train_form.request(Typed(**{**vars(GOOD), "hidden": "20000 20000"}))  # type: ignore[arg-type]
    assert "Large: training takes about 12.8 GB of memory." in train_form.description(large)


def test_widths() -> None:
    assert train_form.widths("W", " 512,256  8") == (512, 256, 8)
    assert train_form.widths("W", "None") == ()
    with pytest.raises(ConfigError, match=r"W are '1\.5', expected whole numbers"):
        train_form.widths("W", "1.5")


def test_mnist_that_is_not_here_is_offered_instead_of_trained(submitted: list[list[str]]) -> None:
    at = visit()
    at.selectbox(key="train_dataset").set_value("mnist").run()
    assert "MNIST's images are not on this machine." in texts(at)
    assert at.button(key="train_submit").disabled
    at.button(key="download-mnist").click().run()
    assert submitted == [["fetch", "mnist"]]
    assert "Download MNIST" in texts(at)
    assert at.selectbox(key="train_dataset").value == "mnist"


def test_a_job_that_cannot_be_started_is_said_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise JobError("The job can't be started: No space left on device.", "Free some.")

    monkeypatch.setattr(jobs, "submit", refuse)
    at = visit()
    at.text_input(key="train_name").set_value("mine").run()
    at.button(key="train_submit").click().run()
    assert "No space left on device" in texts(at)
    assert at.text_input(key="train_name").value == "mine"


# --- runs -------------------------------------------------------------------------------------------------------------


def test_a_submitted_run_is_in_the_url_and_shown(submitted: list[list[str]]) -> None:
    at = visit()
    at.button(key="train_submit").click().run()
    [job] = jobs.all_jobs()
    assert len(submitted) == 1
    assert at.query_params["job"] == job.id
    assert "**Train digits-mlp-2**" in texts(at)
    assert at.text_input(key="train_name").value == "digits-mlp-2-b"


def test_a_running_run_shows_numbers_and_curve() -> None:
    plant("done", train_arguments("old"), progress_of("old", 3, 3, finished=True), age=500)
    job_id = plant("running", train_arguments("new"), progress_of("new", 20, 7, fraction=0.35, seconds_left=90))
    at = visit()  # without a link: the newest that has not ended
    said = texts(at)
    assert at.query_params["job"] == job_id
    assert {m.label: m.value for m in at.metric} == {
        "Epoch": "7 :small[of 20]",
        "Validation ELBO": "−54.25 :small[nats]",
        "Validation KL": "2.50 :small[nats]",
        "Images per second": "41,234",
    }
    assert "higher is better" in said
    assert "about 2 min left" in said
    assert curves(at) == {
        "Validation": [-60.25 + i for i in range(7)],
        "Training": [-59.0 + i for i in range(7)],
    }
    assert "Stop and keep the last finished epoch" in labels(at)
    assert "Open in Explore" not in labels(at)


@pytest.mark.parametrize("state", ["done", "stopped"])
def test_a_finished_run_opens_in_explore(state: str) -> None:
    store.write(new_checkpoint(), paths.checkpoints_dir() / "new")
    progress = progress_of("new", 3, 3, finished=True, message="Trained 3 epochs (test loss 31.25 nats per image).")
    at = visit(plant(state, train_arguments("new"), progress))
    said = texts(at)
    assert "Trained 3 epochs (test loss 31.25 nats per image)." in said
    assert [m.value for m in at.metric if m.label == "Test loss"] == ["31.25 :small[nats]"]
    assert "a loss, not a likelihood" in said
    assert len(curves(at)["Validation"]) == 3
    kinds = {button.label: button.proto.type for button in at.button}
    assert (kinds["Open in Explore"], kinds["Train"]) == ("primary", "secondary")
    at.button(key="open_in_explore").click().run()
    assert at.session_state["model_chosen"] == "new"
    assert not at.exception


def test_a_finished_run_whose_model_is_gone_or_damaged() -> None:
    job_id = plant("done", train_arguments("new"), progress_of("new", 3, 3, finished=True, message="Trained."))
    at = visit(job_id)
    assert "The model new is no longer on this machine." in texts(at)
    folder = store.write(new_checkpoint(), paths.checkpoints_dir() / "new")
    (folder / store.WEIGHTS).unlink()
    at = visit(job_id)
    assert "weights.safetensors is missing" in texts(at)
    assert "Open in Explore" not in labels(at)


@pytest.mark.parametrize("state", ["died", "failed"])
def test_a_run_that_broke_says_why(state: str) -> None:
    log = 'Traceback (most recent call last):\n  File "/a.py", line 1, in f\nRuntimeError: not enough memory'
    at = visit(plant(state, train_arguments("new"), progress_of("new", 20, 2), log=log, reason=log))
    said = texts(at)
    assert "not enough memory" in at.code[0].value
    assert "No model was written." in said
    assert len(curves(at)["Validation"]) == 2


@pytest.mark.parametrize("job", ["nonsense", "../../etc", "20260101-000000-000-abcdef"])
def test_an_unknown_job_in_the_link_is_said(job: str) -> None:
    at = visit(job)
    said = texts(at)
    assert f"There is no job '{job}'" in said
    assert "Nothing is training" in said
    assert "Train" in labels(at)


def test_runs_are_listed_shown_and_deleted() -> None:
    store.write(new_checkpoint(), paths.checkpoints_dir() / "first")
    first = plant("done", train_arguments("first"), progress_of("first", 3, 3, finished=True), age=300)
    second = plant("failed", train_arguments("second"), reason="python -m vae train: No memory.", age=200)
    plant("stopped", train_arguments("third"), age=100)
    plant("done", ["fetch", "mnist"], kind="fetch", lane="network")
    at = visit()
    said = texts(at)
    assert said.index("third") < said.index("second") < said.index("first")
    for outcome in ("ELBO −58.25 nats · 3 epochs", "No memory.", "Nothing was kept.", "2 min ago"):
        assert outcome in said
    at.button(key=f"show-{first}").click().run()
    assert at.query_params["job"] == first
    assert at.metric[0].value == "3 :small[of 3]"
    at.button(key=f"delete-{first}").click().run()
    assert "job" not in at.query_params
    assert "Nothing is training" in texts(at)
    assert first not in [job.id for job in jobs.all_jobs()]
    assert second in [job.id for job in jobs.all_jobs()]
    assert (paths.checkpoints_dir() / "first").is_dir()  # the model stays


def test_many_runs_are_folded_away() -> None:
    for i in range(11):
        plant("done", train_arguments(f"model-{i}"), progress_of("x", 3, 3, finished=True), age=1000 - 10 * i)
    at = visit()
    assert "model-10" in texts(at)
    assert [e.label for e in at.expander] == ["Advanced", "3 older runs"]


def test_names_in_use_are_models_and_active_runs() -> None:
    store.write(new_checkpoint(), paths.checkpoints_dir() / "kept")
    for state in ("queued", "running", "failed", "done"):
        plant(state, train_arguments(f"a-{state}"))
    plant("running", ["train", "--output"])
    assert train_form.names_in_use() == {"kept", "a-queued", "a-running", ""}
    with pytest.raises(CheckpointError, match="A run that has not ended will write a-queued"):
        train_form.request(Typed(**{**vars(GOOD), "name": "a-queued"}))  # type: ignore[arg-type]


def test_the_page_never_imports_torch() -> None:
    code = """
        from streamlit.testing.v1 import AppTest
        import sys
        at = AppTest.from_file("app.py", default_timeout=60).switch_page("pages/train.py").run()
        print(at.title[0].value, [m for m in ("torch", "sklearn", "scipy") if m in sys.modules])
    """
    code = "\n".join(line.strip() for line in code.splitlines())
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=paths.PROJECT, check=True)
    assert done.stdout.splitlines()[-1] == "Train a model []"
