"""A small house with one good file of every kind that the program reads. Each case gets a copy to damage."""

from __future__ import annotations

import json
import os
import shutil
import stat
import zipfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import safetensors.numpy
from PIL import Image

from tests.runs import add_frames, plant_run, progress_of, train_request
from tests.vae.adoption.onnx_models import call, model_of
from tests.vae.anomalies.made import fitted
from tests.vae.helpers import TINY, new_checkpoint
from vae.adoption import foreign_reading
from vae.adoption.weighted_graph import builder_of
from vae.anomalies import detector_files
from vae.anomalies.evaluation import comparison_files
from vae.anomalies.evaluation.comparison import Comparison, NormalReference, outliers
from vae.anomalies.evaluation.metrics import Evaluation, Interval
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints import (
    checkpoint_files,
    checkpoint_writing,
    dimension_name_files,
    every_image,
    named_place_files,
)
from vae.checkpoints.checkpoint import Checkpoint
from vae.checkpoints.dimension_names import DimensionName
from vae.checkpoints.named_places import NamedPlace
from vae.config import ADOPTED, ModelConfig, Networks, TrainConfig
from vae.data.image_dataset import SPLITS, fingerprint
from vae.data.keeping import overview
from vae.data.report.image_report import ImageReport, counted
from vae.data.report.left_out import Reason
from vae.data.report.warning import Warned
from vae.export.onnx_writing import to_onnx
from vae.generation import direction_files, mixture_files, posterior_files
from vae.generation.directions import Direction
from vae.generation.sampling import Mixture
from vae.graph.chain import Chain
from vae.graph.graph import Graph
from vae.graph.nodes import Gemm, Reshape
from vae.jobs import queue
from vae.jobs.job import Job
from vae.maps import map_files, pca
from vae.maps.projection import ProjectionMap
from vae.sample_quality import quality_files, shipped
from vae.sample_quality.quality_files import ROWS, UNITS, Quality, QualityRow
from vae.selection import tag_files
from vae.selection.tag_files import Tag
from vae.storage import paths
from vae.training.run_folder.status import note_written, resume_file

if TYPE_CHECKING:
    from vae.training.trainer import Trainer

NAME = "a"  # of the checkpoint
CHOICE = NormalChoice(("0", "1"))
FOLDERS = ("checkpoints", "runs", "derived", "data")


@dataclass(frozen=True)
class Entry:
    """What is told of a file or folder without opening it."""

    mode: int
    size: int
    changed: int
    inode: int
    target: str = ""  # of a link

    def is_copy_of(self, other: Entry) -> bool:
        """Whether it may be what copying `other` gives, which keeps the time."""
        if stat.S_ISDIR(self.mode):
            return stat.S_ISDIR(other.mode)
        return (self.mode, self.size, self.changed) == (other.mode, other.size, other.changed)


Tree = dict[str, Entry]


def tree(root: Path) -> Tree:
    """All that is below `root`, by its path from there."""
    found, folders = {}, [""]
    while folders:
        above = folders.pop()
        with os.scandir(root / above) as entries:
            for entry in entries:
                name, about = f"{above}{entry.name}", entry.stat(follow_symlinks=False)
                target = str(Path(entry.path).readlink()) if entry.is_symlink() else ""
                found[name] = Entry(about.st_mode, about.st_size, about.st_mtime_ns, about.st_ino, target)
                if stat.S_ISDIR(about.st_mode):
                    folders.append(f"{name}/")
    return found


@dataclass(frozen=True)
class House:
    """Where a copy stands, the checkpoint's identity, and the job's id."""

    root: Path
    identity: str
    job_id: str

    @property
    def checkpoint(self) -> Path:
        return self.root / "checkpoints" / NAME

    @property
    def foreign(self) -> Path:
        """A checkpoint whose decoder is run by ONNX Runtime."""
        return self.root / "checkpoints" / "foreign"

    @property
    def derived(self) -> Path:
        return self.root / "derived" / self.identity[:16]

    @property
    def run(self) -> Path:
        return self.root / "runs" / self.job_id

    @property
    def images(self) -> Path:
        """The imported data set."""
        return self.root / "data" / "folders" / "own"

    @property
    def pictures(self) -> Path:
        return self.root / "pictures"

    def enter(self) -> None:
        """From now on the program's folders, and the current one, are this house's."""
        for name in FOLDERS:
            os.environ[f"VAE_{name.upper()}"] = str(self.root / name)
        os.chdir(self.root)

    def copy(self, root: Path) -> House:
        shutil.copytree(self.root, root)
        return House(root, self.identity, self.job_id)

    def mend(self, good: House, wanted: Tree, found: Tree) -> None:
        """Make this copy, which is `found` now, as good as new; the good house is as `wanted`."""
        for name in sorted(found, reverse=True):  # what is in a folder comes before it
            if name not in wanted or not found[name].is_copy_of(wanted[name]):
                _remove(self.root / name)
        for name in sorted(wanted):
            if not os.path.lexists(self.root / name):
                _put(good.root / name, self.root / name)

    def read_checkpoint(self) -> Checkpoint:
        return checkpoint_files.read(NAME)

    def job(self) -> Job:
        return queue.get(self.job_id)


def build(root: Path) -> House:
    """The house whose every file is good."""
    for name in (*FOLDERS, "pictures/class"):
        (root / name).mkdir(parents=True)
    House(root, "", "").enter()
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / NAME)
    _write_foreign()
    checkpoint = checkpoint_files.read(NAME)
    _derive(checkpoint)
    _import_images(root / "data" / "folders" / "own")
    _idx(root / "data" / "MNIST" / "raw" / "train-images-idx3-ubyte")
    (root / "classes.csv").write_text("file,class\nclass/0.png,x\nclass/1.png,y\n")
    _from_elsewhere(root)
    job_id = _run(checkpoint.identity)
    for k in range(3):
        pixels = np.random.default_rng(k).integers(0, 256, (8, 8), np.uint8)
        Image.fromarray(pixels).save(root / "pictures" / "class" / f"{k}.png")
    _archives(root)
    return House(root, checkpoint.identity, job_id)


def trainer() -> Trainer:
    """One whose state is kept in the run folder."""
    import torch

    from vae.model.vae import new_model
    from vae.training.trainer import Trainer

    images = np.random.default_rng(0).integers(0, 256, (30, 1, 8, 8), np.uint8)
    config = TrainConfig("digits", epochs=2, batch_size=8)
    return Trainer(new_model(TINY, 0), images[:20], images[20:], config, torch.device("cpu"))


def _derive(checkpoint: Checkpoint) -> None:
    count, d = checkpoint.latents.mu.shape
    found = pca.fit(checkpoint.latents.mu)
    map_files.write_derived_map(checkpoint.identity, ProjectionMap("tsne", found.xy, {"seed": 0}, found.quality))
    mixture = Mixture(np.full(2, 0.5), np.zeros((2, d)), np.stack([np.eye(d)] * 2))
    mixture_path = mixture_files.mixture_path(checkpoint, 2, 0, None, mixture_files.TRAINING)
    mixture_path.parent.mkdir(parents=True, exist_ok=True)
    mixture_path.write_bytes(mixture_files.to_bytes(mixture))
    posterior_files.keep(checkpoint, checkpoint.latents)
    every_image.keep(checkpoint, every_image.joined(checkpoint, dict.fromkeys(every_image.SPLITS, checkpoint.latents)))
    dimension_name_files.keep(checkpoint, DimensionName(1, "slant", "to the right"))
    named_place_files.keep(checkpoint, NamedPlace("between", (0.5,) * checkpoint.model.latent_dim))
    direction_files.save(direction(checkpoint))
    tag_files.save(checkpoint.identity, Tag("odd", np.arange(3)))
    detector_files.save(fitted(checkpoint))
    mu = checkpoint.latents.mu
    outlier = outliers(checkpoint, CHOICE)
    half = Interval(0.5, 0.4, 0.6)
    evaluation = Evaluation(half, half, half, int(outlier.sum()), int((~outlier).sum()), "made up")
    rising = np.linspace(0, 1, count, dtype=np.float32)
    reference = NormalReference(np.arange(5, dtype=np.int64), mu[:5], checkpoint.latents.sigma[:5])
    comparison_files.save(
        checkpoint,
        Comparison(CHOICE, reference, {"knn": rising}, {"knn": rising[:5]}, {"knn": evaluation}, {"knn": 1.0}, 1.0),
    )
    quality_files.write(quality(checkpoint))


def direction(checkpoint: Checkpoint) -> Direction:
    return Direction(
        name="thick",
        kind="mean difference",
        vector=(0.6, 0.8),
        gap=1.0,
        spread=1.0,
        accuracy=0.8,
        accuracy_low=0.7,
        accuracy_high=0.9,
        group_a="rows:0-19",
        group_b="rest",
        count_a=20,
        count_b=20,
        protocol="made up",
        checkpoint=checkpoint.name,
        identity=checkpoint.identity,
        latent_dim=2,
    )


def quality(checkpoint: Checkpoint) -> Quality:
    rows = tuple(QualityRow(kind, 100, 1.0, 0.5, 0.5, 10, 0.1, 0.9, (0.1,) * 10) for kind in ROWS)
    protocols = dict.fromkeys(UNITS, "made up")
    classifier = shipped.about("digits").sha256
    return Quality(checkpoint.identity, "digits", classifier, 100, 0, 100, 10, "made up", protocols, rows)


def _import_images(folder: Path) -> None:
    folder.mkdir(parents=True)
    splits = {}
    for count, split in zip((20, 3, 4), SPLITS, strict=True):
        images = np.zeros((count, 1, 8, 8), np.uint8)
        labels = np.arange(count, dtype=np.int64) % 2
        np.save(folder / f"{split}.npy", images)
        np.save(folder / f"{split}-labels.npy", labels)
        splits[split] = {"count": count, "fingerprint": fingerprint(images, labels)}
    meta = {"format_version": 1, "image_shape": [1, 8, 8], "class_names": ["x", "y"], "splits": splits}
    (folder / "meta.json").write_text(json.dumps(meta))
    (folder / "train-names.txt").write_text("".join(f"{k}.png\n" for k in range(20)))
    classes = counted({"x": {"train": 10}, "y": {"train": 10}})
    report = ImageReport(30, 27, (Reason("no image", 3, ("a.txt",)),), classes, warnings=(Warned("dark", "Dark."),))
    (folder / "report.json").write_text(json.dumps(asdict(report)))


def _archives(root: Path) -> None:
    """A ZIP of the pictures, an NPZ of images, and what is known of the imported set."""
    with zipfile.ZipFile(root / "own.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((root / "pictures" / "class").iterdir()):
            archive.write(path, f"class/{path.name}")
    np.savez_compressed(root / "own.npz", images=np.zeros((5, 8, 8), np.uint8), labels=np.arange(5) % 2)
    overview.compute("own")


def _from_elsewhere(root: Path) -> None:
    """A file of weights and an ONNX model."""
    shapes = {"fc1": (4, 64), "fc21": (2, 4), "fc22": (2, 4), "fc3": (4, 2), "fc4": (64, 4)}
    weights = {f"{name}.weight": np.ones(shape, np.float32) for name, shape in shapes.items()}
    safetensors.numpy.save_file(weights, root / "elsewhere.safetensors")
    graph = Graph((2,), (Gemm((-1,), 2, 64, bias=False),))
    model = to_onnx(graph, {"0.weight": np.ones((64, 2), np.float32)}, "z", "pixels", "made by a test")
    (root / "elsewhere.onnx").write_bytes(model.SerializeToString())


def _write_foreign() -> None:
    raw = model_of([call("Sin", "x", "s"), call("Gemm", "s w")], ("N", 2), {"w": np.ones((2, 64), np.float32)})
    decoder = foreign_reading.network_of(raw, "decoder.onnx")
    encoder = Chain((1, 8, 8)).add(Reshape, (64,)).add(Gemm, 64, 4).graph()
    picture = builder_of(decoder)
    drawn = picture.build(picture.reshape(len(picture.nodes) - 1, (1, 8, 8)))
    config = ModelConfig(ADOPTED, (1, 8, 8), 2, networks=Networks(encoder, drawn.graph))
    new = new_checkpoint(config)
    weights = {**new.weights, **{f"decoder.{name}": array for name, array in drawn.tensors.items()}}
    checkpoint_writing.write(replace(new, weights=weights), paths.checkpoints_dir() / "foreign")


def _idx(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (3, 28, 28)) + bytes(3 * 28 * 28))


def _run(identity: str) -> str:
    request = train_request("new")
    job_id = plant_run("stopped", request, progress_of("new", 2, 1, outcome="stopped"), log="one\ntwo\n")
    folder = paths.runs_dir() / job_id
    add_frames(folder, [1])
    note_written(folder, identity)
    from vae.checkpoints import loading
    from vae.training.run_folder import epoch_files, resume_state

    one = trainer()
    next(iter(one.run()))
    resume_state.save(one, resume_file(folder), "images")
    epoch_files.write(folder, 1, loading.weights_of(one.model))
    return job_id


def _remove(path: Path) -> None:
    if stat.S_ISDIR(path.lstat().st_mode):
        shutil.rmtree(path)
    else:
        path.unlink()


def _put(source: Path, path: Path) -> None:
    if source.is_dir():
        path.mkdir()
    else:
        shutil.copy2(source, path)


def as_json(house: House) -> str:
    values = asdict(house) | {"root": str(house.root)}
    return json.dumps(values)


def from_json(text: str) -> House:
    values = json.loads(text)
    return House(Path(values["root"]), values["identity"], values["job_id"])
