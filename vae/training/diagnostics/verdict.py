"""The verdict on a run or a model: fine, watch or failing, why, and what to change. One function decides. No torch.

Causes are looked for in an order in which one excludes those after it: a run that has not learned yet has no collapse,
and one whose KL is too large for the prior no overfitting that would count. So a verdict has one cause, and readings,
which ask here, never contradict it or each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from vae.training.diagnostics import causes, remedies
from vae.training.diagnostics.causes import Finding
from vae.training.diagnostics.evidence import Evidence, is_known
from vae.training.diagnostics.reading import number

CAUSES: Mapping[str, str] = {
    "diverged": "Diverged",
    "rate_too_high": "Learning rate too high",
    "rate_too_low": "Learning rate too low",
    "not_trained": "Not trained enough",
    "cut_short": "Stopped too soon",
    "collapsed": "KL vanished",
    "low_kl": "Little KL",
    "kl_too_large": "KL too large",
    "overfitting": "Overfitting",
    "no_better": "No better than the baseline",
    "unused_dimensions": "Unused dimensions",
    "samples_alike": "Samples look alike",
    "fine_noise": "Noise near 0",
}


@dataclass(frozen=True)
class Verdict:
    """What is to be thought of a run or a model.

    Parameters
    ----------
    level
        `fine`, `watch` or `failing`; `open` while nothing can be said.
    cause
        A key of CAUSES; empty for fine and open.
    sentence
        One plain sentence.
    remedy
        What helps, in words: "Train for 100 epochs." Empty where nothing is to be done.
    settings
        The same as settings of a ModelConfig or TrainConfig by name, to be put in place of the run's own.
    """

    level: str
    cause: str
    sentence: str
    remedy: str = ""
    settings: Mapping[str, remedies.Value] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The verdict in a few words."""
        return CAUSES.get(self.cause, {"fine": "Fine", "open": "Not judged yet"}.get(self.level, self.level))

    @property
    def options(self) -> str:
        """The settings as options of `python -m vae train`."""
        return " ".join(remedies.option(name, value) for name, value in self.settings.items())


# In the order in which they exclude each other.
CHECKS: Sequence[Callable[[Evidence], Finding | None]] = (
    causes.diverged,
    causes.rate_too_high,
    causes.not_trained,
    causes.collapsed,
    causes.kl_too_large,
    causes.overfitting,
    causes.no_better,
    causes.cut_short,
    causes.still_learning,
    causes.low_kl,
    causes.unused_dimensions,
    causes.samples_alike,
    causes.fine_noise,
)


TOO_ALIKE = "The images are too alike: there is nothing to gain over independent pixels."


def finding(evidence: Evidence) -> Finding | None:
    """The first cause that applies; None for a run that is fine or can't be judged."""
    if not evidence.rows or evidence.early:
        return None
    found = (check(evidence) for check in (CHECKS[:1] if evidence.nothing_to_gain else CHECKS))
    return next((one for one in found if one is not None), None)


def judge(evidence: Evidence) -> Verdict:
    """The verdict on a run after its newest epoch, or on a model."""
    if not evidence.rows:
        return Verdict("open", "", "There are no numbers yet.")
    if evidence.early:
        return Verdict("open", "", "Too early to judge.")
    if found := finding(evidence):
        remedy = remedies.remedy(found.cause, evidence)
        return Verdict(found.level, found.cause, found.sentence, remedy.sentence, remedy.settings)
    if evidence.nothing_to_gain:
        return Verdict("open", "", TOO_ALIKE)
    return Verdict("fine", "", _fine(evidence))


def _fine(evidence: Evidence) -> str:
    gain = evidence.kept.gain("validation")
    if is_known(gain):
        return f"{number(gain, 1)} nats per image better than independent pixels."
    return "No problem found."
