"""The Train page's form, which checks before it starts."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from PIL import Image

from tests.pages.train.page import labels, texts, typed, visit, with_setup
from tests.runs import plant, requests, train_arguments
from tests.vae.helpers import new_checkpoint
from ui.train import estimate, form
from ui.train.form_state import free_name
from ui.train.presets import PRESETS, settings_of
from vae.budget import free
from vae.checkpoints import checkpoint_writing
from vae.config import ModelConfig, TrainConfig
from vae.data import datasets, import_folder
from vae.data.import_folder import ImportSettings
from vae.errors import JobError, VAEError
from vae.jobs import queue
from vae.storage import paths
from vae.training.request import TrainingRequest

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
    assert labels(at) == ["Train"]


def test_every_field_has_one_sentence_of_help() -> None:
    at = visit()
    seen = set()
    for key, value in (
        ("architecture", "conv"),
        ("kl_schedule", "linear"),
        ("kl_schedule", "cyclical"),
        ("objective", "iwae"),
    ):
        at.button_group(key=f"train_{key}").set_value(value).run()
        drawn = [*at.selectbox, *at.radio, *at.number_input, *at.text_input, *at.button_group]
        drawn = [field for field in drawn if str(field.key).startswith("train_")]
        assert [field.label for field in drawn if not field.help.endswith(".") or ". " in field.help] == []
        seen |= {field.key for field in drawn}
    settings = {f.name for f in (*fields(ModelConfig), *fields(TrainConfig))} - {"image_shape", "classes", "networks"}
    of_conv = {"hidden", "channels", "activation"}
    assert seen == {
        f"train_{name}_conv" if name in of_conv else f"train_{name}" for name in settings | {"preset", "name"}
    }


def test_the_name_follows_until_somebody_types(submitted: list[list[str]]) -> None:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "digits-mlp-3")
    at = visit()
    at.number_input(key="train_latent_dim").set_value(3).run()
    assert at.text_input(key="train_name").value == "digits-mlp-3-b"
    at.text_input(key="train_name").set_value("mine").run()
    at.number_input(key="train_latent_dim").set_value(4).run()
    assert at.text_input(key="train_name").value == "mine"
    at.button(key="train_submit").click().run()
    assert submitted == [["train"]]
    assert [request.output for request in requests()] == ["mine"]
    with_setup(at)  # it is folded away beside the run
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
    ("key", "text", "message"),
    [
        ("train_name", "../x", "'../x' is not a checkpoint's name"),
        ("train_name", "two words", "'two words' is not a checkpoint's name"),
        ("train_name", ".hidden", "'.hidden' is not a checkpoint's name"),
        ("train_name", "taken", "There is already a model taken."),
        ("train_name", "soon", "A run that has not ended will write soon."),
        ("train_hidden_mlp", "big", "Hidden widths are 'big', expected whole numbers such as 512, 256."),
        ("train_hidden_mlp", "400, 0", "hidden width is 0, expected a whole number"),
        ("train_hidden_mlp", "none", "An mlp has no hidden layers"),
        ("train_name", "<script>", "is not a checkpoint's name"),
    ],
)
def test_what_is_wrong_is_said_next_to_the_form(submitted: list[list[str]], key: str, text: str, message: str) -> None:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "taken")
    plant("queued", train_arguments("soon"))
    at = with_setup(visit())
    at.text_input(key=key).set_value(text).run()
    assert message in texts(at)
    at.button(key="train_submit").click().run()
    assert message in texts(at)
    assert at.text_input(key=key).value == text
    assert submitted == []


@pytest.mark.parametrize("latent_dim", [1, 128])
def test_latent_dimensions_at_the_bounds_are_submitted(submitted: list[list[str]], latent_dim: int) -> None:
    at = visit()
    at.number_input(key="train_latent_dim").set_value(latent_dim).run()
    at.button(key="train_submit").click().run()
    assert texts(at)
    assert [request.model.latent_dim for request in requests()] == [latent_dim]


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
        ({"objective": "iwae"}, "importance_samples is 1, expected"),
        ({"objective": "autoencoder", "beta": 2.0}, "expected none of them"),
        ({"kl_schedule": "linear", "kl_warmup": 0}, "kl_warmup is 0, expected"),
        ({"likelihood": "gaussian", "binarization": "dynamic"}, "Binarized pixels were asked for"),
        ({"max_grad_norm": float("nan")}, "max_grad_norm is nan, expected"),
    ],
)
def test_a_browser_is_not_trusted_with_the_bounds(change: dict[str, object], message: str) -> None:
    with pytest.raises(VAEError, match=message):
        typed(**change)


@pytest.mark.usefixtures("submitted")
def test_what_is_submitted_is_what_the_form_says() -> None:
    at = visit()
    for key, choice in (
        ("architecture", "conv"),
        ("kl_schedule", "linear"),
        ("lr_schedule", "cosine"),
        ("likelihood", "gaussian"),
    ):
        at.button_group(key=f"train_{key}").set_value(choice).run()
    numbers = {
        "epochs": 7,
        "beta": 2.5,
        "learning_rate": 3e-4,
        "seed": 9,
        "kl_warmup": 3,
        "free_bits": 0.25,
        "patience": 4,
    }
    for key, number in numbers.items():
        at.number_input(key=f"train_{key}").set_value(number)
    at.text_input(key="train_hidden_conv").set_value("none")
    at.text_input(key="train_channels_conv").set_value("4, 8").run()
    at.button(key="train_submit").click().run()
    model = ModelConfig("conv", (1, 8, 8), 2, (), (4, 8), "silu", "gaussian")
    train = TrainConfig("digits", batch_size=64, kl_schedule="linear", lr_schedule="cosine", **numbers)
    assert requests() == [TrainingRequest(model, train, "digits-conv-2-gaussian-beta2.5-freebits0.25-seed9")]


def test_the_form_tells_how_much_memory_a_training_takes() -> None:
    assert form.description(typed()).startswith("54,468 parameters (0.2 MB); training takes about 0.5 GB of memory.")
    assert "training takes about 36.0 GB of memory." in form.description(typed(hidden="20000 20000"))


def test_what_does_not_fit_is_told_before_the_button_and_starts_no_trial(
    submitted: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "STILL_SECONDS", 0.0)
    monkeypatch.setattr(free, "memory", lambda: 6 * 10**9)
    at = visit()
    submitted.clear()  # a trial of the default settings
    at.text_input(key="train_hidden_mlp").set_value("65536 65536").run()
    at.run()
    assert "6.0 GB are free and a tenth of that is left to others. Hidden widths up to about" in texts(at)
    assert at.button(key="train_submit").disabled
    assert submitted == []
    at.text_input(key="train_hidden_mlp").set_value("400").run()
    assert not at.button(key="train_submit").disabled
    assert "are free" not in texts(at)


def test_a_full_disk_is_told_before_the_button(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 100))
    at = visit()
    assert "Training needs about 5 MB of disk, 1 MB are free in" in texts(at)
    assert at.button(key="train_submit").disabled


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

    monkeypatch.setattr(queue, "submit", refuse)
    at = visit()
    at.text_input(key="train_name").set_value("mine").run()
    at.button(key="train_submit").click().run()
    assert "No space left on device" in texts(at)
    assert at.text_input(key="train_name").value == "mine"


def test_a_run_folder_that_cannot_be_written_is_said_in_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VAE_RUNS", str(tmp_path / "file" / "runs"))
    at = visit()
    at.button(key="train_submit").click().run()
    assert "The job can't be started: Not a directory" in texts(at)
    assert "job" not in at.query_params
    assert not at.button(key="train_submit").disabled


def test_a_data_set_that_vanished_while_the_form_was_open(
    submitted: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = [True]
    known = replace(datasets.info("mnist"), on_this_machine=lambda: here[0])
    real = datasets.info
    monkeypatch.setattr(datasets, "info", lambda name: known if name == "mnist" else real(name))
    at = visit()
    at.selectbox(key="train_dataset").set_value("mnist").run()
    assert not at.button(key="train_submit").disabled
    here[0] = False
    at.button(key="train_submit").click().run()
    assert "MNIST's images are not on this machine." in texts(at)
    assert at.button(key="train_submit").disabled
    assert submitted == []


def test_zero_epochs_cannot_be_typed() -> None:
    assert visit().number_input(key="train_epochs").min == 1


# --- presets and fields that apply ------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", [p.id for p in PRESETS])
@pytest.mark.parametrize("dataset", ["digits", "mnist"])
def test_a_preset_fills_in_the_form_and_is_submitted(
    submitted: list[list[str]], monkeypatch: pytest.MonkeyPatch, dataset: str, preset: str
) -> None:
    real = datasets.info
    monkeypatch.setattr(datasets, "info", lambda name: replace(real(name), on_this_machine=lambda: True))
    at = visit()
    at.radio(key="train_preset").set_value(preset).run()
    at.selectbox(key="train_dataset").set_value(dataset).run()  # a preset follows the data set
    assert at.radio(key="train_preset").value == preset
    [chosen] = [p for p in PRESETS if p.id == preset]
    assert chosen.sentence in at.radio(key="train_preset").proto.captions
    at.button(key="train_submit").click().run()
    [request] = requests()
    assert settings_of(request).effective() == chosen.settings(dataset).effective()


def test_a_changed_preset_becomes_my_own_settings_and_keeps_the_change() -> None:
    at = visit()
    at.radio(key="train_preset").set_value("disentangle").run()
    at.number_input(key="train_beta").set_value(6.0).run()
    assert at.radio(key="train_preset").value == "own"
    assert at.number_input(key="train_beta").value == 6.0
    assert at.number_input(key="train_latent_dim").value == 10
    at.radio(key="train_preset").set_value("plane").run()
    assert at.number_input(key="train_beta").value == 1.0


def test_a_field_is_there_only_where_it_applies() -> None:
    at = visit()

    def shown() -> set[str]:
        drawn = [*at.number_input, *at.button_group]
        return {str(field.key).removeprefix("train_") for field in drawn}

    only_sometimes = {
        "beta",
        "free_bits",
        "kl_schedule",
        "kl_warmup",
        "kl_cycles",
        "importance_samples",
        "binarization",
    }
    assert shown() & only_sometimes == {"beta", "free_bits", "kl_schedule", "binarization"}
    at.button_group(key="train_kl_schedule").set_value("linear").run()
    assert shown() & only_sometimes == {"beta", "free_bits", "kl_schedule", "kl_warmup", "binarization"}
    at.button_group(key="train_kl_schedule").set_value("cyclical").run()
    assert shown() & only_sometimes == {"beta", "free_bits", "kl_schedule", "kl_cycles", "binarization"}
    at.button_group(key="train_objective").set_value("iwae").run()
    assert shown() & only_sometimes == {"importance_samples", "binarization"}
    at.button_group(key="train_likelihood").set_value("gaussian").run()
    assert shown() & only_sometimes == {"importance_samples"}
    at.button_group(key="train_objective").set_value("elbo").run()  # what was hidden is as it was
    assert at.button_group(key="train_kl_schedule").value == "cyclical"
    assert texts(at)


def test_every_objective_can_be_trained_from_any_settings(submitted: list[list[str]]) -> None:
    at = visit()
    at.radio(key="train_preset").set_value("disentangle").run()
    for objective in ("iwae", "autoencoder", "elbo"):  # from a β with a schedule: no combination is an error
        at.button_group(key="train_objective").set_value(objective).run()
        assert not at.error
        at.button(key="train_submit").click().run()
        with_setup(at)
    chosen = [request.train for request in requests()]
    assert [train.objective for train in chosen] == ["iwae", "autoencoder", "elbo"]
    assert [train.beta for train in chosen] == [1.0, 1.0, PRESETS[4].settings("digits").beta]


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


def test_the_report_of_an_import_is_below_its_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    for k in range(12):
        path = tmp_path / "own" / "ab"[k % 2] / f"<b>{k}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), 20 * k).save(path)
    (tmp_path / "own" / "notes.txt").touch()
    import_folder.write("own", tmp_path / "own", ImportSettings(8, 8))
    at = visit()
    assert not [box for box in at.expander if box.label.startswith("Its import")]  # digits were not imported
    at.selectbox(key="train_dataset").set_value("own").run()
    [label] = [box.label for box in at.expander if box.label.startswith("Its import")]
    assert label.startswith("Its import: 12 images taken, 1 left out")
    assert "Left out 1 (no image by its name, which ends in .txt): notes.txt." in texts(at)
    assert not at.info
    at.radio(key="train_preset").set_value("anomalies").run()  # for which so few are few
    assert "training images are few for this goal" in at.info[0].value
    (tmp_path / "data" / "folders" / "own" / "report.json").unlink()
    assert "Imported before reports and file names were kept" in texts(at.run())
