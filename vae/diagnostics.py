"""What the numbers of a training run mean: fine, worth watching, or failing, and what helps. No torch.

Every threshold is a rule of thumb and stands here with its reason. Nothing is judged while it can't be known yet: in the
first epochs, and while a KL schedule is still on its way to β.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace

from vae.config import ModelConfig, TrainConfig
from vae.history import Row

# Before this nothing is judged: the KL of a healthy run can lie near 0 for its first dozens of gradient steps.
EARLY_EPOCHS, EARLY_SHARE, EARLY_STEPS = 3, 0.1, 100
# The mean KL bounds what z tells about an image: below 0.1 nats hardly anything, below 1 less than a choice of three.
COLLAPSED_KL, LOW_KL = 0.1, 1.0
# 19 to 25 of 50 active units are normal for MNIST, so only few in absolute and in relative terms are worth a word.
FEW_ACTIVE, FEW_ACTIVE_SHARE = 8, 0.15
SMALL_SPACE = 3  # up to here each dimension was chosen to be looked at, and an unused one is a loss
# Gap over |ELBO|: MNIST ends at 1 to 3 %, 1,300 digits at 2 to 5 %. Above 15 % the network knows its images by heart.
WIDE_GAP, VERY_WIDE_GAP = 0.07, 0.15
WORSE = (
    0.005  # of |ELBO|: how far a smoothed validation ELBO falls before it counts as a trend, several times its noise
)
SMOOTH = 3  # epochs in a running mean
JUMP = 0.05  # of |ELBO| lost within one epoch: far above the noise of a validation ELBO (0.2 %)
RECENT_EPOCHS = 10
MANY_JUMPS = 3
# Pictures decoded from the prior have no pixel noise: good models reach 0.4 to 0.9 of the images' variance.
LOW_VARIETY, NO_VARIETY = 0.2, 0.05
# Standard deviation of the noise, pixels in [0, 1]. Images are stored in steps of 1/255: a finer fit is by heart.
GREY_LEVEL = 1 / 255
SMALL_NOISE = 0.01


@dataclass(frozen=True)
class Reading:
    """One number and what it means. level: fine, watch, failing, or `open` where nothing can be said (yet)."""

    name: str
    value: str
    unit: str
    level: str
    sentence: str
    remedy: str = ""


@dataclass(frozen=True)
class Run:
    """A run's history beside its settings."""

    rows: list[Row]
    model: ModelConfig
    train: TrainConfig

    @property
    def last(self) -> Row:
        """The newest epoch."""
        return self.rows[-1]

    @property
    def has_kl(self) -> bool:
        """Whether the objective holds a KL term, or a bound that stands for one."""
        return self.train.objective != "autoencoder"

    @property
    def early(self) -> bool:
        """Whether it has hardly begun."""
        epoch, per_epoch = self.last["epoch"], self.last.get("images_per_second", 0) * self.last.get("seconds", 0)
        steps = epoch * per_epoch / self.train.batch_size
        few = 0 < steps < EARLY_STEPS
        return few or epoch < max(EARLY_EPOCHS, EARLY_SHARE * self.train.epochs)

    @property
    def warming_up(self) -> bool:
        """Whether a schedule still holds the KL weight below β."""
        scheduled = self.has_kl and self.train.kl_schedule != "constant"
        return scheduled and self.last.get("kl_weight", self.train.beta) < 0.99 * self.train.beta

    @property
    def bound(self) -> str:
        """What training raises: the ELBO, or the reconstruction alone."""
        return "elbo" if self.has_kl else "log_likelihood"

    def column(self, name: str) -> list[float]:
        """One value an epoch; empty when an epoch lacks it."""
        return [row[name] for row in self.rows] if all(name in row for row in self.rows) else []

    @property
    def scale(self) -> float:
        """What differences of the bound are measured by, nats. A Gaussian's bound can be near 0, so never below 1."""
        sizes = [abs(value) for value in self.column(f"validation_{self.bound}")]
        return max(statistics.median(sizes), abs(self.last.get("validation_kl", 0.0)), 1.0)


def readings(rows: list[Row], model: ModelConfig, train: TrainConfig) -> list[Reading]:
    """All that can be said about a run after its newest epoch; what its rows don't hold is left out."""
    if not rows or "epoch" not in rows[-1]:
        return []
    run = Run(rows, model, train)
    parts = ((f"validation_{run.bound}", _bound), ("validation_kl", _kl), ("active_units", _active_units))
    parts += ((f"train_{run.bound}", _gap), ("sample_variety", _variety), ("noise_sigma", _noise))
    return [read(run) for column, read in parts if run.column(column) and run.column(f"validation_{run.bound}")]


def _bound(run: Run) -> Reading:
    """A bound that jumps down, or is worse than at the beginning, has too large a learning rate."""
    values = run.column(f"validation_{run.bound}")
    name = "Validation ELBO" if run.has_kl else "Validation reconstruction"
    reading = Reading(name, _number(values[-1]), "nats", "fine", _pace(values, run.scale))
    if run.early:
        return _too_early(reading)
    jumps = _recent_jumps(run)
    worse = not run.warming_up and _judged(run)[-1] < _judged(run)[0]
    if not jumps and not worse:
        return reading
    sentence = "It is worse than after the first epoch."
    if jumps:
        drop = f"{_number(jumps[-1].drop, 1)} nats at epoch {jumps[-1].epoch:.0f}"
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
    return f"{'Rising' if gained > 0 else 'Falling'} by {_number(abs(gained))} nats an epoch."


def _kl(run: Run) -> Reading:
    """A KL of about 0 is posterior collapse: the decoder ignores z."""
    kl = run.last["validation_kl"]
    reading = Reading("Total KL", _number(kl), "nats", "fine", f"z tells up to {_number(kl, 1)} nats about an image.")
    if not run.has_kl:
        return replace(reading, value="–", unit="", level="open", sentence="An autoencoder trains no KL.")
    if unknown := _unknown_kl(run, reading):
        return unknown
    if kl >= LOW_KL:
        return reading
    if kl >= COLLAPSED_KL:
        return replace(reading, level="watch", sentence="z says little about an image.", remedy=_more_kl(run))
    most = max(run.column("validation_kl"))
    fell = f" It was {_number(most, 1)} nats." if most > LOW_KL else ""
    sentence = f"Posterior collapse: the decoder ignores z.{fell}"
    return replace(reading, level="failing", sentence=sentence, remedy=_more_kl(run))


def _unknown_kl(run: Run, reading: Reading) -> Reading | None:
    """The reading where KL, and what follows from it, can't be judged."""
    if run.early:
        return _too_early(reading)
    if run.warming_up:
        weight = f"{run.last['kl_weight']:.2g} of {run.train.beta:g}"
        return replace(reading, level="open", sentence=f"KL warm-up: its weight is {weight}.")
    if run.train.beta == 0:
        return replace(reading, level="open", sentence="β = 0: nothing holds z near the prior.")
    return None


def _more_kl(run: Run) -> str:
    """Remedies for a collapse that this run does not use yet, as the form names them."""
    offers = ["KL warm-up"] if run.train.kl_schedule == "constant" and run.train.objective == "elbo" else []
    offers += ["more free bits" if run.train.free_bits else "free bits"] if run.train.objective == "elbo" else []
    offers += ["a lower β"] if run.train.objective == "elbo" else ["a lower learning rate"]
    return _first_upper(_either(offers))


def _active_units(run: Run) -> Reading:
    """Dimensions whose posterior mean varies with the image: Burda et al. 2016, Var(mu) > 0.01."""
    active, d = round(run.last["active_units"]), run.model.latent_dim
    sentence = "Every dimension is used." if active >= d else "Normal: a VAE keeps only the dimensions that pay."
    reading = Reading("Active units", f"{active}", f"of {d}", "fine", sentence)
    if not run.has_kl:
        sentence = "An autoencoder switches no dimension off."
        return replace(reading, level="open" if active < d else "fine", sentence=sentence)
    if unknown := _unknown_kl(run, reading):
        return unknown
    if active == 0:
        return replace(reading, level="failing", sentence="No dimension says anything.", remedy=_more_kl(run))
    if d <= SMALL_SPACE and active < d:
        sentence = f"{d - active} of {d} dimensions is not used." if d - active == 1 else "Only one is used."
        return replace(reading, level="watch", sentence=sentence, remedy=_more_kl(run))
    if active < min(FEW_ACTIVE, FEW_ACTIVE_SHARE * d):
        return replace(reading, level="watch", sentence="Few dimensions are used.", remedy=_more_kl(run))
    return reading


def _gap(run: Run) -> Reading:
    """Training minus validation, same weights and as many images: overfitting when validation falls meanwhile."""
    train, validation = run.column(f"train_{run.bound}"), run.column(f"validation_{run.bound}")
    gap = train[-1] - validation[-1]
    share = gap / run.scale
    size = f"{max(0, share):.0%} of the {'ELBO' if run.has_kl else 'reconstruction'}"
    sentence = f"Small: {size}." if share < WIDE_GAP else f"{size}; validation still holds."
    reading = Reading("Train/validation gap", _number(gap), "nats", "fine", sentence)
    if run.early:
        return _too_early(reading)
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


def _variety(run: Run) -> Reading:
    """Variance of prior samples over that of validation images: near 0 all samples look alike."""
    variety = run.last["sample_variety"]
    sentence = "Pictures drawn from the prior differ as those of a good model do."
    reading = Reading("Sample variety", _number(variety), "of the data's", "fine", sentence)
    if not run.has_kl:
        return replace(reading, level="open", sentence="An autoencoder is not trained to decode the prior.")
    if unknown := _unknown_kl(run, reading):
        return unknown
    if variety < NO_VARIETY:
        return replace(reading, level="failing", sentence="All samples look alike.", remedy=_more_kl(run))
    if variety < LOW_VARIETY:
        return replace(reading, level="watch", sentence="Samples look much alike.", remedy=_more_kl(run))
    return reading


def _noise(run: Run) -> Reading:
    """A Gaussian's σ near 0: its density grows without end while the KL hardly counts any more."""
    sigma = run.last["noise_sigma"]
    reading = Reading(
        "Noise σ", _number(sigma, 3), "of 0 to 1", "fine", f"{_number(255 * sigma, 1)} grey levels of 255."
    )
    if run.early:
        return _too_early(reading)
    if sigma >= SMALL_NOISE:
        return reading
    level = "failing" if sigma < GREY_LEVEL else "watch"
    sentence = "Near 0: pixels are fitted more finely than they are stored, and the KL hardly counts."
    return replace(reading, level=level, sentence=sentence, remedy=_less_fitting(run))


def _too_early(reading: Reading) -> Reading:
    return replace(reading, level="open", sentence="Too early to judge.", remedy="")


def _smoothed(values: list[float]) -> list[float]:
    return [statistics.fmean(values[max(0, i + 1 - SMOOTH) : i + 1]) for i in range(len(values))]


def _number(value: float, digits: int = 2) -> str:
    return f"{value:,.{digits}f}".replace("-", "−")


def _either(offers: list[str]) -> str:
    return f"{', '.join(offers[:-1])} or {offers[-1]}." if len(offers) > 1 else f"{offers[0]}."


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
