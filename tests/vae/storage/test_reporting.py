"""What goes wrong with a file is said as the error of whoever wanted it."""

from __future__ import annotations

from pathlib import Path

import pytest

from vae.errors import CheckpointError, ScoreError, StorageError
from vae.storage.reporting import storage_errors_as, write_errors_as


@pytest.mark.parametrize(("hint", "said"), [("", "Restore it."), ("Fit it again.", "Fit it again.")])
def test_a_storage_error_becomes_the_callers(hint: str, said: str) -> None:
    @storage_errors_as(ScoreError, hint)
    def read() -> None:
        raise StorageError("a.json holds a list, expected an object.", "Restore it.")

    for _ in range(2):  # a decorated function can be called again
        with pytest.raises(ScoreError) as error:
            read()
        assert (error.value.message, error.value.hint) == ("a.json holds a list, expected an object.", said)


def test_other_errors_pass() -> None:
    with pytest.raises(CheckpointError, match="another"), storage_errors_as(ScoreError):
        raise CheckpointError("another")
    with pytest.raises(KeyError), write_errors_as(ScoreError, Path("a")):
        raise KeyError


def test_an_error_of_writing_names_the_path(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.csv"
    with pytest.raises(ScoreError) as error, write_errors_as(ScoreError, path, "Nothing was kept."):
        path.write_text("")
    assert error.value.message == f"{path} can't be written: No such file or directory."
    assert error.value.hint == "Nothing was kept."
