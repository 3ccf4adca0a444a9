"""No hostile input breaks a reader, hangs it, makes it large, or changes a file."""

from __future__ import annotations

import pytest

from tests.hostile import guard
from tests.hostile.guard import Found

LEAST = 400
pytestmark = pytest.mark.timeout(900)  # all cases run in the first test


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Found]:
    return list(guard.results(tmp_path_factory.mktemp("hostile")))


def test_the_corpus_is_large(results: list[Found]) -> None:
    assert len({found.name for found in results}) == len(results) >= LEAST


def test_good_files_are_read(results: list[Found]) -> None:
    """Or being refused would show nothing."""
    good = [found for found in results if found.name.endswith(guard.GOOD)]
    assert [found.name for found in good if found.outcome != "read"] == []
    assert len(good) >= 15


def test_no_input_breaks_a_reader(results: list[Found]) -> None:
    assert {found.name: problem for found in results if (problem := found.problem())} == {}


# --- what watches over the corpus sees what it is there to see --------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (Found("x", True, "refused", "x is a pipe."), ""),
        (Found("x", True, "nothing"), ""),
        (Found("x", False, "read"), ""),
        (Found("x", True, "read"), "was read"),
        (Found("x", True, "broke", "KeyError: 'x'"), "broke: KeyError"),
        (Found("x", True, "hung"), "hung"),
        (Found("x", True, "refused", seconds=2.5), "took 2.5 s"),
        (Found("x", True, "refused", bytes=501 * 10**6), "took 501 MB"),
        (Found("x", True, "refused", changed=["a/config.json"]), "changed a/config.json"),
        (Found("x", True, "refused", "x" * 1_001), "was told in 1,001 characters"),
    ],
)
def test_what_is_wrong_is_told(found: Found, problem: str) -> None:
    assert found.problem().startswith(problem)
    assert bool(found.problem()) == bool(problem)
