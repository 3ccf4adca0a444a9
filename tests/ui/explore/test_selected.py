"""What is selected on Explore's map, in the session and the URL."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.ui.explore.test_state import Parameters, parameters
from tests.vae.helpers import TINY_CONV, new_checkpoint
from ui.components import back_forward, events
from ui.explore.selection import actions, selected
from ui.explore.state import SELECTED, STATE
from ui.shared import page_state
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import GenerationError
from vae.generation import groups


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    """40 images."""
    checkpoint_writing.write(new_checkpoint(TINY_CONV), tmp_path / "a")
    return checkpoint_files.read("a", tmp_path)


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A session of the test's own: plain dictionaries."""
    fake = SimpleNamespace(session_state={}, query_params=Parameters())
    for module in (selected, events, page_state, back_forward):
        monkeypatch.setattr(module, "st", fake, raising=False)
    return fake


def follow(session: SimpleNamespace, checkpoint: Checkpoint, text: str) -> selected.Selection:
    session.query_params.from_dict(parameters(selected=text))
    STATE.begin()
    selected.begin(checkpoint, linked=True)
    return selected.here(checkpoint)


def test_few_rows_have_an_address_and_many_are_kept_under_a_name(checkpoint: Checkpoint) -> None:
    selected.begin(checkpoint, linked=False)
    assert len(selected.here(checkpoint).rows) == 0
    before = selected.revision()
    selected.put_rows(np.array([3, 4, 5, 9]))
    assert selected.here(checkpoint).text == "rows:3-5,9"
    assert selected.here(checkpoint).has_address
    assert selected.revision() == before  # the page has selected: it is not told to
    np.testing.assert_array_equal(selected.here(checkpoint).rows, [3, 4, 5, 9])


def test_more_rows_than_can_be_written_down_last_as_long_as_the_session(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "MAX_TEXT", 20)
    selected.begin(checkpoint, linked=False)
    rows = np.arange(0, 40, 2)
    selected.put_rows(rows)
    found = selected.here(checkpoint)
    assert found.text.startswith("drawn:")
    assert not found.has_address
    np.testing.assert_array_equal(found.rows, rows)
    selected.put("class:0")
    selected.put(found.text)  # as Back does
    np.testing.assert_array_equal(selected.here(checkpoint).rows, rows)
    for left_out in range(selected.KEPT):
        selected.put_rows(np.delete(rows + 1, left_out))
    selected.put(found.text)
    assert len(selected.here(checkpoint).rows) == 0


def test_a_link_selects_and_what_it_gets_wrong_is_said(session: SimpleNamespace, checkpoint: Checkpoint) -> None:
    name = checkpoint.dataset.class_names[0]
    found = follow(session, checkpoint, f"class:{name}")
    np.testing.assert_array_equal(found.rows, np.flatnonzero(checkpoint.latents.labels == 0))
    for wrong, said in (("rows:40", "no image 40"), ("drawn:abc", "keep one as a tag"), ("x" * 500, "names no group")):
        assert len(follow(session, checkpoint, wrong).rows) == 0
        (problem,) = STATE.problems()
        assert said in problem
    selected.put("")
    assert STATE.problems() == []


def test_a_selection_of_other_images_is_forgotten(
    session: SimpleNamespace, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    selected.begin(checkpoint, linked=False)
    selected.put_rows(np.array([1, 2]))
    session.session_state[selected.OWNER] = "other images"
    before = selected.revision()
    selected.begin(checkpoint, linked=False)
    assert STATE.chosen(SELECTED) is None
    assert selected.revision() != before


def test_generate_gets_test_images_by_a_name_that_means_the_same_there(checkpoint: Checkpoint) -> None:
    def named(text: str, rows: list[int]) -> str:
        return actions.as_group(selected.Selection(text, np.array(rows)), 40)

    assert named("class:1 + class:2", [1, 2]) == "class:1 + class:2"
    assert named("tag:odd", [1, 2]) == "tag:odd"
    assert named("near:3:30", [3, 5, 60]) == "rows:3,5"  # among other images these would be others
    assert named("class:1 + near:3:30", [1, 2, 3, 41]) == "rows:1-3"
    with pytest.raises(GenerationError, match="0 are selected, Generate expects at least 2"):
        named("rows:50", [50])
