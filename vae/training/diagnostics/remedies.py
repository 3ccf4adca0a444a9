"""What helps against each cause, as settings of a run and in words. No torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from vae.training.diagnostics.evidence import Evidence, is_known

Value = float | int | str | tuple[int, ...]
GOOD_RATE = 2e-3
LEAST_STEPS = {"bernoulli": 1_000, "gaussian": 2_000}  # a learned variance has a long way to go
SMALL_BATCH, FEWEST_PER_EPOCH = 32, 8  # where an epoch has fewer steps, smaller batches make more of the same images
A_FEW_BITS = 0.1
# Of few pictures with a learned variance the pixels' nats outweigh the KL's: with β = 4 instead of 1 the latents of 60
# colour pictures lie nearer to the prior, and −ELBO on others is better too.
DEARER = 4.0


@dataclass(frozen=True)
class Remedy:
    """Settings by name that replace a run's own, and what they are in words."""

    sentence: str = ""
    settings: Mapping[str, Value] = field(default_factory=dict)


def option(name: str, value: Value) -> str:
    """A setting as an option of `python -m vae train`."""
    values = (
        " ".join(map(str, value)) if isinstance(value, tuple) else f"{value:g}" if isinstance(value, float) else value
    )
    return f"--{name.replace('_', '-')} {values}"


def remedy(cause: str, evidence: Evidence) -> Remedy:
    """What helps against `cause`; without settings where there is nothing to set."""
    match cause:
        case "diverged" | "rate_too_high":
            return _of(_lower_rate(evidence), "Lower the learning rate.")
        case "rate_too_low":
            return _of({"learning_rate": GOOD_RATE} | _more_steps(evidence), "Raise the learning rate.")
        case "not_trained":
            return _longer(evidence)
        case "cut_short":
            return Remedy(RESUME)
        case "collapsed" | "low_kl" | "unused_dimensions" | "samples_alike":
            return _of(_more_kl(evidence), "Let z say more.")
        case "kl_too_large" if evidence.kl_priced:
            return _of({"beta": DEARER * evidence.train.beta}, "Let the KL count for more.")
        case "kl_too_large":
            return _of(_less_kl(evidence), "Let the KL count as in the ELBO.")
        case "no_better" if not is_known(evidence.kept.loss("train")):
            return Remedy("Measure it on training images too: they tell whether it has learned too little or by heart.")
        case "overfitting" | "no_better" | "fine_noise":
            return _of(_less_fitting(evidence), "Fit less closely.")
    return Remedy()


def _of(settings: dict[str, Value], sentence: str) -> Remedy:
    """Only what differs; without any a sentence alone."""
    return Remedy(f"{sentence[:-1]}: {_in_words(settings)}." if settings else sentence, settings)


WORDS = {
    "learning_rate": "learning rate",
    "max_grad_norm": "gradient norm at most",
    "batch_size": "batch size",
    "beta": "β",
    "kl_schedule": "KL schedule",
    "kl_warmup": "warm-up epochs",
    "free_bits": "free bits",
}


def _in_words(settings: Mapping[str, Value]) -> str:
    """`epochs 100, batch size 32`."""
    return ", ".join(f"{WORDS.get(name, name)} {_written(value)}" for name, value in settings.items())


def _written(value: Value) -> str:
    if isinstance(value, tuple):
        return "+".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value


# --- the steps --------------------------------------------------------------------------------------------------------


def _lower_rate(evidence: Evidence) -> dict[str, Value]:
    """A rate that suits most; where it was one, a quarter of it and no steep steps."""
    rate = evidence.train.learning_rate
    if rate > 2 * GOOD_RATE:
        return {"learning_rate": GOOD_RATE}
    return {"learning_rate": _one_digit(rate / 4), "max_grad_norm": evidence.train.max_grad_norm or 10.0}


def _one_digit(value: float) -> float:
    return float(f"{value:.0e}")


RESUME = "Resume it, or train all its epochs."


def _longer(evidence: Evidence) -> Remedy:
    """More steps; where enough were asked for, let them be taken."""
    more = _more_steps(evidence)
    if not more and evidence.outcome == "stopped":
        return Remedy(RESUME)
    return _of(more or {"patience": 0}, "Train for longer.")


def _more_steps(evidence: Evidence) -> dict[str, Value]:
    """As many as a model needs at least, and two and a half times those that were not enough.

    Nothing where as many were asked for, and the run ended before.
    """
    config, steps = evidence.train, evidence.steps
    if math.isnan(steps):
        return {"epochs": _rounded(3 * config.epochs)}
    goal = max(float(LEAST_STEPS[evidence.pixels]), 2.5 * steps)
    per_epoch = max(1.0, steps / max(1.0, evidence.epoch))
    if evidence.epoch < config.epochs and goal <= per_epoch * config.epochs:
        return {}
    images, settings = evidence.train_images, dict[str, Value]()
    if images / config.batch_size < FEWEST_PER_EPOCH and config.batch_size > SMALL_BATCH:
        settings["batch_size"] = SMALL_BATCH
        per_epoch = math.ceil(images / SMALL_BATCH)
    return settings | {"epochs": _rounded(goal / per_epoch)}


def _enough_steps(evidence: Evidence) -> dict[str, Value]:
    """More of them, where what else is changed would only show that they were too few."""
    return _more_steps(evidence) if evidence.steps < LEAST_STEPS[evidence.pixels] else {}


def _rounded(epochs: float) -> int:
    """Up to a number that somebody would choose: 1 to 10, then tens, from 200 on fifties."""
    unit = 1 if epochs <= 10 else 10 if epochs <= 200 else 50
    return min(100_000, unit * math.ceil(epochs / unit))


# --- the latents ------------------------------------------------------------------------------------------------------


def _more_kl(evidence: Evidence) -> dict[str, Value]:
    """What this run does not do yet: the ELBO's own weight; a KL that comes later; a sharper likelihood."""
    config = evidence.train
    if config.objective != "elbo":
        return {"learning_rate": _one_digit(config.learning_rate / 2)}
    if config.beta > 1:
        return {"beta": 1.0} | _enough_steps(evidence)
    settings = dict[str, Value]()
    if config.kl_schedule == "constant":
        settings |= {"kl_schedule": "linear", "kl_warmup": max(1, config.epochs // 2)}
    if not config.free_bits:
        settings["free_bits"] = A_FEW_BITS
    if not settings and evidence.pixels == "bernoulli" and config.binarization == "none":
        settings["likelihood"] = "gaussian"
    return settings | _enough_steps(evidence)


def _less_kl(evidence: Evidence) -> dict[str, Value]:
    """The ELBO's own weight, and no KL for nothing."""
    settings = dict[str, Value]()
    if evidence.train.beta < 1:
        settings["beta"] = 1.0
    if evidence.train.free_bits:
        settings["free_bits"] = 0.0
    return settings | _enough_steps(evidence)


# --- other images -----------------------------------------------------------------------------------------------------

FEW_IMAGES = 500  # a learned variance soon knows so few by heart; a Bernoulli likelihood forgives single pixels
SHORTER = 0.8  # of the best epoch: a schedule that ends there learns more than one that is cut off there
LEAST_WIDTH, LEAST_CHANNELS = 32, 8


def _less_fitting(evidence: Evidence) -> dict[str, Value]:
    """Fewer epochs where it was best before its end; a smaller network; for few images no learned variance."""
    images, model = evidence.train_images, evidence.model
    if model.likelihood == "gaussian" and images < FEW_IMAGES:
        return {"likelihood": "bernoulli"} | _smaller(evidence)
    losses = evidence.objective("validation")
    best = evidence.rows[min(range(len(losses)), key=losses.__getitem__)].get("epoch", evidence.epoch)
    if best < SHORTER * evidence.epoch:
        return {"epochs": max(evidence.train.kl_cycles, _rounded(SHORTER * best))}
    return _smaller(evidence) or {"latent_dim": max(2, model.latent_dim // 2)}


def _smaller(evidence: Evidence) -> dict[str, Value]:
    """One layer about as wide as there are images, and half the channels."""
    images, model = evidence.train_images, evidence.model
    widest = max(model.hidden, default=0)
    most = LEAST_WIDTH * max(1, round(0.6 * images / LEAST_WIDTH)) if is_known(images) else widest // 2
    settings = dict[str, Value]()
    if widest > most or len(model.hidden) > 1:
        settings["hidden"] = (max(LEAST_WIDTH, min(widest, most)),)
    elif widest > LEAST_WIDTH:
        settings["hidden"] = (max(LEAST_WIDTH, widest // 2),)
    if model.channels and max(model.channels) > LEAST_CHANNELS:
        settings["channels"] = tuple(max(LEAST_CHANNELS, width // 2) for width in model.channels)
    return settings
