"""Generate: the Python code on the page makes what the page shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pages.generate.page import LINKS, THREE_PINS, Browser, visit
from ui.shared import cache
from vae.checkpoints.checkpoint import Checkpoint


@pytest.mark.parametrize("link", LINKS)
def test_the_code_on_the_page_makes_its_pictures(
    digits: Checkpoint, browser: Browser, link: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    at = visit(model="digits-mlp-8", pin=THREE_PINS, **{**LINKS[link], "order": "drawn"})
    names: dict[str, Any] = {}
    exec(at.code[0].value, names)  # noqa: S102
    np.testing.assert_array_equal(names["images"], cache.decoded(digits, names["z"]))
    if link == "manifold":  # the page draws it in the browser, from these two vectors and this place
        plane = browser.data["manifold"]["plane"]
        np.testing.assert_array_equal(plane["u"], names["plane"].u)
        np.testing.assert_array_equal(plane["base"], names["plane"].base)
        assert browser.data["manifold"]["home"] == [-3.0, 3.0, -3.0, 3.0]
        return
    key = {"prior": "samples", "mixture": "samples", "directions": "direction-strip"}.get(link, link)
    np.testing.assert_array_equal(browser.pictures[key], names["images"])
