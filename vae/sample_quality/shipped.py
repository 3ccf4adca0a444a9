"""What is known of the shipped classifiers without loading one. Imports no torch.

`classifiers/<data set>.safetensors` are the weights, `<data set>.json` beside it says how they were made and their
SHA-256. `train_classifier.py` writes both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vae.data.image_dataset import SPLITS
from vae.errors import CheckpointError, DatasetError
from vae.storage import kinds
from vae.storage.json_files import read_json
from vae.storage.reporting import storage_errors_as
from vae.storage.validation import finite, short

FOLDER = Path(__file__).with_name("classifiers")
FORMAT_VERSION = 1
NAMES = ("mnist", "digits")


@dataclass(frozen=True)
class About:
    """One classifier: its data set, its accuracy by split (shares from 0 to 1) and its weights' SHA-256."""

    dataset: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    accuracy: dict[str, float]
    sha256: str

    @property
    def weights(self) -> Path:
        """Where its weights are."""
        return FOLDER / f"{self.dataset}.safetensors"


def check_measurable(dataset: str) -> None:
    """Raise DatasetError for a data set without a classifier."""
    if dataset not in NAMES:
        raise DatasetError(
            f"Sample quality can't be measured on {dataset[:80]!r}: it is measured on the features of a classifier, "
            f"and classifiers ship for {' and '.join(NAMES)} only.",
            f"Measure a model that was trained on {' or '.join(NAMES)}.",
        )


@storage_errors_as(CheckpointError)
def about(dataset: str) -> About:
    """The classifier of a data set.

    Raises
    ------
    DatasetError
        When there is none for it.
    CheckpointError
        When its description is damaged.
    """
    check_measurable(dataset)
    values, _ = read_json(FOLDER / f"{dataset}.json", kinds.CLASSIFIER_ABOUT)
    if values.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(
            f"{dataset}.json has format {short(values.get('format_version'))}, expected {FORMAT_VERSION}."
        )
    try:
        channels, height, width = (int(n) for n in values["dataset"]["image_shape"])
        return About(
            dataset,
            (channels, height, width),
            tuple(str(name) for name in values["dataset"]["class_names"]),
            {s: finite(values["accuracy"][s], f"{dataset}.json: the accuracy on {s}") for s in SPLITS},
            str(values["weights"]["sha256"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"The classifier's {dataset}.json is incomplete: {error!s:.200}.", "Restore it from the repository."
        ) from error
