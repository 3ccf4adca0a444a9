"""What all tests of the Generate page need."""

from __future__ import annotations

import pytest

from tests.pages.generate.page import Browser


@pytest.fixture(autouse=True)
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    fake = Browser()
    monkeypatch.setattr("ui.components.picture_sheet.show", fake.show_pictures)
    monkeypatch.setattr("ui.components.scrubber.show", fake.show_data)
    monkeypatch.setattr("ui.components.manifold.show", fake.show_plane)
    return fake
