"""Every error a person can cause belongs to one family and prints its hint."""

from __future__ import annotations

import pytest

from vae import errors


def test_an_error_says_what_happened_and_what_to_do() -> None:
    error = errors.ConfigError("latent_dim is 0.", "Try 2.")
    assert (error.message, error.hint, str(error)) == ("latent_dim is 0.", "Try 2.", "latent_dim is 0. Try 2.")
    assert str(errors.ConfigError("latent_dim is 0.")) == "latent_dim is 0."


@pytest.mark.parametrize(
    "kind",
    [errors.ConfigError, errors.DatasetError, errors.CheckpointError, errors.JobError, errors.TrainingError],
)
def test_one_family(kind: type[errors.VAEError]) -> None:
    with pytest.raises(errors.VAEError, match="found this"):
        raise kind("found this")


def test_missing_images_are_a_data_set_error() -> None:
    assert issubclass(errors.DatasetMissingError, errors.DatasetError)


def test_no_message_floods_a_page_or_a_terminal() -> None:
    error = errors.StorageError("a" * 200_000, "b" * 200_000)
    assert max(len(error.message), len(error.hint), len(str(error)) // 2) <= errors.LONGEST
