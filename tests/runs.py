"""Run folders as jobs leave them, planted without running anything."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from typing import Any

from vae import jobs, paths, processes

GONE = {"pid": 2**22 + 1, "start": 1.0, "boot": ""}  # no process has this id


def train_arguments(name: str) -> list[str]:
    """The command of a training run that writes model `name`."""
    return ["train", "--dataset", "digits", "--latent-dim", "2", "--epochs", "3", "--output", name]


def history(epochs: int) -> list[dict[str, float]]:
    """Reports of a run that gets better with every epoch."""
    return [
        {
            "epoch": epoch,
            "train_elbo": -60.0 + epoch,
            "validation_elbo": -61.25 + epoch,
            "validation_kl": 2.5,
            "images_per_second": 41_234.5,
        }
        for epoch in range(1, epochs + 1)
    ]


def progress_of(name: str, epochs: int, done: int, **more: Any) -> dict[str, Any]:
    """What `train` tells while it trains."""
    return {"stage": "training", "epochs": epochs, "checkpoint": name, "history": history(done), **more}


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
) -> str:
    """Write a run folder and return the job's id; `died` is a running one without a process."""
    created = time.time() - age
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(created)) + f"-{int(created * 1000) % 1000:03d}"
    folder = paths.runs_dir() / f"{stamp}-{len(list(paths.runs_dir().glob('*'))):06x}"
    folder.mkdir(parents=True)
    about = {"kind": kind, "title": title or f"Train {arguments[-1]}", "lane": lane, "arguments": arguments}
    (folder / "job.json").write_text(json.dumps(about | {"created": created}))
    process = asdict(processes.mark(os.getpid())) if state in jobs.ACTIVE else GONE
    values: dict[str, Any] = {"state": "running" if state == "died" else state, "runner": process}
    if state != "queued":
        values["started"] = created
    if state not in (*jobs.ACTIVE, "died"):
        values |= {"ended": created + age / 2, "reason": reason}
    (folder / "state.json").write_text(json.dumps(values))
    if progress is not None:
        (folder / "progress.json").write_text(json.dumps(progress))
    (folder / "log.txt").write_text(log)
    return folder.name
