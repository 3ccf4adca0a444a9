"""Named places on Explore: in the list and in the address."""

from __future__ import annotations

import pytest

from tests.pages.explore.page import texts, visit
from vae.checkpoints import named_place_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.checkpoints.named_places import NamedPlace

DIGITS = "digits-mlp-8"
Z = (1.0, -0.5, 0.25, 0.0, 2.0, 0.0, 0.0, -1.0)
LINK = ",".join(f"{v:g}" for v in Z)


def test_one_goes_to_a_kept_place_and_takes_its_name_away(digits: Checkpoint) -> None:
    named_place_files.keep(digits, NamedPlace("*far* <b>", Z))
    at = visit(model=DIGITS)
    assert "place" not in at.query_params
    at = at.button(key="place-go-0").click().run()
    assert (at.query_params["z"], at.query_params["place"]) == (LINK, "*far* <b>")
    assert not at.error
    at = visit(model=DIGITS, place="*far* <b>")  # its name alone leads there, where it is kept
    assert at.query_params["z"] == LINK
    at = at.button(key="place-delete-0").click().run()
    assert named_place_files.read(digits).entries == ()
    assert "place" not in at.query_params
    assert at.query_params["z"] == LINK  # the place stays


def test_a_link_brings_a_place_that_is_kept_where_somebody_wants_it(digits: Checkpoint) -> None:
    at = visit(model=DIGITS, z=LINK, place="theirs")
    assert at.query_params["place"] == "theirs"
    assert named_place_files.read(digits).entries == ()
    at.button(key="place-keep").click().run()
    assert named_place_files.read(digits).of("theirs") == NamedPlace("theirs", Z)


@pytest.mark.parametrize(
    ("said", "problem"), [("nowhere", "of which nothing is kept here"), ("a\u202eb", "name of a place was left out")]
)
def test_a_link_to_no_place_says_so(digits: Checkpoint, said: str, problem: str) -> None:
    at = visit(model=DIGITS, place=said)
    assert problem in texts(at)
    assert "place" not in at.query_params
