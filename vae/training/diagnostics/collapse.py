"""Whether z says anything: readings of posterior collapse and of samples that all look alike. No torch.

Every threshold is a rule of thumb and stands here with its reason.
"""

from __future__ import annotations

from dataclasses import replace

from vae.training.diagnostics.reading import Reading, Run, number, too_early

# The mean KL bounds what z tells about an image: below 0.1 nats hardly anything, below 1 less than a choice of three.
COLLAPSED_KL, LOW_KL = 0.1, 1.0
# A KL that grows by a fifth in five epochs is on its way, from where its noise ends.
GROWTH, GROWTH_EPOCHS, NOISE_KL = 1.2, 5, 0.02
# 19 to 25 of 50 active units are normal for MNIST, so only few in absolute and in relative terms are worth a word.
FEW_ACTIVE, FEW_ACTIVE_SHARE = 8, 0.15
SMALL_SPACE = 3  # up to here each dimension was chosen to be looked at, and an unused one is a loss
# Pictures decoded from the prior have no pixel noise: good models reach 0.4 to 0.9 of the images' variance.
LOW_VARIETY, NO_VARIETY = 0.2, 0.05


def read_kl(run: Run) -> Reading:
    """A KL of about 0 is posterior collapse: the decoder ignores z."""
    kl = run.last["validation_kl"]
    reading = Reading("Total KL", number(kl), "nats", "fine", f"z tells up to {number(kl, 1)} nats about an image.")
    if not run.has_kl:
        return replace(reading, value="–", unit="", level="open", sentence="An autoencoder trains no KL.")
    if unknown := _unknown_kl(run, reading):
        return unknown
    if kl >= LOW_KL:
        return reading
    if kl >= COLLAPSED_KL:
        return replace(reading, level="watch", sentence="z says little about an image.", remedy=_more_kl(run))
    most = max(run.column("validation_kl"))
    fell = f" It was {number(most, 1)} nats." if most > LOW_KL else ""
    sentence = f"Posterior collapse: the decoder ignores z.{fell}"
    return replace(reading, level="failing", sentence=sentence, remedy=_more_kl(run))


def _unknown_kl(run: Run, reading: Reading) -> Reading | None:
    """The reading where KL, and what follows from it, can't be judged."""
    if run.early:
        return too_early(reading)
    if run.warming_up:
        weight = f"{run.last['kl_weight']:.2g} of {run.train.beta:g}"
        return replace(reading, level="open", sentence=f"KL warm-up: its weight is {weight}.")
    if _growing(run.column("validation_kl")):
        return replace(reading, level="open", sentence="The KL is small but growing.")
    if run.train.beta == 0:
        return replace(reading, level="open", sentence="β = 0: nothing holds z near the prior.")
    return None


def _growing(kl: list[float]) -> bool:
    """Whether a small KL is on its way."""
    before = kl[-1 - GROWTH_EPOCHS] if len(kl) > GROWTH_EPOCHS else 0.0
    return NOISE_KL < kl[-1] < LOW_KL and kl[-1] > GROWTH * before


def _more_kl(run: Run) -> str:
    """Remedies for a collapse that this run does not use yet, as the form names them."""
    offers = ["KL warm-up"] if run.train.kl_schedule == "constant" and run.train.objective == "elbo" else []
    offers += ["more free bits" if run.train.free_bits else "free bits"] if run.train.objective == "elbo" else []
    offers += ["a lower β"] if run.train.objective == "elbo" else ["a lower learning rate"]
    text = f"{', '.join(offers[:-1])} or {offers[-1]}." if len(offers) > 1 else f"{offers[0]}."
    return text[:1].upper() + text[1:]


def read_active_units(run: Run) -> Reading:
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
        sentence = f"Only {active} of {d} dimensions {'is' if active == 1 else 'are'} used."
        return replace(reading, level="watch", sentence=sentence, remedy=_more_kl(run))
    if active < min(FEW_ACTIVE, FEW_ACTIVE_SHARE * d):
        return replace(reading, level="watch", sentence="Few dimensions are used.", remedy=_more_kl(run))
    return reading


def read_variety(run: Run) -> Reading:
    """Variance of prior samples over that of training images: near 0 all samples look alike."""
    variety = run.last["sample_variety"]
    sentence = "Pictures drawn from the prior differ as those of a good model do."
    reading = Reading("Sample variety", number(variety), "of the data's", "fine", sentence)
    if not run.has_kl:
        return replace(reading, level="open", sentence="An autoencoder is not trained to decode the prior.")
    if unknown := _unknown_kl(run, reading):
        return unknown
    if variety < NO_VARIETY:
        return replace(reading, level="failing", sentence="All samples look alike.", remedy=_more_kl(run))
    if variety < LOW_VARIETY:
        return replace(reading, level="watch", sentence="Samples look much alike.", remedy=_more_kl(run))
    return reading
