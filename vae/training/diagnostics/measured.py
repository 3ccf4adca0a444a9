"""Evidence on a checkpoint: its history where it has one, and what was measured of it. No torch."""

from __future__ import annotations

from collections.abc import Mapping

from vae.checkpoints.checkpoint import Checkpoint, Metric
from vae.checkpoints.metrics import BASELINE, FLOOR, TEST_LOSS, test_loss
from vae.training.diagnostics.evidence import Evidence, kept_row
from vae.training.run_folder.history import EpochRow

# Metrics (checkpoints/metrics.py) beside the columns of a history that they stand for: both are of images not trained
# on.
HELD_OUT = {
    "elbo": "validation_elbo",
    "log_likelihood": "validation_log_likelihood",
    "kl": "validation_kl",
    "active_units": "active_units",
    "marginal_kl": "marginal_kl",
}
COMPARED_WITH = {BASELINE: "validation_baseline", FLOOR: "validation_floor"}


def evidence_on(checkpoint: Checkpoint, metrics: Mapping[str, Metric] | None = None) -> Evidence:
    """What there is to judge a checkpoint by: also one without a history, or from elsewhere.

    `metrics` are what was measured anew; without them those that are stored count. Test images then stand for
    validation images where the history lacks something.
    """
    metrics = checkpoint.metrics if metrics is None else metrics
    known = _row(COMPARED_WITH, metrics)
    history = [known | row for row in checkpoint.history if "validation_elbo" in row]
    if not history:
        history = [known | _measured(checkpoint, metrics)]
    return Evidence(history, checkpoint.model, checkpoint.train, _outcome(checkpoint))


def _row(columns: Mapping[str, str], metrics: Mapping[str, Metric]) -> EpochRow:
    return {column: metrics[name].value for name, column in columns.items() if name in metrics}


def _measured(checkpoint: Checkpoint, metrics: Mapping[str, Metric]) -> EpochRow:
    """One row, as if of the last epoch."""
    row = _row(HELD_OUT, metrics)
    if TEST_LOSS in metrics and checkpoint.train.objective == "iwae":
        row["validation_loss"] = metrics[TEST_LOSS].value
    elif (loss := test_loss(metrics, checkpoint.train.objective)) is not None and "validation_elbo" not in row:
        row["validation_elbo"] = -loss
    return row | {f"kl_{j}": float(kl) for j, kl in enumerate(checkpoint.latents.kl_per_dim())}


def _outcome(checkpoint: Checkpoint) -> str:
    """How its training ended, as far as epochs tell: early stopping waits `patience` of them after the best."""
    trained, train = checkpoint.metrics.get("epochs_trained"), checkpoint.train
    if trained is None or trained.value >= train.epochs:
        return "trained"
    best = kept_row(checkpoint.history, train, "early_stopped").get("epoch", 0.0) if checkpoint.history else 0.0
    return "early_stopped" if train.patience and trained.value - best >= train.patience else "stopped"
