"""Run folders as jobs leave them, planted without running anything."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from vae.config import ModelConfig, TrainConfig, default_model_config
from vae.jobs import processes, queue
from vae.jobs.job import ACTIVE
from vae.storage import paths
from vae.training.request import TrainingRequest
from vae.training.run_folder import film_files, request_files
from vae.training.run_folder.film_files import Fixed, Frame
from vae.training.run_folder.history import EpochRow
from vae.training.run_folder.history import write as write_history
from vae.training.run_folder.status import resume_file

GONE = {"pid": 2**22 + 1, "start": 1.0, "boot": ""}  # no process has this id


def train_arguments(name: str) -> list[str]:
    """The command of a training run that writes model `name`, as runs from before request.json kept it."""
    return ["train", "--dataset", "digits", "--latent-dim", "2", "--epochs", "3", "--output", name]


def train_request(name: str, *, model: ModelConfig | None = None, **settings: Any) -> TrainingRequest:
    """The same request as `train_arguments`, or one with other settings."""
    model = model or default_model_config("mlp", (1, 8, 8), 2)
    return TrainingRequest(model, TrainConfig("digits", **{"epochs": 3, **settings}), name)


def plant_run(state: str, request: TrainingRequest, progress: dict[str, Any] | None = None, **more: Any) -> str:
    """Write the run folder of a training, as `plant` does."""
    title = f"Train {request.output}"
    return plant(state, ["train"], progress, title=title, files=request_files.files(request), **more)


def requests() -> list[TrainingRequest]:
    """What all training runs were asked for, oldest first."""
    return [request_files.read(job) for job in queue.all_jobs() if job.kind == "train"]


def history(epochs: int, latent_dim: int = 2, **more: float) -> list[EpochRow]:
    """Rows of a run that gets better with every epoch and has nothing to complain about; `more` replaces columns."""
    return [
        {
            "epoch": epoch,
            "steps": 400 * epoch,
            "train_images": 1_257,
            "train_elbo": -60.0 + epoch,
            "train_log_likelihood": -57.5 + epoch,
            "train_kl": 2.5,
            "validation_elbo": -61.25 + epoch,
            "validation_log_likelihood": -58.75 + epoch,
            "validation_kl": 2.5,
            **{f"kl_{j}": 2.5 / latent_dim for j in range(latent_dim)},
            "active_units": latent_dim,
            "sample_variety": 0.6,
            "kl_weight": 1.0,
            "learning_rate": 2e-3,
            "train_loss": 60.0 - epoch,
            "validation_loss": 61.25 - epoch,
            "train_baseline": 70.0,
            "validation_baseline": 70.0,
            "marginal_kl": 0.1,
            "images_per_second": 41_234.5,
            "seconds": 1.0,
            **more,
        }
        for epoch in range(1, epochs + 1)
    ]


def progress_of(name: str, epochs: int, done: int, **more: Any) -> dict[str, Any]:
    """What `train` tells while it trains."""
    return {"stage": "training", "epochs": epochs, "checkpoint": name, "epoch": done, **more}


def fixed(count: int = 30, shape: tuple[int, int, int] = (1, 8, 8), rows: int = 10, classes: int = 10) -> Fixed:
    """What stays in a film, made up."""
    draw = np.random.default_rng(0)
    originals = draw.integers(0, 256, (rows, *shape), np.uint8)
    names = tuple(str(i) for i in range(classes))
    return Fixed(originals, np.arange(count, dtype=np.int64) % classes, names)


def frame(epoch: int, stays: Fixed, axes: str = "latent", samples: int = 16) -> Frame:
    """One frame that fits `stays`: clusters that move apart with the epochs."""
    draw = np.random.default_rng(epoch)
    angle = 2 * np.pi * stays.labels / len(stays.class_names)
    centre = np.stack([np.cos(angle), np.sin(angle)], 1) * min(epoch, 10) / 4
    xy = (centre + 0.1 * draw.standard_normal(centre.shape)).astype(np.float32)
    shape = stays.originals.shape[1:]
    pictures = draw.integers(0, 256, (len(stays.originals) + samples, *shape), np.uint8)
    return Frame(epoch, axes, xy, pictures[: len(stays.originals)], pictures[len(stays.originals) :])


def add_frames(run_folder: Path, epochs: Iterable[int], stays: Fixed | None = None) -> Fixed:
    """Write previews of these epochs into a run folder."""
    stays = stays or fixed()
    film_files.write_fixed(run_folder, stays)
    for epoch in epochs:
        film_files.write_frame(run_folder, frame(epoch, stays))
    return stays


def plant(
    state: str,
    arguments: list[str],
    progress: dict[str, Any] | None = None,
    *,
    kind: str = "train",
    title: str = "",
    lane: str = "compute",
    log: str = "",
    reason: str = "",
    age: float = 60.0,
    rows: list[EpochRow] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> str:
    """Write a run folder and return the job's id; `died` is a running one without a process.

    Without `rows`, the history is that of as many epochs as the progress says are finished.
    """
    created = time.time() - age
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(created)) + f"-{int(created * 1000) % 1000:03d}"
    folder = paths.runs_dir() / f"{stamp}-{len(list(paths.runs_dir().glob('*'))):06x}"
    folder.mkdir(parents=True)
    about = {"kind": kind, "title": title or f"Train {arguments[-1]}", "lane": lane, "arguments": arguments}
    for name, content in (files or {}).items():
        (folder / name).write_bytes(content)
    (folder / "job.json").write_text(json.dumps(about | {"created": created}))
    process = asdict(processes.mark(os.getpid())) if state in ACTIVE else GONE
    values: dict[str, Any] = {"state": "running" if state == "died" else state, "runner": process}
    if state != "queued":
        values["started"] = created
    if state not in (*ACTIVE, "died"):
        values |= {"ended": created + age / 2, "reason": reason}
    (folder / "state.json").write_text(json.dumps(values))
    if progress is not None:
        (folder / "progress.json").write_text(json.dumps(progress))
    rows = history((progress or {}).get("epoch", 0)) if rows is None else rows
    if rows:
        write_history(folder, rows)
    (folder / "log.txt").write_text(log)
    return folder.name


def keep_state(folder: Path) -> None:
    """A state to go on from, as far as a page looks at it."""
    content = safetensors.numpy.save({"model/x": np.zeros(2, np.float32)}, {"state": "{}"})
    resume_file(folder).write_bytes(content)
