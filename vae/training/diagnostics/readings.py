"""The numbers of a run one by one, each with what it means. They follow the verdict, so that none contradicts another.
No torch.

What the verdict names stands at the number that shows it. Where that cause excludes a number (what a run that has not
learned yet says of its KL is nothing), the number is not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vae.training.diagnostics import causes, verdict
from vae.training.diagnostics.causes import Finding
from vae.training.diagnostics.evidence import INFORMATIVE, Evidence, is_known
from vae.training.diagnostics.reading import Reading, number

# Which number shows a cause; all others are judged for themselves, but for those that the cause excludes.
LOSS, KL, DIMENSIONS, GAP, VARIETY, NOISE = "loss", "kl", "dimensions", "gap", "variety", "noise"
SHOWN_BY: Mapping[str, str] = {
    "diverged": LOSS,
    "rate_too_high": LOSS,
    "rate_too_low": LOSS,
    "not_trained": LOSS,
    "cut_short": LOSS,
    "no_better": LOSS,
    "collapsed": KL,
    "low_kl": KL,
    "kl_too_large": KL,
    "unused_dimensions": DIMENSIONS,
    "overfitting": GAP,
    "samples_alike": VARIETY,
    "fine_noise": NOISE,
}
USUAL_VARIETY = 0.4  # pictures decoded from the prior have no pixel noise: good models reach 0.4 to 0.9


def readings(evidence: Evidence) -> list[Reading]:
    """All that can be said of single numbers after the newest epoch; what its rows don't hold is left out."""
    if not evidence.rows or not is_known(evidence.kept.loss("validation")):
        return []
    found = verdict.finding(evidence)
    made = (part(evidence, found) for part in PARTS)
    return [reading for reading in made if reading is not None]


@dataclass(frozen=True)
class _Judgement:
    level: str
    sentence: str


def _judged(evidence: Evidence, found: Finding | None, shown: str, otherwise: str) -> _Judgement:
    """What the verdict means for one number; `otherwise` where it has nothing to say about it."""
    if evidence.early:
        return _Judgement("open", "Too early to judge.")
    if found is None and evidence.nothing_to_gain:
        return _Judgement("open", verdict.TOO_ALIKE)
    if found is None:
        return _Judgement("fine", otherwise)
    at = SHOWN_BY[found.cause]
    if at == shown:
        return _Judgement(found.level, found.sentence)
    if at == LOSS and shown != LOSS:
        return _Judgement("open", "It says little while the loss is as it is.")
    if at == KL and shown in (DIMENSIONS, VARIETY):
        return _Judgement("open", "It follows from the KL.")
    after = (check(evidence) for check in verdict.CHECKS)
    if any(one is not None and SHOWN_BY[one.cause] == shown for one in after):
        return _Judgement("open", f"First comes: {verdict.CAUSES[found.cause]}.")
    return _Judgement("fine", otherwise)


def _loss(evidence: Evidence, found: Finding | None) -> Reading:
    loss, gain = evidence.kept.loss("validation"), evidence.kept.gain("validation")
    parts = [f"{number(gain, 1)} nats better than the baseline"] if gain > 0 else []
    if not evidence.ended or not parts:
        parts.append(_pace(evidence.losses("validation"), evidence.scale))
    sentence = "; ".join(parts)
    judged = _judged(evidence, found, LOSS, f"{sentence[:1].upper()}{sentence[1:]}.")
    if found is not None and judged.level == "fine" and gain < evidence.tolerance:  # such as a collapsed model's
        judged = _Judgement("", "It is no better than independent pixels.")
    return Reading(
        "Validation loss", number(loss), "nats", judged.level, judged.sentence, LOSSES[evidence.train.objective]
    )


LOSSES = {
    "elbo": "−ELBO = reconstruction error + KL, whatever β; mean per validation image, lower is better.",
    "iwae": "Minus the importance-weighted bound that is trained; mean per validation image, lower is better.",
    "autoencoder": "The reconstruction error −log p(x|z) alone; mean per validation image, lower is better.",
}


def _pace(values: list[float], scale: float) -> str:
    if len(values) < 2:
        return "the first epoch"
    gained = (values[max(-6, -len(values))] - values[-1]) / min(5, len(values) - 1)
    if abs(gained) < 2e-4 * scale:
        return "hardly moves any more"
    return f"{'falling' if gained > 0 else 'rising'} by {number(abs(gained))} nats per epoch"


def _baseline(evidence: Evidence, _: Finding | None) -> Reading | None:
    baseline, floor = evidence.kept.baseline("validation"), evidence.floor
    if not is_known(baseline):
        return None
    sentence = f"Independent pixels; no model gets below {number(floor)}."
    sentence = sentence if is_known(floor) else "Independent pixels."
    return Reading("Baseline", number(baseline), "nats", "", sentence, BASELINE)


BASELINE = (
    "The loss, on the same images and with the same likelihood, of a model that draws each pixel by itself, with the "
    "training images' means. What no model gets below is the entropy of grey pixels read as probabilities."
)


def _kl(evidence: Evidence, found: Finding | None) -> Reading | None:
    kl = evidence.kept.kl()
    if not is_known(kl):
        return None
    if not evidence.has_kl:
        return Reading("Total KL", "–", "", "open", causes.kl_unknown(evidence))
    judged = _judged(evidence, found, KL, f"z tells up to {number(kl, 1)} nats about an image.")
    if judged.level == "fine" and (why := causes.kl_unknown(evidence)):
        judged = _Judgement("open", why)
    return Reading("Total KL", number(kl), "nats", judged.level, judged.sentence, _kl_measured(evidence))


def _kl_measured(evidence: Evidence) -> str:
    text = "Mean KL of the posterior from the prior, validation images."
    if "marginal_kl" not in evidence.kept.row:
        return text
    off = number(evidence.kept.row["marginal_kl"])
    return (
        f"{text} At least {off} nats say nothing about an image: they are how far the latents of all images together "
        "lie from the prior, by a normal distribution fitted to one half of the images and measured on the other. "
        "Measured on as many training images as there are validation images, at least 500; on test images where a "
        "model has no history."
    )


def _dimensions(evidence: Evidence, found: Finding | None) -> Reading | None:
    used, d = evidence.used_dimensions, evidence.model.latent_dim
    if not is_known(used):
        return None
    active = evidence.kept.row.get("active_units")
    measured = f"Dimensions with a KL of at least {INFORMATIVE} nats, validation images."
    if active is not None:
        measured += f" By the variance of their means (above 0.01, Burda et al. 2016) {active:.0f} are active."
    if not evidence.has_kl:
        sentence = "An autoencoder switches no dimension off."
        shown = used if active is None else active
        return Reading("Used dimensions", f"{shown:.0f}", f"of {d}", "open", sentence, measured)
    sentence = "Every dimension is used." if used >= d else "The others cost nothing: a VAE keeps what pays."
    judged = _judged(evidence, found, DIMENSIONS, sentence)
    if judged.level == "fine" and (why := causes.kl_unknown(evidence)):
        judged = _Judgement("open", why)
    return Reading("Used dimensions", f"{used:.0f}", f"of {d}", judged.level, judged.sentence, measured)


def _gap(evidence: Evidence, found: Finding | None) -> Reading | None:
    row = evidence.kept
    gap = row.loss("validation") - row.loss("train")
    if not is_known(gap):
        return None
    share = row.lost_share()
    sentence = "What it learned of training images holds for others."
    if share > 0.02:
        sentence = f"{share:.0%} of what it gained on training images does not hold for others."
    judged = _judged(evidence, found, GAP, sentence)
    if judged.level == "fine" and not is_known(share):
        judged = _Judgement("open", "Without a gain over the baseline its share can't be told.")
    return Reading("Train/validation gap", number(gap), "nats", judged.level, judged.sentence, GAP_MEASURED)


GAP_MEASURED = (
    "Validation loss minus the loss of training images, with the same weights. The share counts each of them from its "
    "own baseline, so that it is the model's doing and not that of easier images."
)


def _variety(evidence: Evidence, found: Finding | None) -> Reading | None:
    variety = evidence.kept.row.get("sample_variety")
    if variety is None:
        return None
    measured = (
        "Variance of pictures decoded from the prior, over that of training images; good models reach 0.4 to 0.9."
    )
    if not evidence.has_kl:
        sentence = "An autoencoder is not trained to decode the prior."
        return Reading("Sample variety", number(variety), "of the data's", "open", sentence, measured)
    usual = variety >= USUAL_VARIETY
    sentence = "Samples differ as those of good models do." if usual else "Samples differ less than the images do."
    judged = _judged(evidence, found, VARIETY, sentence)
    if judged.level == "fine" and (why := causes.kl_unknown(evidence)):
        judged = _Judgement("open", why)
    return Reading("Sample variety", number(variety), "of the data's", judged.level, judged.sentence, measured)


def _noise(evidence: Evidence, found: Finding | None) -> Reading | None:
    sigma = evidence.kept.row.get("noise_sigma")
    if sigma is None:
        return None
    judged = _judged(evidence, found, NOISE, f"{number(255 * sigma, 1)} grey levels of 255.")
    measured = "The learned standard deviation of a pixel around the decoded picture."
    return Reading("Noise σ", number(sigma, 3), "of 0 to 1", judged.level, judged.sentence, measured)


PARTS: tuple[Callable[[Evidence, Finding | None], Reading | None], ...] = (
    _loss,
    _baseline,
    _kl,
    _dimensions,
    _gap,
    _variety,
    _noise,
)
