"""What the numbers of a training run mean: fine, worth watching, or failing, and what helps. No torch.

Every threshold is a rule of thumb and stands here, or in collapse.py, with its reason. Nothing is judged while it can't
be known yet: in the first epochs, and while a KL schedule is still on its way to β.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace

from vae.config import ModelConfig, TrainConfig
from vae.training.diagnostics.collapse import read_active_units, read_kl, read_variety
from vae.training.diagnostics.reading import Reading, Run, number, too_early
from vae.training.run_folder.history import EpochRow

# Gap over |ELBO|: MNIST ends at 1 to 3 %, 1,300 digits at 2 to 5 %. Above 15 % the network knows its images by heart.
WIDE_GAP, VERY_WIDE_GAP = 0.07, 0.15
WORSE = 0.005  # of |ELBO|: how far a smoothed validation ELBO falls before it is a trend, several times its noise
SMOOTH = 3  # epochs in a running mean
JUMP = 0.05  # of |ELBO| lost within one epoch: far above the noise of a validation ELBO (0.2 %)
RECENT_EPOCHS = 10
MANY_JUMPS = 3
# Standard deviation of the noise, pixels in [0, 1]. Images are stored in steps of 1/255: a finer fit is by heart.
GREY_LEVEL = 1 / 255
SMALL_NOISE = 0.01


def readings(rows: list[EpochRow], model: ModelConfig, train: TrainConfig) -> list[Reading]:
    """All that can be said about a run after its newest epoch; what its rows don't hold is left out."""
    if not rows or "epoch" not in rows[-1]:
        return []
    run = Run(rows, model, train)
    if not run.column(f"validation_{run.bound}"):
        return []
    parts: dict[str, Callable[[Run], Reading]] = {
        f"validation_{run.bound}": _bound,
        "validation_kl": read_kl,
        "active_units": read_active_units,
        f"train_{run.bound}": _gap,
        "sample_variety": read_variety,
        "noise_sigma": _noise,
    }
    return [read(run) for column, read in parts.items() if run.column(column)]


def _bound(run: Run) -> Reading:
    """A bound that jumps down, or is worse than at the beginning, has too large a learning rate."""
    values = run.column(f"validation_{run.bound}")
    name = "Validation ELBO" if run.has_kl else "Validation reconstruction"
    reading = Reading(name, number(values[-1]), "nats", "fine", _pace(values, run.scale))
    if run.early:
        return too_early(reading)
    jumps = _recent_jumps(run)
    worse = not run.warming_up and _judged(run)[-1] < _judged(run)[0]
    if not jumps and not worse:
        return reading
    sentence = "It is worse than after the first epoch."
    if jumps:
        drop = f"{number(jumps[-1].drop, 1)} nats at epoch {jumps[-1].epoch:.0f}"
        sentence = f"It fell by {drop}: the steps are too large."
    remedy = "Lower the learning rate" + ("." if run.train.max_grad_norm else ", or clip gradients.")
    level = "failing" if worse or len(jumps) >= MANY_JUMPS else "watch"
    return replace(reading, level=level, sentence=sentence, remedy=remedy)


@dataclass(frozen=True)
class _Jump:
    epoch: float
    drop: float


def _judged(run: Run) -> list[float]:
    """What training really raised, per epoch: with β ≠ 1 the ELBO may fall for good reasons."""
    loss = run.column("validation_loss")
    return [-value for value in loss] if loss else run.column(f"validation_{run.bound}")


def _recent_jumps(run: Run) -> list[_Jump]:
    """Sudden losses among the newest epochs that no change of the KL weight explains."""
    values, weights = _judged(run), run.column("kl_weight") or [run.train.beta] * len(run.rows)
    found = []
    for i in range(max(2, len(values) - RECENT_EPOCHS), len(values)):
        drop = values[i - 1] - values[i]
        if drop > JUMP * run.scale and abs(weights[i] - weights[i - 1]) < 1e-6 + 0.01 * run.train.beta:
            found.append(_Jump(run.rows[i]["epoch"], drop))
    return found


def _pace(values: list[float], scale: float) -> str:
    if len(values) < 2:
        return "The first epoch."
    gained = (values[-1] - values[max(-6, -len(values))]) / min(5, len(values) - 1)
    if abs(gained) < 2e-4 * scale:
        return "Settled: hardly moves any more."
    return f"{'Rising' if gained > 0 else 'Falling'} by {number(abs(gained))} nats an epoch."


def _gap(run: Run) -> Reading:
    """Training minus validation, same weights and as many images: overfitting when validation falls meanwhile."""
    train, validation = run.column(f"train_{run.bound}"), run.column(f"validation_{run.bound}")
    gap = train[-1] - validation[-1]
    share = gap / run.scale
    size = f"{max(0, share):.0%} of the {'ELBO' if run.has_kl else 'reconstruction'}"
    sentence = f"Small: {size}." if share < WIDE_GAP else f"{size}; validation still holds."
    reading = Reading("Train/validation gap", number(gap), "nats", "fine", sentence)
    if run.early:
        return too_early(reading)
    turned = None if run.warming_up else _turning_epoch(run, train, validation)
    if turned is not None:
        level = "failing" if share >= WIDE_GAP else "watch"
        sentence = f"Overfitting: since epoch {turned:.0f} validation gets worse while training gets better."
        return replace(reading, level=level, sentence=sentence, remedy=_less_fitting(run))
    if share >= VERY_WIDE_GAP:
        sentence = f"Wide: {size}. The network knows its training images by heart."
        return replace(reading, level="watch", sentence=sentence, remedy=_less_fitting(run))
    return reading


def _turning_epoch(run: Run, train: list[float], validation: list[float]) -> float | None:
    """The epoch from which validation got worse while training got better, if there is one."""
    smooth_train, smooth = _smoothed(train), _smoothed(validation)
    best = max(range(len(smooth)), key=smooth.__getitem__)
    worse = smooth[best] - smooth[-1] > WORSE * run.scale
    better = smooth_train[-1] > smooth_train[best]
    return run.rows[best]["epoch"] if worse and better and len(smooth) - best > SMOOTH else None


def _less_fitting(run: Run) -> str:
    if run.train.patience:
        return "A smaller network; early stopping restores the best epoch."
    return "Early stopping, or a smaller network."


def _noise(run: Run) -> Reading:
    """A Gaussian's σ near 0: its density grows without end while the KL hardly counts any more."""
    sigma = run.last["noise_sigma"]
    reading = Reading("Noise σ", number(sigma, 3), "of 0 to 1", "fine", f"{number(255 * sigma, 1)} grey levels of 255.")
    if run.early:
        return too_early(reading)
    if sigma >= SMALL_NOISE:
        return reading
    level = "failing" if sigma < GREY_LEVEL else "watch"
    sentence = "Near 0: pixels are fitted more finely than they are stored, and the KL hardly counts."
    return replace(reading, level=level, sentence=sentence, remedy=_less_fitting(run))


def _smoothed(values: list[float]) -> list[float]:
    return [statistics.fmean(values[max(0, i + 1 - SMOOTH) : i + 1]) for i in range(len(values))]
