"""What was measured of a checkpoint's samples, and its file. Imports no torch.

`derived/<identity>/quality.json` is what was measured on this machine; `recorded/<identity>.json` beside this file
ships for the shipped checkpoints. Both are checked when read: bounded numbers, this checkpoint and classifier.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import CheckpointError, VAEError
from vae.sample_quality import shipped
from vae.storage import paths
from vae.storage.files import read_json, write_atomically
from vae.storage.reporting import storage_errors_as, write_errors_as
from vae.storage.validation import finite, short

SHIPPED = Path(__file__).with_name("recorded")
FORMAT_VERSION = 1
LARGEST_COUNT = 2**32  # of images, and of a seed
MAX_TEXT = 1_000
ROWS = {
    "prior": "samples from the prior",
    "mixture": "samples from the mixture",
    "reconstructions": "reconstructions of test images",
    "test": "test images",
    "pixels": "pixels drawn independently",
}
UNITS = {
    "distance": "squared distance in the classifier's features",
    "precision": "share of images, 0 to 1",
    "recall": "share of training images, 0 to 1",
    "covered": "classes",
    "divergence": "nats",
    "sure": "share of images, 0 to 1",
}
LARGEST = {"distance": 1e12, "precision": 1.0, "recall": 1.0, "divergence": 1e3, "sure": 1.0}


@dataclass(frozen=True)
class Row:
    """One set of images. The numbers are what `UNITS` says; shares (K,) of each class sum to 1."""

    kind: str
    images: int
    distance: float
    precision: float
    recall: float
    covered: int
    divergence: float
    sure: float
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Quality:
    """Everything measured of one checkpoint: a row for each of `ROWS`, and the protocol of each number by its name.

    `about` says what is compared: with `reference` training images, in groups of `group` images. `classifier` is the
    SHA-256 of its weights.
    """

    identity: str
    dataset: str
    classifier: str
    number: int
    seed: int
    reference: int
    group: int
    about: str
    protocols: dict[str, str]
    rows: tuple[Row, ...]

    def row(self, kind: str) -> Row:
        """The row of this kind, one of `ROWS`."""
        return next(row for row in self.rows if row.kind == kind)

    def to_dict(self) -> dict[str, Any]:
        """As its file holds it."""
        values = asdict(self)
        measures = {name: {"unit": UNITS[name], "protocol": text} for name, text in values.pop("protocols").items()}
        rows = {row.pop("kind"): row for row in values.pop("rows")}
        return {"format_version": FORMAT_VERSION, **values, "measures": measures, "rows": rows}


# --- files ------------------------------------------------------------------------------------------------------------


def derived_path(identity: str) -> Path:
    """Where the quality measured on this machine is kept."""
    return paths.derived_folder(identity) / "quality.json"


def shipped_path(identity: str) -> Path:
    """Where the quality of a shipped checkpoint is."""
    return SHIPPED / f"{identity[:16]}.json"


def write(quality: Quality, path: Path | None = None) -> Path:
    """Keep a quality in derived/, or at `path`, in one step. Raises CheckpointError when it can't be written."""
    path = path or derived_path(quality.identity)
    with write_errors_as(CheckpointError, path):
        write_atomically(path, (json.dumps(quality.to_dict(), indent=1, allow_nan=False) + "\n").encode())
    return path


def recorded(checkpoint: Checkpoint) -> Quality | None:
    """What was measured of the checkpoint here, else what is shipped; a file that can't be used is passed over."""
    for path in (derived_path(checkpoint.identity), shipped_path(checkpoint.identity)):
        try:
            if path.is_file():
                return read(path, checkpoint)
        except (VAEError, OSError):
            continue
    return None


@storage_errors_as(CheckpointError)
def read(path: Path, checkpoint: Checkpoint) -> Quality:
    """Read one file. Raises CheckpointError for one that is damaged, of other images, or of another classifier."""
    where = f"{path.parent.name}: {path.name}"
    values, _ = read_json(path)
    dataset, classifier = checkpoint.dataset.name, shipped.about(checkpoint.dataset.name).sha256
    expected: dict[str, str | int] = {"format_version": FORMAT_VERSION, "identity": checkpoint.identity}
    for name, value in (expected | {"dataset": dataset, "classifier": classifier}).items():
        if values.get(name) != value:
            raise CheckpointError(
                f"{where} has {name} {short(values.get(name))}, expected {value!r}.",
                "Measure again with `python -m vae quality`.",
            )
    try:
        return Quality(
            checkpoint.identity,
            dataset,
            classifier,
            _whole(values["number"], LARGEST_COUNT, f"{where}: number"),
            _whole(values["seed"], LARGEST_COUNT, f"{where}: seed"),
            _whole(values["reference"], LARGEST_COUNT, f"{where}: reference"),
            _whole(values["group"], LARGEST_COUNT, f"{where}: group"),
            _text(values["about"], f"{where}: about"),
            {name: _text(values["measures"][name]["protocol"], f"{where}: the protocol of {name}") for name in UNITS},
            tuple(_row(kind, values["rows"][kind], checkpoint, where) for kind in ROWS),
        )
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise CheckpointError(f"{where} is incomplete or wrong: {error!s:.200}.") from error


def _row(kind: str, values: dict[str, Any], checkpoint: Checkpoint, where: str) -> Row:
    classes = len(checkpoint.dataset.class_names)
    what = f"{where}: {kind}"
    numbers = {n: _bounded(values[n], largest, f"{what}: {n}") for n, largest in LARGEST.items()}
    if not isinstance(values["shares"], list) or len(values["shares"]) != classes:
        raise CheckpointError(f"{what}: the shares are {short(values['shares'])}, expected {classes} numbers.")
    shares = tuple(_bounded(share, 1.0, f"{what}: a share") for share in values["shares"])
    if not math.isclose(sum(shares), 1.0, abs_tol=1e-6):
        raise CheckpointError(f"{what}: the shares sum to {sum(shares):g}, expected 1.")
    images = _whole(values["images"], LARGEST_COUNT, f"{what}: images")
    covered = _whole(values["covered"], classes, f"{what}: covered")
    return Row(kind, images, covered=covered, shares=shares, **numbers)


def _bounded(value: Any, largest: float, what: str) -> float:
    number = finite(value, what)
    if not 0 <= number <= largest:
        raise CheckpointError(f"{what} is {number:g}, expected 0 to {largest:g}.")
    return number


def _whole(value: Any, largest: int, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= largest:
        raise CheckpointError(f"{what} is {short(value)}, expected a whole number from 0 to {largest:,}.")
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise CheckpointError(f"{what} is {short(value)}, expected text of up to {MAX_TEXT} characters.")
    return value
