"""What a model is called where nobody says: so that runs of one data set can be told apart."""

from __future__ import annotations

import re

from vae.config import ModelConfig, TrainConfig

LONGEST_DATASET = 40  # characters: all of a name is 80 at most


def name_of(model: ModelConfig, train: TrainConfig, word: str = "", usual_likelihood: str = "") -> str:
    """`digits-mlp-10-beta4`: data set, architecture, latent dimensions, and what was trained for that is not the ELBO.

    `word` says what the training is for, in the place of objective and β. A likelihood other than `usual_likelihood`
    is named; it is nobody's where that is empty.
    """
    parts = [train.dataset[:LONGEST_DATASET], model.architecture, str(model.latent_dim)]
    if usual_likelihood and model.likelihood != usual_likelihood:
        parts.append(model.likelihood)
    parts += [word] if word else _objective(train)
    if train.binarization != "none":
        parts.append("binarized")
    if train.classes:
        parts.append(f"only-{train.classes[0]}" if len(train.classes) == 1 else f"{len(train.classes)}-classes")
    if train.seed:
        parts.append(f"seed{train.seed}")
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(parts))[:74].strip("-")


def _objective(train: TrainConfig) -> list[str]:
    match train.objective:
        case "autoencoder":
            return ["autoencoder"]
        case "iwae":
            return [f"iwae{train.importance_samples}"]
    parts = [f"beta{train.beta:g}"] if train.beta != 1 else []
    return parts + ([f"freebits{train.free_bits:g}"] if train.free_bits else [])
