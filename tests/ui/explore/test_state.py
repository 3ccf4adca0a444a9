"""Where the person is in Explore: what a browser or a link says is believed only as far as it fits."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.vae.helpers import TINY_CONV, new_checkpoint
from ui.components import events
from ui.explore import state
from ui.explore.state import STATE
from ui.shared import explore_place, page_state
from ui.shared.explore_place import Place
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint

Z = [0.5, -1.25, 2.0]
GOOD: dict[str, Any] = {"row": 4, "z": Z, "id": "a"}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    """40 images, three latent dimensions."""
    checkpoint_writing.write(new_checkpoint(TINY_CONV), tmp_path / "a")
    return checkpoint_files.read("a", tmp_path)


class Parameters(dict[str, list[str]]):
    """A plain dictionary with the two methods of st.query_params that are used."""

    def get_all(self, name: str) -> list[str]:
        return list(self.get(name, []))

    def from_dict(self, values: dict[str, list[str]]) -> None:
        self.clear()
        self.update(values)


def parameters(**values: str) -> Parameters:
    return Parameters({name: [value] for name, value in values.items()})


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A session of the test's own: plain dictionaries."""
    fake = SimpleNamespace(session_state={}, query_params=Parameters())
    for module in (explore_place, events, page_state):
        monkeypatch.setattr(module, "st", fake)
    return fake


def take_event(checkpoint: Checkpoint, **changes: Any) -> Place:
    state.take_event(checkpoint, {**GOOD, **changes})  # type: ignore[typeddict-item]
    return explore_place.here(checkpoint)


def test_at_first_the_person_is_at_the_origin(checkpoint: Checkpoint) -> None:
    place = explore_place.here(checkpoint)
    assert place == Place()
    assert explore_place.vector(checkpoint, place) == [0.0, 0.0, 0.0]


def test_a_move_is_heard_once(checkpoint: Checkpoint) -> None:
    revision = explore_place.revision()
    assert take_event(checkpoint) == Place(4, tuple(Z))
    assert explore_place.revision() == revision  # the page moved, so it is not told to move
    explore_place.go(checkpoint, Place(7))
    assert take_event(checkpoint) == Place(7)  # the same report comes again with every rerun
    assert take_event(checkpoint, id="b") == Place(4, tuple(Z))


def test_the_posterior_mean_of_the_row_is_no_vector_of_its_own(checkpoint: Checkpoint) -> None:
    mean = checkpoint.latents.mu[4].round(4).tolist()  # as panel.js rounds
    assert take_event(checkpoint, z=mean) == Place(4, None)
    assert take_event(checkpoint, z=[mean[0] + 0.01, *mean[1:]], id="b").z is not None
    assert take_event(checkpoint, z=mean, row=None, id="c") == Place(None, tuple(mean))


@pytest.mark.parametrize(
    "wrong",
    [
        {"row": 40},
        {"row": -1},
        {"row": True},
        {"row": 1.0},
        {"row": "1"},
        {"row": [1]},
        {"row": 10**400},
        {"z": None},
        {"z": "0.5"},
        {"z": Z[:2]},
        {"z": [*Z, 0.0]},
        {"z": [0.0, 0.0, float("nan")]},
        {"z": [0.0, 0.0, float("inf")]},
        {"z": [0.0, 0.0, 101.0]},
        {"z": [0.0, 0.0, 10**400]},
        {"z": [0.0, 0.0, None]},
        {"z": [0.0, 0.0, [1.0]]},
        {"z": {"0": 0.0, "1": 0.0, "2": 0.0}},
    ],
    ids=lambda wrong: str(wrong)[:30],
)
def test_what_does_not_fit_is_ignored(checkpoint: Checkpoint, wrong: dict[str, Any]) -> None:
    explore_place.go(checkpoint, Place(3))
    assert take_event(checkpoint, **wrong) == Place(3)
    assert take_event(checkpoint, id="b") == Place(4, tuple(Z))  # and the next good one is heard


@pytest.mark.parametrize("view", [None, [], "view", 3, {}, {"row": 1}, {"z": Z, "id": {"a": 1}, "row": "x"}], ids=str)
def test_what_is_no_view_at_all_is_ignored(checkpoint: Checkpoint, view: Any) -> None:
    state.take_event(checkpoint, view)
    assert explore_place.here(checkpoint) == Place()


def test_go_moves_and_says_so(checkpoint: Checkpoint) -> None:
    revision = explore_place.revision()
    explore_place.go(checkpoint, Place(2))
    assert explore_place.revision() > revision
    np.testing.assert_array_equal(explore_place.vector(checkpoint, Place(2)), checkpoint.latents.mu[2])
    explore_place.go(checkpoint, Place(2, (1.0, 2.0, 3.0)))
    assert explore_place.vector(checkpoint, explore_place.here(checkpoint)) == [1.0, 2.0, 3.0]


def test_models_of_the_same_images_share_the_row_but_not_the_vector(checkpoint: Checkpoint, tmp_path: Path) -> None:
    checkpoint_writing.write(new_checkpoint(), tmp_path / "b")
    other = checkpoint_files.read("b", tmp_path)
    explore_place.go(checkpoint, Place(5, tuple(Z)))
    assert explore_place.here(other) == Place(5)
    explore_place.go(other, Place(6))
    assert explore_place.here(checkpoint) == Place(6)  # a vector belongs to the image it was made from


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [Place(), Place(0), Place(4), Place(None, (0.25, -1.5, 100.0)), Place(4, tuple(Z))])
def test_the_url_says_where_the_person_is(checkpoint: Checkpoint, session: SimpleNamespace, place: Place) -> None:
    session.query_params = parameters(model="old", row="1", z="9", map="pca")
    STATE.begin()
    STATE.put("map", "tsne")
    STATE.put("colour", "kl")
    assert STATE.offered("map", ["pca", "tsne"], "pca") == "tsne"
    assert STATE.offered("colour", ["class", "kl"], "class") == "kl"
    state.write_url("a~12345678", place)
    assert STATE.begin() is None  # our own
    session.session_state = {}
    link = STATE.begin()
    assert link is not None
    assert link["model"] == ["a~12345678"]
    state.apply_link(link, checkpoint)
    assert explore_place.here(checkpoint) == place
    assert explore_place.notice(checkpoint) == ""
    assert STATE.offered("colour", ["class", "kl"], "class") == "kl"
    assert STATE.offered("map", ["pca"], "pca") == "pca"  # t-SNE is not on offer here
    assert STATE.offered("map", ["pca", "tsne"], "pca") == "tsne"  # and here it is again


def test_a_link_without_row_and_choices_clears_them(checkpoint: Checkpoint, session: SimpleNamespace) -> None:
    explore_place.go(checkpoint, Place(3))
    STATE.put("colour", "kl")
    session.query_params = parameters(model="a")
    link = STATE.begin()
    assert link == {"model": ["a"]}
    state.apply_link(link, checkpoint)
    assert explore_place.here(checkpoint) == Place()
    assert STATE.offered("colour", ["class", "kl"], "class") == "class"


def test_a_link_is_followed_once(session: SimpleNamespace) -> None:
    session.query_params = parameters(model="damaged")
    assert STATE.begin() == {"model": ["damaged"]}
    assert STATE.begin() is None
    session.query_params = parameters(model="other")
    assert STATE.begin() == {"model": ["other"]}


def test_a_bare_address_is_no_link(session: SimpleNamespace) -> None:
    state.write_url("a", Place(3))
    session.query_params = parameters(foreign="1")
    assert STATE.begin() is None


@pytest.mark.parametrize("row", ["40", "-1", "1.5", "x", "²", "٣", "9" * 50, "<b>", "1 "])
def test_a_wrong_row_is_said_and_left_out(checkpoint: Checkpoint, row: str) -> None:
    state.apply_link({"row": [row], "z": ["1,2,3"]}, checkpoint)
    assert explore_place.here(checkpoint) == Place(None, (1.0, 2.0, 3.0))
    assert "expected a whole number from 0 to 39." in explore_place.notice(checkpoint)
    assert len(explore_place.notice(checkpoint)) < 150


@pytest.mark.parametrize("z", ["1,2", "1,2,3,4", "1,2,nan", "1,2,inf", "1,2,1e3", "a,b,c", ",,", "1;2;3", "9" * 400])
def test_a_wrong_vector_is_said_and_left_out(checkpoint: Checkpoint, z: str) -> None:
    state.apply_link({"row": ["4"], "z": [z]}, checkpoint)
    assert explore_place.here(checkpoint) == Place(4)
    assert "expected 3 numbers from −100 to 100" in explore_place.notice(checkpoint)
    take_event(checkpoint)
    assert explore_place.notice(checkpoint) == ""  # the person has moved on


def test_the_notice_belongs_to_the_model_of_the_link(checkpoint: Checkpoint, tmp_path: Path) -> None:
    checkpoint_writing.write(new_checkpoint(), tmp_path / "b")
    state.apply_link({"row": ["x"]}, checkpoint)
    assert explore_place.notice(checkpoint_files.read("b", tmp_path)) == ""


def test_streamlit_keeps_the_url_that_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The round trip again with Streamlit's own session and query parameters."""
    monkeypatch.undo()
    at = AppTest.from_function(_script)
    at.query_params["z"] = "3,4"
    at.run()
    assert at.session_state["seen"] == [{"z": ["3,4"]}]
    assert (at.query_params["model"], at.query_params["row"]) == ("m~1", "12")
    assert at.query_params["z"] == "1.5,-2"
    at.run()
    assert at.session_state["seen"][1:] == [None]


def _script() -> None:
    import streamlit as st

    from ui.explore import state
    from ui.shared.explore_place import Place

    st.session_state.setdefault("seen", []).append(state.STATE.begin())
    state.write_url("m~1", Place(12, (1.5, -2.0)))
