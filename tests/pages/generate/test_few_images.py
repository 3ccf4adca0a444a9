"""Generate, for a model of so few images that its test split holds one: each view says what it lacks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.pages.generate.page import VIEWS, Browser, one_class, visit, write
from tests.pages.page import said
from vae.checkpoints.checkpoint import Latents, NewCheckpoint
from vae.generation import holes


def one_image() -> NewCheckpoint:
    new = one_class()
    arrays = {name: getattr(new.latents, name)[:1] for name in Latents.__dataclass_fields__}
    maps = [replace(projection, xy=projection.xy[:1]) for projection in new.maps]
    return replace(new, latents=replace(new.latents, **arrays), maps=maps)


@pytest.mark.parametrize("view", VIEWS)
def test_one_test_image_is_enough_to_look_at(browser: Browser, view: str) -> None:
    write("few", one_image())
    at = visit(model="few", view=view)
    text = said(at)
    assert not at.error
    assert "class only" not in text  # the only class has nothing to tell
    expected = {
        "samples": holes.NOT_MEASURED,
        "interpolation": "Add an image: a path needs two.",
        "directions": "A direction needs two groups of at least 2 test images.",
    }
    assert expected.get(view, "image 0 (an example)") in text
