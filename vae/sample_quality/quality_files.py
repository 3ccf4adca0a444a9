"""What was measured of a checkpoint's samples, and its file. Imports no torch.

`derived/<identity>/quality.json` is what was measured on this machine; `recorded/<identity>.json` beside this file
ships for the shipped checkpoints. Both are checked when read: bounded numbers, this checkpoint and classifier.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import CheckpointError, VAEError
from vae.sample_quality import shipped
from vae.storage import kinds, paths, probe
from vae.storage.files import write_atomically
from vae.storage.json_files import read_json
from vae.storage.reporting import storage_errors_as, write_errors_as
from vae.storage.schema import check_value, integer, number, read_as, text
from vae.storage.validation import short

T = TypeVar("T")
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
    "density": "1 for images like the training images",
    "coverage": "share of training images, 0 to 1",
    "classes_seen": "classes",
    "divergence": "nats",
    "sure": "share of images, 0 to 1",
}
LATER = ("density", "coverage")  # what older files lack
RENAMED = {"covered": "classes_seen"}  # as older files call it: what is now called coverage is another number
Count = Annotated[int, integer(0, LARGEST_COUNT)]
Share = Annotated[float, number(0, 1)]
Text = Annotated[str, text(MAX_TEXT)]


@dataclass(frozen=True)
class QualityRow:
    """One set of images. The numbers are what `UNITS` says; shares (K,) of each class sum to 1.

    None stands for what was not measured, in files of before it could be.
    """

    kind: str
    images: Count
    distance: Annotated[float, number(0, 1e12)]
    precision: Share
    recall: Share
    classes_seen: Count
    divergence: Annotated[float, number(0, 1e3)]
    sure: Share
    shares: tuple[Share, ...]
    density: Annotated[float, number(0, LARGEST_COUNT)] | None = None
    coverage: Share | None = None


@dataclass(frozen=True)
class Quality:
    """Everything measured of one checkpoint: a row for each of `ROWS`, and the protocol of each number by its name; one
    of `LATER` may be without.

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
    rows: tuple[QualityRow, ...]

    def row(self, kind: str) -> QualityRow:
        """The row of this kind, one of `ROWS`."""
        return next(row for row in self.rows if row.kind == kind)

    def to_dict(self) -> dict[str, Any]:
        """As its file holds it."""
        values = asdict(self)
        measures = {name: {"unit": UNITS[name], "protocol": said} for name, said in values.pop("protocols").items()}
        rows = {row.pop("kind"): row for row in values.pop("rows")}
        return {"format_version": FORMAT_VERSION, **values, "measures": measures, "rows": rows}


@dataclass(frozen=True)
class _Measure:
    """What a file says of one number."""

    protocol: Text


@dataclass(frozen=True)
class _Saved:
    """What a file holds beside what it is of; a row is an object with the fields of `QualityRow` but for its kind."""

    number: Count
    seed: Count
    reference: Count
    group: Count
    about: Text
    measures: dict[str, _Measure]
    rows: dict[str, Any]


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
            if probe.is_there(path):
                return read(path, checkpoint)
        except VAEError:
            continue
    return None


@storage_errors_as(CheckpointError)
def read(path: Path, checkpoint: Checkpoint) -> Quality:
    """Read one file. Raises CheckpointError for one that is damaged, of other images, or of another classifier."""
    where = f"{path.parent.name}: {path.name}"
    values, _ = read_json(path, kinds.QUALITY)
    dataset, classifier = checkpoint.dataset.name, shipped.about(checkpoint.dataset.name).sha256
    expected: dict[str, str | int] = {"format_version": FORMAT_VERSION, "identity": checkpoint.identity}
    for name, value in (expected | {"dataset": dataset, "classifier": classifier}).items():
        if values.get(name) != value:
            raise CheckpointError(
                f"{where} has {name} {short(values.get(name))}, expected {value!r}.",
                "Measure again with `python -m vae quality`.",
            )
    saved = read_as(values, _Saved, where)
    measures = _renamed(saved.measures)
    needed = [name for name in UNITS if name not in LATER]
    for name, known, all_names in (("measures", measures, needed), ("rows", saved.rows, list(ROWS))):
        if lacking := [one for one in all_names if one not in known]:
            raise CheckpointError(f"{where}: {name} lacks {', '.join(lacking)}.")
    return Quality(
        checkpoint.identity,
        dataset,
        classifier,
        saved.number,
        saved.seed,
        saved.reference,
        saved.group,
        saved.about,
        {name: measures[name].protocol for name in UNITS if name in measures},
        tuple(_row(kind, saved.rows[kind], len(checkpoint.dataset.class_names), f"{where}: {kind}") for kind in ROWS),
    )


def _renamed(values: dict[str, T]) -> dict[str, T]:
    return {RENAMED.get(name, name): value for name, value in values.items()}


def _row(kind: str, values: Any, classes: int, what: str) -> QualityRow:
    row = read_as(_renamed(read_as(values, dict[str, Any], what)) | {"kind": kind}, QualityRow, what)
    check_value(row.classes_seen, Annotated[int, integer(0, classes)], f"{what}: classes_seen")
    if len(row.shares) != classes:
        raise CheckpointError(f"{what}: the shares are {short(row.shares)}, expected {classes} numbers.")
    if not math.isclose(sum(row.shares), 1.0, abs_tol=1e-6):
        raise CheckpointError(f"{what}: the shares sum to {sum(row.shares):g}, expected 1.")
    return row
