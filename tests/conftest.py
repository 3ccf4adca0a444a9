"""What every test needs: folders of its own, so that none writes to the checkout."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

# Threads that wait for each other sleep instead of spinning: beside other work, training and t-SNE on tiny arrays are
# 10 to 100 times faster. Read when torch and scikit-learn are first imported; child processes inherit it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Where tests take long: these start first, so that all workers end at about the same time. Those of the browser stand
# together, because a worker's browser and app live as long as one follows the other.
FIRST = (
    "tests/browser/train/",
    "tests/browser/generate/",
    "tests/browser/",
    "tests/vae/training/",
    "tests/vae/jobs/",
    "tests/vae/data/",
)


# What these look at are other processes and clocks, which a slow machine can hold up: pytest-rerunfailures runs them
# once more when they fail, and the summary names them, so that they get mended. What fails twice fails the run.
ONCE_MORE = (
    "tests/browser/",
    "tests/benchmarks/",
    "tests/hostile/",
    "tests/pages/",
    "tests/vae/commands/",
    "tests/vae/jobs/",
    "tests/vae/test_old_folders.py",
    "tests/vae/training/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests by where they are; within a folder they stay as they were."""
    for item in items:
        if item.nodeid.startswith(ONCE_MORE):
            item.add_marker(pytest.mark.flaky(reruns=1))
    items.sort(key=lambda item: next((i for i, at in enumerate(FIRST) if item.nodeid.startswith(at)), len(FIRST)))


@pytest.fixture(scope="session", autouse=True)
def _no_search_for_components() -> Iterator[None]:
    """At every visit of a page, Streamlit's AppTest reads the metadata of all installed packages, for components among
    them: half of what a test of a page takes. The app's own are none of these, and a real server looks once."""
    with pytest.MonkeyPatch.context() as patch:
        if "streamlit.testing.v1" in sys.modules:
            patch.setattr("streamlit.components.v2.manifest_scanner.scan_component_manifests", list)
        yield


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Jobs and derived files go to a temporary folder, pages read images below pytest's.

    A test that trains moves VAE_CHECKPOINTS itself.
    """
    folder = tmp_path_factory.mktemp("vae")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAE_RUNS", str(folder / "runs"))
        patch.setenv("VAE_DERIVED", str(folder / "derived"))
        patch.setenv("VAE_FOLDERS", str(tmp_path_factory.getbasetemp()))
        patch.setenv("VAE_ALL_IMAGES", "ask")  # or every visit of Explore would begin to encode MNIST where it is
        yield
