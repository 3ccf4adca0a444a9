"""What all tests of the Generate page need."""

from __future__ import annotations

import pytest

from tests.pages.generate.page import Browser


@pytest.fixture(autouse=True)
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    fake = Browser()
    monkeypatch.setattr("ui.sheet.show", fake.show_pictures)
    monkeypatch.setattr("ui.scrub.show", fake.show_data)
    monkeypatch.setattr("ui.manifold.show", fake.show_plane)
    return fake
