"""What somebody's encoder or decoder answers with: tensors, pairs, dictionaries, distributions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vae.adoption.meaning import EncoderAnswer, Spread
from vae.errors import ConfigError

MEANS = ("mu", "mean", "loc", "embedding", "z_mean", "z_mu", "means")
SPREADS: Mapping[str, Spread] = {
    **dict.fromkeys(
        ("logvar", "log_var", "log_covariance", "z_log_var", "z_logvar", "log_variance", "logsigma2"), "logvar"
    ),
    **dict.fromkeys(("sigma", "std", "stddev", "scale", "z_sigma", "z_std"), "sigma"),
    **dict.fromkeys(("log_sigma", "logsigma", "log_std", "logstd", "log_scale"), "log sigma"),
}
PICTURES = ("reconstruction", "recon_x", "recon", "sample", "x_hat", "x_recon", "logits", "mean", "mu", "loc")

Opening = Callable[[Any], Tensor]


@dataclass(frozen=True)
class Opened:
    """How to get one flat tensor (N, n) out of an encoder's answer; `answer` None where halves or mu are not told."""

    take: Opening
    answer: EncoderAnswer | None
    numbers: int


def encoder_answer(first: Any, second: Any, images: int) -> Opened:
    """From what the encoder answers to the same images twice: what differs is a random sample, and passed over.

    Raises ConfigError for an answer without a mean.
    """
    parts = _named(first)
    if parts is not None:
        return _by_name(parts, images)
    if isinstance(first, Tensor):
        return Opened(_flat, None, _width(first, images))
    if isinstance(first, tuple | list):
        return _of_several(first, second, images)
    raise ConfigError(
        f"The encoder answers with {type(first).__name__}, expected a tensor, (mu, logvar), or a distribution.",
        "Wrap it: lambda x: (model.mu(x), model.logvar(x)).",
    )


def decoder_answer(answer: Any, pixels: int) -> Opening:
    """How to get the picture out of a decoder's answer. Raises ConfigError where there is none."""
    if isinstance(answer, Tensor):
        return lambda a: a
    base = _distribution(answer)
    if base is not None:
        name = next(name for name in ("logits", "loc", "mean") if hasattr(base, name))
        return lambda a: getattr(_distribution(a), name)
    parts = _named(answer)
    if parts is not None:
        picture = next((name for name in PICTURES if isinstance(parts.get(name), Tensor)), None)
        if picture is not None:
            return lambda a: (_named(a) or {})[picture]
    if isinstance(answer, tuple | list):
        at = next((i for i, part in enumerate(answer) if isinstance(part, Tensor) and part[0].numel() == pixels), None)
        if at is not None:
            return lambda a: a[at]
    raise ConfigError(f"The decoder answers with {type(answer).__name__}, expected a tensor of pixels or logits.")


def _of_several(first: Any, second: Any, images: int) -> Opened:
    """A pair, or three of which one is a sample."""
    same = [
        i
        for i, part in enumerate(first)
        if isinstance(part, Tensor) and part.shape[:1] == (images,) and torch.equal(part, second[i])
    ]
    if len(same) == 1 and len(first) == 1:
        return Opened(lambda a: _flat(a[0]), None, _width(first[0], images))
    if len(same) < 2 or _width(first[same[0]], images) != _width(first[same[1]], images):
        shapes = ", ".join(str(tuple(part.shape)) if isinstance(part, Tensor) else "?" for part in first)
        raise ConfigError(
            f"The encoder answers with {shapes}, expected mu and logvar of one shape.",
            "Wrap it: lambda x: model.encode(x)[1:3], or whatever picks mu and logvar.",
        )
    a, b = same[:2]
    return Opened(
        lambda answer: torch.cat([_flat(answer[a]), _flat(answer[b])], 1),
        EncoderAnswer(),
        2 * _width(first[a], images),
    )


def _by_name(parts: Mapping[str, Any], images: int) -> Opened:
    mean = next((name for name in MEANS if isinstance(parts.get(name), Tensor)), None)
    if mean is None:
        raise ConfigError(
            f"The encoder answers with {', '.join(map(str, parts))}, expected one of {', '.join(MEANS)} among them."
        )
    width = _width(parts[mean], images)
    spread = next((name for name in SPREADS if isinstance(parts.get(name), Tensor)), None)
    if spread is None:
        return Opened(lambda a: _flat((_named(a) or {})[mean]), EncoderAnswer(spread=None), width)

    def both(answer: Any) -> Tensor:
        found = _named(answer) or {}
        return torch.cat([_flat(found[mean]), _flat(found[spread])], 1)

    return Opened(both, EncoderAnswer(SPREADS[spread]), 2 * width)


def _named(answer: Any) -> Mapping[str, Any] | None:
    """The parts of a dictionary, a record or a distribution by name."""
    base = _distribution(answer)
    if base is not None:
        return {"loc": base.mean, "scale": base.stddev}
    if isinstance(answer, Mapping):
        return {str(name): part for name, part in answer.items()}
    if isinstance(answer, Tensor) or (isinstance(answer, tuple | list) and not hasattr(answer, "_fields")):
        return None
    if hasattr(answer, "_asdict"):
        found: Mapping[str, Any] = answer._asdict()
        return found
    if hasattr(answer, "latent_dist"):  # as diffusers has it
        return {"mean": answer.latent_dist.mean, "logvar": answer.latent_dist.logvar}
    return vars(answer) if hasattr(answer, "__dict__") else None


def _distribution(answer: Any) -> Any:
    if isinstance(answer, torch.distributions.Independent):
        return answer.base_dist
    return answer if isinstance(answer, torch.distributions.Distribution) else None


def _flat(part: Tensor) -> Tensor:
    return part.flatten(1)


def _width(part: Tensor, images: int) -> int:
    if part.ndim < 2 or part.shape[0] != images:
        raise ConfigError(f"The encoder answers with {tuple(part.shape)} for {images} images, expected (N, …).")
    return part[0].numel()
