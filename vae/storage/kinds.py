"""Every kind of file that the program reads, and how large it may be. door.py opens none of another kind."""

from __future__ import annotations

from dataclasses import dataclass

KIB, MIB, GIB = 2**10, 2**20, 2**30


@dataclass(frozen=True)
class FileKind:
    """A kind of file: what it is called, and at most how many bytes of it are read.

    `levels` are the folders, its own and those above it, that people copy to each other as a whole: neither the file
    nor one of these below the topmost may be a link, which could lead to a stranger's file. 0 where links are followed:
    in folders that are a person's own.
    """

    name: str
    most: int
    levels: int = 1


# a checkpoint
CONFIG = FileKind("a checkpoint's description", 4 * MIB)
WEIGHTS = FileKind("a checkpoint's weights", 4 * GIB)
LATENTS = FileKind("a checkpoint's latents", 2 * GIB)
MAPS = FileKind("a checkpoint's maps", GIB)
METRICS = FileKind("a checkpoint's metrics", 4 * MIB)
HISTORY = FileKind("a checkpoint's history", 64 * MIB)
NETWORK = FileKind("a checkpoint's network in ONNX", 512 * MIB)

# a model from elsewhere
ADOPTED_WEIGHTS = FileKind("a file of weights", 4 * GIB, levels=0)
ONNX = FileKind("an ONNX file", 512 * MIB, levels=0)

# what is derived from it
DERIVED_MAP = FileKind("a map made later", GIB)
TRAINING_LATENTS = FileKind("training images' latents", 256 * MIB)
OTHER_LATENTS = FileKind("other splits' latents", GIB)
MIXTURE = FileKind("a fitted mixture", 256 * MIB)
QUALITY = FileKind("measured quality", 4 * MIB)
DIMENSION_NAMES = FileKind("names of latent dimensions", MIB)
NAMED_PLACES = FileKind("named places", MIB)
DIRECTION = FileKind("a kept direction", 1_000_000, levels=2)
TAG = FileKind("a tag", 16 * MIB, levels=2)
DETECTOR = FileKind("a detector", 256 * MIB, levels=2)
COMPARISON = FileKind("a comparison of scores", GIB, levels=2)

# a run folder
WAITING = FileKind("the list of jobs that wait", MIB)
JOB = FileKind("a job", 4 * MIB)
STATE = FileKind("a job's state", 4 * MIB)
PROGRESS = FileKind("a job's progress", 4 * MIB)
LOG = FileKind("the end of a job's log", 8 * KIB)
REQUEST = FileKind("a training's request", 4 * MIB)
WRITTEN = FileKind("what a run has written", 4 * MIB)
RUN_HISTORY = FileKind("a run's history", 64 * MIB)
OWNER = FileKind("whose a run is", 4 * KIB)
RESUME = FileKind("the state of a training", 16 * GIB)
EPOCH_WEIGHTS = FileKind("weights after an epoch", 4 * GIB, levels=2)
FILM = FileKind("a run's preview", 64 * MIB, levels=2)
TRIAL = FileKind("a trial's result", 4 * MIB)

# images
IMPORTED = FileKind("an imported set's description", 4 * MIB)
IMPORTED_IMAGES = FileKind("an imported set's images", 2**44)  # mapped, not read
IMPORTED_LABELS = FileKind("an imported set's labels", 256 * MIB)  # 33 million
IMPORTED_NAMES = FileKind("the file names of an imported set", 256 * MIB)
OVERVIEW = FileKind("an overview of a data set", 16 * MIB, levels=2)
IMPORT_REPORT = FileKind("an import's report", 16 * MIB)
CLASS_TABLE = FileKind("a table of classes", 64 * MIB, levels=0)
ARCHIVE = FileKind("a ZIP of images", 4 * GIB, levels=0)
ARRAYS = FileKind("an NPZ of images", 4 * GIB, levels=0)
IDX = FileKind("MNIST's images", 64 * MIB, levels=0)
IMAGE = FileKind("an image", 100 * MIB, levels=0)

# what is part of the program, or of the system
CLASSIFIER = FileKind("a classifier", 64 * MIB)
CLASSIFIER_ABOUT = FileKind("a classifier's description", 4 * MIB)
SYSTEM = FileKind("what the system tells of a process", 64 * KIB, levels=0)
UNKNOWN = FileKind("a file of which nobody knows what it is", 4 * KIB, levels=0)  # of which the beginning is read

ALL = tuple(value for value in globals().copy().values() if isinstance(value, FileKind))
