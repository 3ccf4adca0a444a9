"""Explore: which model it shows, when some are missing or broken, and where links lead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.pages.explore.page import of_mnist, panel, pick, place, shown, texts, visit, write
from tests.vae.helpers import TINY_CONV, edit_config, new_checkpoint
from ui.shared import model_picker
from ui.shared.explore_place import Place
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.config import ModelConfig
from vae.data.built_in import mnist
from vae.storage import paths

# --- nothing, or something broken -------------------------------------------------------------------------------------


def test_without_any_model_there_is_a_way_to_train_one() -> None:
    assert not paths.checkpoints_dir().exists()
    at = visit()
    assert shown(at) is None
    assert "There is no trained model here yet." in texts(at)
    assert ("Train a model", "train") in [(link.label, link.proto.page) for link in at.main.get("page_link")]


def no_json(folder: Path) -> None:
    (folder / checkpoint_files.CONFIG).write_text("{not json")


def truncated(folder: Path) -> None:
    raw = (folder / checkpoint_files.WEIGHTS).read_bytes()
    (folder / checkpoint_files.WEIGHTS).write_bytes(raw[: len(raw) // 2])


def empty(folder: Path) -> None:
    (folder / checkpoint_files.WEIGHTS).write_bytes(b"")


def missing(folder: Path) -> None:
    (folder / checkpoint_files.MAPS).unlink()


def newer(folder: Path) -> None:
    edit_config(folder, format_version=checkpoint_files.FORMAT_VERSION + 1)


def tampered(folder: Path) -> None:
    """One bit of the latents: sizes agree, only the SHA-256 tells."""
    raw = bytearray((folder / checkpoint_files.LATENTS).read_bytes())
    raw[-1] ^= 1
    (folder / checkpoint_files.LATENTS).write_bytes(raw)


BROKEN = [
    (no_json, "config.json is not valid JSON"),
    (truncated, "weights.safetensors has 200,296 bytes, expected 400,592 bytes"),
    (empty, "weights.safetensors has 0 bytes"),
    (missing, "maps.safetensors is missing"),
    (newer, "has checkpoint format 2, this program reads 1. Update the program."),
]


@pytest.mark.parametrize(("damage", "reason"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_broken_model_is_named_and_the_others_work(
    digits: Checkpoint, damage: Callable[[Path], None], reason: str
) -> None:
    damage(paths.checkpoints_dir() / "digits-mlp-2")
    at = visit()
    assert shown(at) == "digits-mlp-8"
    assert [expander.label for expander in at.sidebar.expander] == ["1 checkpoint can't be used"]
    [said] = [m.value.replace("\\", "") for m in at.sidebar.expander[0].markdown]
    assert said.startswith("**digits-mlp-2**: ")
    assert reason in said
    linked = visit(model="digits-mlp-2", row="5")
    assert shown(linked) == "digits-mlp-8"
    assert reason in texts(linked)
    assert "row" not in linked.query_params  # of images that are not shown


def test_when_all_models_are_broken_it_says_so() -> None:
    no_json(write("a", new_checkpoint()))
    newer(write("b", new_checkpoint()))
    at = visit()
    assert shown(at) is None
    assert [expander.label for expander in at.sidebar.expander] == ["2 checkpoints can't be used"]


def test_a_tampered_model_nobody_looks_at_disturbs_nobody(digits: Checkpoint) -> None:
    tampered(paths.checkpoints_dir() / "digits-mlp-2")
    assert shown(visit()) == "digits-mlp-8"


@pytest.mark.parametrize("link", [{}, {"model": "digits-mlp-8", "row": "5"}], ids=["first choice", "linked"])
def test_a_tampered_model_is_refused_and_another_can_be_picked(digits: Checkpoint, link: dict[str, str]) -> None:
    tampered(paths.checkpoints_dir() / "digits-mlp-8")
    at = visit(**link)
    assert shown(at) is None
    said = "digits-mlp-8: the content of latents.safetensors does not match the SHA-256 in config.json."
    assert said in texts(at)
    pick(at, "digits-mlp-2")
    assert shown(at) == "digits-mlp-2"
    assert said not in texts(at)
    assert shown(at.run()) == "digits-mlp-2"
    assert shown(pick(at, "digits-mlp-8")) is None  # and it does not get better


# --- the first choice -------------------------------------------------------------------------------------------------


def test_digits_come_first_where_mnist_is_missing_and_mnist_where_it_is_not(digits: Checkpoint) -> None:
    write("mnist-a", of_mnist(elbo=-140.0))
    write("mnist-b", of_mnist(elbo=-90.0))
    assert shown(visit()) == "digits-mlp-8"
    mnist.raw_dir().mkdir(parents=True)
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (mnist.raw_dir() / f"{part}-ubyte").touch()
    assert shown(visit()) == "mnist-b"


def test_models_without_a_measured_loss_or_a_known_data_set_come_last(digits: Checkpoint) -> None:
    known = replace(checkpoint_files.summaries()[0], test_loss=500.0)
    assert digits.dataset is not None
    unmeasured = replace(known, name="a", test_loss=None)
    unknown = replace(known, name="b", test_loss=0.0, dataset=replace(digits.dataset, name="cats"))
    assert model_picker.first_choice([unknown, unmeasured, known]) == known
    assert model_picker.first_choice([unknown]) == unknown


def test_the_choice_and_the_row_survive_another_page(digits: Checkpoint) -> None:
    at = visit(model="digits-mlp-2", row="3")
    at.switch_page("pages/train.py").run()
    at.switch_page("app.py").run()
    assert shown(at) == "digits-mlp-2"
    assert panel(at)["row"] == 3


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digits_of_link", ["", "~{}"])
def test_a_good_link_is_followed(digits: Checkpoint, digits_of_link: str) -> None:
    z = (0.5, -1.0, 0.0, 1.0, 2.0, -2.0, 0.25, 3.0)
    link = "digits-mlp-8" + digits_of_link.format(digits.short_identity)
    at = visit(model=link, row="12", z=",".join(map(str, z)), map="pca", colour="kl")
    assert (shown(at), len(at.warning)) == ("digits-mlp-8", 0)
    assert place(at, digits) == Place(12, z)
    told = panel(at)
    assert (told["row"], told["z"], told["map"]["method"]) == (12, list(z), "pca")
    assert told["original"]["row"] == 12
    assert at.query_params["model"] == f"digits-mlp-8~{digits.short_identity}"
    assert at.selectbox(key="colour").value == "kl"


@pytest.mark.parametrize(
    ("link", "said", "model", "expected"),
    [
        ({"model": "../../etc", "row": "3"}, "'../../etc' is not a checkpoint's name.", "digits-mlp-8", Place()),
        ({"model": "<b>x</b>"}, "'<b>x</b>' is not a checkpoint's name.", "digits-mlp-8", Place()),
        ({"model": "gone", "row": "3"}, "checkpoint gone, which is not on this machine.", "digits-mlp-8", Place()),
        ({"model": "digits-mlp-2~00000000"}, "made for another digits-mlp-2 (00000000)", "digits-mlp-2", Place()),
        ({"model": "digits-mlp-2", "row": "360"}, "expected a whole number from 0 to 359", "digits-mlp-2", Place()),
        ({"model": "digits-mlp-2", "row": "-1"}, "row -1, expected a whole number", "digits-mlp-2", Place()),
        ({"row": "1e3"}, "row 1e3, expected a whole number", "digits-mlp-8", Place()),
        ({"model": "digits-mlp-2", "row": "3", "z": "1"}, "expected 2 numbers", "digits-mlp-2", Place(3)),
        ({"row": "3", "z": "1,2,3,4,5,6,7,nan"}, "expected 8 numbers", "digits-mlp-8", Place(3)),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_link_is_said_and_the_rest_followed(
    digits: Checkpoint, link: dict[str, str], said: str, model: str, expected: Place
) -> None:
    at = visit(**link)
    assert shown(at) == model
    assert said in texts(at)
    assert len(at.warning) == 1
    assert place(at, checkpoint_files.read(model)) == expected
    assert panel(at)["row"] == expected.row
    assert at.query_params.get("row") == (None if expected.row is None else str(expected.row))
    assert "z" not in at.query_params
    other = "digits-mlp-2" if model == "digits-mlp-8" else "digits-mlp-8"
    assert said not in texts(pick(at, other))  # no longer about what is shown


def test_an_old_link_to_the_chart_is_harmless(digits: Checkpoint) -> None:
    at = visit(map="no-such-map", colour="no-such-colour", python="perhaps", x8="z99")
    assert (shown(at), len(at.warning)) == ("digits-mlp-8", 3)  # one for each but x8, which nobody knows any more
    assert at.button_group(key="map").value == "tsne"


def test_a_model_without_the_chosen_map_shows_another(digits: Checkpoint) -> None:
    write("tiny", new_checkpoint(TINY_CONV))  # it has no t-SNE map
    at = visit(map="t-SNE")
    assert at.button_group(key="map").value == "tsne"
    pick(at, "tiny")
    assert shown(at) == "tiny"
    assert at.button_group(key="map").options == ["PCA", "Latent axes"]


def test_one_latent_dimension_is_shown_on_a_line() -> None:
    write("one", new_checkpoint(ModelConfig("mlp", (1, 8, 8), 1, hidden=(4,))))
    at = visit()
    assert shown(at) == "one"
    assert panel(at)["map"] == {"method": "latent", "axes": [0, None], "chart_key": "map_chart"}


def test_two_axes_are_never_the_same(digits: Checkpoint) -> None:
    at = visit(map="latent")
    at.selectbox(key="x").set_value(at.selectbox(key="y").value).run()
    assert shown(at) == "digits-mlp-8"
    x, y = at.selectbox(key="x").value, at.selectbox(key="y").value
    assert x != y
    assert panel(at)["map"]["axes"] == [int(x), int(y)]
    assert (at.query_params["map"], at.query_params["x"], at.query_params["y"]) == ("latent", x, y)
    again = visit(**{name: at.query_params[name] for name in ("model", "map", "x", "y")})
    assert panel(again)["map"]["axes"] == [int(x), int(y)]
