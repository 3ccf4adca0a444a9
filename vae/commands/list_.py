"""List the checkpoints, with the epochs that are kept of them, and say of broken ones what is wrong."""

from __future__ import annotations

import argparse

from vae.budget import limits
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Summary
from vae.commands.common import add_json, print_json
from vae.storage import paths
from vae.storage.temporary import sweep
from vae.training.run_folder import epoch_checkpoints


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--json."""
    add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """One line a checkpoint."""
    sweep(paths.checkpoints_dir())
    found = checkpoint_files.summaries()
    if arguments.json:
        print_json([_values(summary) for summary in found])
        return
    if not found:
        print("No checkpoints yet. `python -m vae train` makes one.")
    for summary in found:
        print(f"{summary.name:24} {_line(summary)}")
        if kept := epoch_checkpoints.of(summary.identity) if summary.identity else None:
            at = ", ".join(f"{summary.name}@{epoch}" for epoch in kept.epochs)
            print(f"{'':24} on its way: {at} ({limits.size(kept.size)})")


def _values(summary: Summary) -> dict[str, object]:
    if summary.problem or not summary.model or not summary.dataset:
        return {"name": summary.name, "problem": str(summary.problem)}
    kept = epoch_checkpoints.of(summary.identity)
    return {
        "name": summary.name,
        "epochs_kept": list(kept.epochs) if kept else [],
        "identity": summary.identity,
        "dataset": summary.dataset.name,
        "architecture": summary.model.architecture,
        "latent_dim": summary.model.latent_dim,
        "test_loss_nats": summary.test_loss,
    }


def _line(summary: Summary) -> str:
    if summary.problem or not summary.model or not summary.dataset:
        return f"can't be used: {summary.problem}"
    loss = f"test loss {summary.test_loss:.2f} nats" if summary.test_loss is not None else "not measured"
    about = f"{summary.dataset.title}, {summary.model.architecture}, {summary.model.latent_dim}-D, {loss}"
    return f"{summary.identity[:8]}  {about}"
