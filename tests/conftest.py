"""What every test needs: folders of its own, so that none writes to the checkout."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Jobs and derived files go to a temporary folder. A test that trains moves VAE_CHECKPOINTS itself."""
    folder = tmp_path_factory.mktemp("vae")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAE_RUNS", str(folder / "runs"))
        patch.setenv("VAE_DERIVED", str(folder / "derived"))
        yield
