"""Memory: the peak that real commands reach, beside what `vae/budget/needs.py` says that they need."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import report
from vae.anomalies.methods import registry
from vae.budget import needs
from vae.budget.needs import Need
from vae.checkpoints import checkpoint_writing
from vae.checkpoints.checkpoint import DatasetRef, Latents, NewCheckpoint
from vae.config import ModelConfig, TrainConfig, default_model_config
from vae.data.image_dataset import SPLITS, fingerprint
from vae.maps import pca
from vae.model.layers import parameter_shapes
from vae.storage import paths

CHILD = """
import sys
from pathlib import Path
from vae.commands import main
code = main(sys.argv[2:])
lines = Path("/proc/self/status").read_text().splitlines()
Path(sys.argv[1]).write_text(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
sys.exit(code)
"""
CLASSES = ("a", "b")
LOW, HIGH = 0.9, 2.0  # of the peak: an estimate below or above that is marked


@dataclass(frozen=True)
class Case:
    """A command in a house with everything that it reads, and what is said of it before."""

    name: str
    words: tuple[str, ...]
    need: Need


@dataclass(frozen=True)
class Images:
    """A made-up data set."""

    name: str
    shape: tuple[int, int, int]
    counts: dict[str, int]


SMALL = Images("small", (1, 28, 28), {"train": 12_000, "validation": 1_000, "test": 10_000})
MIDDLE = Images("middle", (3, 64, 64), {"train": 6_000, "validation": 500, "test": 3_000})
LARGE = Images("large", (3, 192, 192), {"train": 3_000, "validation": 200, "test": 1_000})
MODELS: dict[str, tuple[Images, ModelConfig]] = {
    "mlp": (SMALL, default_model_config("mlp", SMALL.shape, 16)),
    "wide": (SMALL, ModelConfig("mlp", SMALL.shape, 16, hidden=(4_096, 4_096))),
    "conv": (MIDDLE, default_model_config("conv", MIDDLE.shape, 32)),
    "large": (LARGE, default_model_config("conv", LARGE.shape, 32)),
}
MAPPED_MODEL = default_model_config("mlp", (1, 8, 8), 16)
SAMPLES = (
    ("mlp", 64, "png"),
    ("mlp", 10_000, "png"),
    ("mlp", 10_000, "npz"),
    ("wide", 2_000, "zip"),
    ("conv", 64, "png"),
    ("conv", 5_000, "png"),
    ("conv", 5_000, "zip"),
    ("large", 64, "png"),
    ("large", 1_000, "png"),
    ("large", 2_000, "npz"),
)
MAPPED = {"2,000": 2_000, "10,000": 10_000, "30,000": 30_000}  # images of models whose latents are mapped


def main() -> None:
    """Measure all commands, or those whose name begins with one of the words."""
    parser = report.parser(__doc__ or "")
    parser.add_argument("only", nargs="*", help="commands (default: all)")
    arguments = parser.parse_args()
    values: report.Values = {}
    with tempfile.TemporaryDirectory(prefix="vae-memory-") as folder:
        root = Path(folder)
        enter(root)
        for case in cases(root):
            if arguments.only and not case.name.startswith(tuple(arguments.only)):
                continue
            peak, estimate = peak_of(case, root), case.need.total
            ratio = estimate / peak
            mark = "" if LOW <= ratio <= HIGH else "  <- out of bounds"
            print(f"{case.name:44} peak {peak / 1e9:6.2f} GB, estimate {estimate / 1e9:6.2f}, {ratio:5.2f}{mark}")
            values |= {f"{case.name}: peak_bytes": peak, f"{case.name}: estimate_bytes": estimate}
    report.show(report.machine(), None)
    if arguments.json:
        arguments.json.write_text(json.dumps(values | report.machine(), indent=2) + "\n", encoding="utf-8")


def enter(root: Path) -> None:
    """Make the program's folders these, for this process and its children."""
    for name in ("data", "checkpoints", "runs", "derived"):
        os.environ[f"VAE_{name.upper()}"] = str(root / name)
        (root / name).mkdir()


def peak_of(case: Case, root: Path) -> int:
    """The most memory that the command had, in bytes."""
    told = root / "peak"
    told.unlink(missing_ok=True)
    command = [sys.executable, "-c", CHILD, str(told), *case.words]
    done = subprocess.run(command, cwd=paths.PROJECT, capture_output=True, text=True, check=False)
    if done.returncode or not told.exists():
        raise RuntimeError(f"{case.name}: {done.stderr[-500:]}")
    return int(told.read_text()) * 1_024


def cases(root: Path) -> Iterator[Case]:
    """One after the other; what each reads is made first."""
    made: set[str] = set()

    def model(name: str) -> ModelConfig:
        images, config = MODELS[name]
        if images.name not in made:
            write_images(images)
        if name not in made:
            write_checkpoint(name, images, config)
        made.update((images.name, name))
        return config

    for name, (images, _) in MODELS.items():
        config, count = model(name), images.counts["test"]
        yield Case(f"encode {name}", ("encode", name, "--output", f"{root}/{name}.npz"), needs.encoding(config, count))
    for name in MODELS:
        for score in ("squared_error", "lof", "pca_lof"):
            need = needs.scoring_by_components if score in registry.BASELINES else needs.scoring
            arguments = ("score", name, "--score", score, "--output", f"{root}/scores.csv")
            yield Case(f"score {name} {score}", arguments, need(model(name)))
    for name, number, suffix in SAMPLES:
        output = f"{root}/samples.{suffix}"
        sampling = ("sample", name, "--number", str(number), "--output", output)
        yield Case(f"sample {name} {number:,} {suffix}", sampling, sampled(model(name), number, f".{suffix}"))
    yield from mapped()
    for number in (1_000, 10_000):
        measuring = ("quality", "mapped-2000", "--number", str(number))
        yield Case(f"quality {number:,}", measuring, needs.measuring(MAPPED_MODEL, number))
    yield from imported(root)


def sampled(model: ModelConfig, number: int, suffix: str) -> Need:
    """As `commands/common.decoded` asks."""
    from vae.commands import common

    side = common.SHOWN_SIDE.get(suffix, 1)
    return needs.decoding(model, number, -(-side // max(model.image_shape[1:])))


def mapped() -> Iterator[Case]:
    """t-SNE of several sizes and perplexities, UMAP of several sizes and numbers of neighbours."""
    for text, count in MAPPED.items():
        write_checkpoint(f"mapped-{count}", Images("digits", (1, 8, 8), {"test": count}), MAPPED_MODEL)
        for perplexity in (30.0, *((300.0,) if count <= 10_000 else ())):
            words = ("map", f"mapped-{count}", "--method", "tsne", "--perplexity", str(perplexity))
            yield Case(f"map {text} {perplexity:g}", words, needs.tsne(count, 16, perplexity))
        for neighbours in (15, *((150,) if count <= 10_000 else ())):
            words = ("map", f"mapped-{count}", "--method", "umap", "--neighbours", str(neighbours))
            yield Case(f"umap {text} {neighbours}", words, needs.umap(count, 16, neighbours))


def imported(root: Path) -> Iterator[Case]:
    """Many small pictures, some that are large, and few of the largest that are read."""
    for name, count, side, size in (("small", 600, 300, 32), ("middle", 100, 3_000, 256), ("large", 8, 9_900, 512)):
        folder = root / f"pictures-{name}"
        folder.mkdir()
        rng = np.random.default_rng(0)
        noise = Image.fromarray(rng.integers(0, 256, (side, side, 4), np.uint8))
        noise.save(folder / "0.png", compress_level=0)
        for k in range(1, count):
            os.link(folder / "0.png", folder / f"{k}.png")
        words = ("import", f"imported-{name}", str(folder), "--size", str(size))
        yield Case(f"import {count} of {side}", words, needs.importing((3, size, size), [side * side] * count))
        (folder / "0.png").unlink()


def write_images(images: Images) -> None:
    """An imported data set of noise."""
    folder = paths.data_dir() / "folders" / images.name
    folder.mkdir(parents=True)
    rng, splits = np.random.default_rng(0), {}
    for split in SPLITS:
        count = images.counts[split]
        pixels = rng.integers(0, 256, (count, *images.shape), np.uint8)
        labels = np.arange(count, dtype=np.int64) % len(CLASSES)
        np.save(folder / f"{split}.npy", pixels)
        np.save(folder / f"{split}-labels.npy", labels)
        splits[split] = {"count": count, "fingerprint": fingerprint(pixels, labels)}
    meta = {"format_version": 1, "image_shape": images.shape, "class_names": CLASSES, "splits": splits}
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


def write_checkpoint(name: str, images: Images, model: ModelConfig) -> None:
    """A model that was never trained."""
    rng, count = np.random.default_rng(0), images.counts["test"]
    mu = rng.normal(size=(count, model.latent_dim)).astype(np.float32)
    flat = np.zeros(count, np.float32)
    latents = Latents(mu, np.ones_like(mu), np.arange(count) % len(CLASSES), flat, flat, flat, flat)
    shapes = parameter_shapes(model)
    weights = {
        n: rng.normal(size=s, scale=1 / math.sqrt(max(1, math.prod(s[1:])))).astype(np.float32)
        for n, s in shapes.items()
    }
    checkpoint_writing.write(
        NewCheckpoint(
            model=model,
            train=TrainConfig(images.name, epochs=1),
            dataset=DatasetRef(images.name, images.name, images.shape, CLASSES, "f" * 64),
            command="python -m benchmarks.memory",
            weights=weights,
            latents=latents,
            maps=[pca.fit(mu)],
            metrics={},
            history=[{"epoch": 1}],
        ),
        paths.checkpoints_dir() / name,
    )


if __name__ == "__main__":
    main()
