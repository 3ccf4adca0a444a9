"""What can be wrong with a run or a model, each found by its numbers. No torch.

Every threshold is a rule of thumb and stands here with its reason; `python -m benchmarks.training.verdicts` shows where
healthy and planted runs lie. Comparisons are written so that an unknown number (NaN) finds nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vae.training.diagnostics.evidence import Evidence, is_known, smoothed
from vae.training.diagnostics.reading import number

# Steps below which nothing can have been learned, and below which more still bring much: 80 steps gain a third of what
# 1,000 do on 1,257 digits, 200 steps 70 %, 400 steps 86 %.
VERY_FEW_STEPS, FEW_STEPS = 100, 300
# Of all that was gained, the share that the last third of a run brought: 1 to 18 % in healthy ones, where the falling
# learning rate brings it, 28 to 37 % in those that were cut short.
STILL_LEARNING, LAST_PART, ENOUGH_EPOCHS = 0.22, 0.3, 10
JUMP = 0.05  # of the loss lost within one epoch: far above the noise of a validation loss (0.2 %)
RECENT_EPOCHS, MANY_JUMPS = 10, 3
# The mean KL bounds what z tells about an image: below 0.1 nats hardly anything, below 1 less than a choice of three.
COLLAPSED_KL, LOW_KL = 0.1, 1.0
UNFOLDED = 0.5  # of a run's epochs, before which few dimensions and samples that are alike say nothing
GROWTH, GROWTH_EPOCHS, NOISE_KL = 1.2, 5, 0.02  # a KL that grows by a fifth in five epochs is on its way
# Nats, a used dimension, by which latents as a whole differ from the prior: 0.0 to 0.35 where β = 1, 0.5 with 2 free
# bits a dimension, 0.7 and more with β = 0.01 and 0. A dimension 1.8 times as wide as the prior differs by 0.5.
OFF_PRIOR, FAR_OFF_PRIOR, LEAST_OFF = 0.5, 0.65, 2.0
# Of what was gained over the baseline on training images, the share that is lost on others: 0 to 0.35 in healthy runs,
# down to 100 images, 0.45 and more where a network knows its images by heart. With a learned variance, which makes more
# of every detail, up to 0.47, and 0.65 and more.
LOST, MOST_LOST = {"bernoulli": 0.4, "gaussian": 0.5}, 0.75
ENOUGH_GAIN = 3.0  # times the tolerance: a share of less is a share of hardly anything
WORSE, FAR_WORSE = 0.05, 0.25  # of the best gain: how much of it training on has lost again
ERRORS = 2.0  # standard errors: what few validation images can't tell is not said
SMALL_SPACE = 3  # up to here each dimension was chosen to be looked at, and an unused one is a loss
ALIKE, ALL_ALIKE = 0.15, 0.05  # variance of prior samples over the images': good models reach 0.4 to 0.9
# Standard deviation of the noise, pixels in [0, 1]. Images are stored in steps of 1/255: a finer fit is by heart.
GREY_LEVEL = 1 / 255


@dataclass(frozen=True)
class Finding:
    """One cause: a key of verdict.CAUSES, how bad it is, and one sentence."""

    cause: str
    level: str
    sentence: str


# --- the training itself ----------------------------------------------------------------------------------------------


def diverged(evidence: Evidence) -> Finding | None:
    """The trainer has ended it: the training loss grew without bounds."""
    if evidence.outcome != "diverged":
        return None
    return Finding("diverged", "failing", "The training loss grew without bounds: the steps are too large.")


@dataclass(frozen=True)
class _Jump:
    epoch: float
    before: float
    rise: float


def rate_too_high(evidence: Evidence) -> Finding | None:
    """A loss that jumps up, or is worse than at the beginning."""
    losses = evidence.objective("train") or evidence.objective("validation")
    if evidence.warming_up or len(losses) < 2:
        return None
    worse = losses[-1] > losses[0] + JUMP * evidence.scale
    jumps = _recent_jumps(evidence, losses)
    if evidence.ended:  # what has been made good again by the end does not matter
        jumps = [jump for jump in jumps if losses[-1] > jump.before]
    if worse and not evidence.train.free_bits and collapsed(evidence) is None:
        return Finding("rate_too_high", "failing", "The loss is worse than after the first epoch.")
    if not jumps:
        return None
    level = "failing" if len(jumps) >= MANY_JUMPS else "watch"
    rise = f"{number(jumps[-1].rise, 1)} nats at epoch {jumps[-1].epoch:.0f}"
    return Finding("rate_too_high", level, f"The loss rose by {rise}: the steps are too large.")


def _recent_jumps(evidence: Evidence, losses: list[float]) -> list[_Jump]:
    """Sudden rises among the newest epochs that no change of the KL weight explains."""
    beta = evidence.train.beta
    weights = evidence.column("kl_weight") or [beta] * len(evidence.rows)
    found = []
    for i in range(max(2, len(losses) - RECENT_EPOCHS), len(losses)):
        rise = losses[i] - losses[i - 1]
        if rise > JUMP * evidence.scale and abs(weights[i] - weights[i - 1]) < 1e-6 + 0.01 * beta:
            found.append(_Jump(evidence.rows[i].get("epoch", i + 1.0), losses[i - 1], rise))
    return found


def not_trained(evidence: Evidence) -> Finding | None:
    """It ended before it had learned anything, or after very few steps: the rate was too low, or they were too few."""
    if not evidence.ended:
        return None
    if evidence.steps < VERY_FEW_STEPS:
        steps = "gradient step" if evidence.steps == 1 else "gradient steps"
        return _unlearned(evidence, "failing", f"It has taken only {evidence.steps:.0f} {steps}.")
    if _below_baseline(evidence):
        sentence = "It has not even learned what independent pixels know."
        return _unlearned(evidence, "failing", sentence)
    if evidence.steps < FEW_STEPS:
        return _unlearned(evidence, "watch", f"It has taken only {evidence.steps:.0f} gradient steps.")
    priced = evidence.has_kl and evidence.kl_priced and not evidence.warming_up
    unfinished = priced and not evidence.past_its_best
    if unfinished and off_prior(evidence) > OFF_PRIOR and not _lost_much(evidence):
        return _unlearned(evidence, "watch", "The latents have not yet come to where the prior is.")
    return None


def _below_baseline(evidence: Evidence) -> bool:
    """Whether it is no better than independent pixels on its own training images, and not because of its KL."""
    row = evidence.kept
    if not row.gain("train") < -evidence.tolerance:
        return False
    recovered = row.baseline("train") - row.reconstruction("train")
    priced = evidence.kl_priced and not evidence.warming_up  # a schedule makes it cheap at first
    return priced or not evidence.has_kl or recovered < evidence.tolerance


def _unlearned(evidence: Evidence, level: str, sentence: str) -> Finding:
    low = evidence.train.learning_rate < LOW_RATE
    return Finding("rate_too_low" if low else "not_trained", level, sentence)


LOW_RATE = 5e-4  # below the rates of 1e-3 to 5e-3 that suit most VAEs, it is the first thing to change


def still_learning(evidence: Evidence) -> Finding | None:
    """The last epochs still brought much."""
    if not evidence.ended or evidence.past_its_best or len(evidence.rows) < ENOUGH_EPOCHS:
        return None
    shares = [_last_share(evidence, split) for split in ("train", "validation")]
    if not min(shares) > STILL_LEARNING:
        return None
    sentence = f"It was still learning: the last third of its epochs brought {min(shares):.0%} of all it gained."
    return _unlearned(evidence, "watch", sentence)


def _last_share(evidence: Evidence, split: str) -> float:
    """Of the gain over the baseline, what the last third of the epochs until the kept one brought."""
    rows = evidence.rows_until_kept()
    before = rows[round((len(rows) - 1) * (1 - LAST_PART))]
    gain = rows[-1].gain(split)
    return (before.loss(split) - rows[-1].loss(split)) / gain if gain > evidence.tolerance else 0.0


def cut_short(evidence: Evidence) -> Finding | None:
    """Stopped while the learning rate was high: most of what a schedule brings comes as it falls."""
    config, rate = evidence.train, evidence.last.get("learning_rate", 0.0)
    if evidence.outcome != "stopped" or config.lr_schedule == "constant" or rate < 0.5 * config.learning_rate:
        return None
    sentence = f"Stopped after {evidence.epoch:.0f} of {config.epochs} epochs, while the learning rate was high."
    return Finding("cut_short", "watch", sentence)


# --- the latents ------------------------------------------------------------------------------------------------------


def kl_unknown(evidence: Evidence) -> str:
    """Why the KL can't be judged yet; empty when it can."""
    if not evidence.has_kl:
        return "An autoencoder trains no KL."
    if evidence.warming_up:
        weight = f"{evidence.last.get('kl_weight', 0.0):.2g} of {evidence.train.beta:g}"
        return f"KL warm-up: its weight is {weight}."
    if not evidence.ended and _growing(evidence.column("validation_kl")):
        return "The KL is small but growing."
    return ""


def _growing(kl: list[float]) -> bool:
    """Whether a small KL is on its way."""
    if not kl:
        return False
    before = kl[-1 - GROWTH_EPOCHS] if len(kl) > GROWTH_EPOCHS else 0.0
    return NOISE_KL < kl[-1] < LOW_KL and kl[-1] > GROWTH * before


def collapsed(evidence: Evidence) -> Finding | None:
    """A KL of about 0 in a model that has learned what independent pixels know: the decoder ignores z."""
    if kl_unknown(evidence) or not evidence.kept.kl() < COLLAPSED_KL or _not_there_yet(evidence):
        return None
    most = max(evidence.column("validation_kl") or [0.0])
    fell = f" It was {number(most, 1)} nats." if most > LOW_KL else ""
    return Finding("collapsed", "failing", f"Posterior collapse: the decoder ignores z.{fell}")


def _not_there_yet(evidence: Evidence) -> bool:
    """Whether a run that goes on is still above the baseline: until then nothing can be in z."""
    return not evidence.ended and evidence.kept.gain("validation") < -evidence.tolerance


def _still_unfolding(evidence: Evidence) -> bool:
    """Whether more dimensions may yet come into use: they do one after the other."""
    return not evidence.ended and evidence.epoch < UNFOLDED * evidence.train.epochs


def low_kl(evidence: Evidence) -> Finding | None:
    """z says little."""
    if kl_unknown(evidence) or not evidence.kept.kl() < LOW_KL or _still_unfolding(evidence):
        return None
    return Finding("low_kl", "watch", "z says little about an image.")


def kl_too_large(evidence: Evidence) -> Finding | None:
    """A KL that costs more than it brings, or latents far from the prior: what is drawn from the prior is poor."""
    if kl_unknown(evidence):
        return None
    row = evidence.kept
    recovered = row.baseline("train") - row.reconstruction("train")
    if not evidence.kl_priced and recovered > evidence.tolerance and row.kl("train") > recovered:
        sentence = f"The KL of {number(row.kl(), 1)} nats costs more than z brings: random samples will be poor."
        return Finding("kl_too_large", "failing", sentence)
    off, priced = off_prior(evidence), evidence.kl_priced
    if not off > OFF_PRIOR or (priced and (not evidence.past_its_best or _lost_much(evidence))):
        return None
    level = "failing" if off > FAR_OFF_PRIOR and not priced else "watch"
    sentence = f"Latents lie {number(row.row['marginal_kl'], 1)} nats from the prior: random samples will be poor."
    return Finding("kl_too_large", level, sentence)


def off_prior(evidence: Evidence) -> float:
    """By how much latents as a whole differ from the prior, nats a used dimension; 0 where it is little in all."""
    off = evidence.kept.row.get("marginal_kl", 0.0)
    return off / max(evidence.used_dimensions, 1.0) if off > LEAST_OFF else 0.0


def unused_dimensions(evidence: Evidence) -> Finding | None:
    """Of a plane every dimension should be used; of many dimensions more than one."""
    if kl_unknown(evidence) or _still_unfolding(evidence):
        return None
    used, d = evidence.used_dimensions, evidence.model.latent_dim
    if used < (d if d <= SMALL_SPACE else 2):
        sentence = f"Only {used:.0f} of {d} dimensions {'is' if used == 1 else 'are'} used."
        return Finding("unused_dimensions", "watch", sentence)
    return None


def samples_alike(evidence: Evidence) -> Finding | None:
    """Pictures decoded from the prior hardly differ."""
    variety = evidence.kept.row.get("sample_variety", 1.0)
    if kl_unknown(evidence) or _still_unfolding(evidence) or not variety < ALIKE:
        return None
    return Finding("samples_alike", "failing" if variety < ALL_ALIKE else "watch", "Random samples look much alike.")


# --- other images -----------------------------------------------------------------------------------------------------


def overfitting(evidence: Evidence) -> Finding | None:
    """What was learned of training images does not hold for others, or holds less and less."""
    if evidence.warming_up:
        return None
    if found := _turned(evidence):
        return found
    if not _lost_much(evidence):
        return None
    share = evidence.kept.lost_share()
    sentence = f"{min(share, 1.0):.0%} of what it gained on its training images does not hold for others."
    return Finding("overfitting", "failing" if share > MOST_LOST else "watch", sentence)


def _lost_much(evidence: Evidence) -> bool:
    """Whether the share that is lost is large, and not for the few images that tell."""
    row = evidence.kept
    gap = row.gain("train") - row.gain("validation")
    error = math.sqrt(2) * evidence.validation_error  # that of training images is much the same
    sure = gap >= ERRORS * error
    learned = row.gain("train") > ENOUGH_GAIN * evidence.tolerance
    return learned and sure and row.lost_share() > LOST[evidence.pixels]


def _turned(evidence: Evidence) -> Finding | None:
    """Since some epoch validation has lost what training went on to gain."""
    rows = evidence.rows_until_kept()
    if len(rows) < 2:
        return None
    validation, train = (smoothed(evidence.objective(split)[: len(rows)]) for split in ("validation", "train"))
    best = min(range(len(validation)), key=validation.__getitem__)
    known = rows[best].baseline("validation")
    start = known if is_known(known) else validation[0]
    gained = start - validation[best]
    lost = validation[-1] - validation[best]
    if not (gained > 0 and lost > WORSE * gained and train[-1] < train[best] and len(rows) - best > 3):
        return None
    level = "failing" if lost > FAR_WORSE * gained else "watch"
    epoch = rows[best].row.get("epoch", best + 1.0)
    sentence = f"Since epoch {epoch:.0f} validation gets worse while training gets better."
    return Finding("overfitting", level, sentence)


def no_better(evidence: Evidence) -> Finding | None:
    """Whatever the cause: it is not better than independent pixels, as far as so many images can tell."""
    gain = evidence.kept.gain("validation")
    if evidence.ended and not evidence.warming_up and gain < 0:
        sentence = "On images that it was not trained on it is no better than independent pixels."
        sure = gain < -ERRORS * evidence.validation_error
        return Finding("no_better", "failing" if sure else "watch", sentence)
    return None


def fine_noise(evidence: Evidence) -> Finding | None:
    """A Gaussian's σ below a grey level: its density grows on while the KL hardly counts any more."""
    sigma = evidence.kept.row.get("noise_sigma", 1.0)
    if sigma < GREY_LEVEL:
        sentence = f"The noise σ is {number(sigma, 4)}: pixels are fitted more finely than they are stored."
        return Finding("fine_noise", "watch", sentence)
    return None
