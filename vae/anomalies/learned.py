"""What a model was trained on, and what that means for scores that take other classes for outliers. numpy only."""

from __future__ import annotations

from collections.abc import Iterable

from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints.checkpoint import Checkpoint

BESIDE_ERROR = frozenset({"mahalanobis", "knn", "lof", "mixture_density", *registry.BASELINES})
LEARNED_OTHERS = (
    "This model has learned the other classes, too, so scores by error may not tell them apart. Train one on the "
    "normal classes only, or score by the latent space alone."
)
MOST_NAMED = 12  # classes


def said(checkpoint: Checkpoint, choice: NormalChoice, score_names: Iterable[str]) -> str:
    """What to say of these scores with this choice; empty where the model has learned what is normal and nothing else.

    Scores by reconstruction assume just that. Baselines don't ask the model.
    """
    names, scores = checkpoint.dataset.class_names, set(score_names)
    learned = {name for name in names if not checkpoint.train.classes or name in checkpoint.train.classes}
    normal = {name for name in names if not choice.classes or name in choice.classes}
    sentences = []
    if (unknown := [name for name in names if name in normal - learned]) and scores - registry.BASELINES:
        more = f" and {len(unknown) - MOST_NAMED:,} more" if len(unknown) > MOST_NAMED else ""
        which = f"class{'es' if len(unknown) > 1 else ''} {', '.join(unknown[:MOST_NAMED])}{more}"
        sentences.append(f"This model was trained without {which}, whose images look anomalous to it.")
    if learned - normal and scores - BESIDE_ERROR:
        sentences.append(LEARNED_OTHERS)
    return " ".join(sentences)
