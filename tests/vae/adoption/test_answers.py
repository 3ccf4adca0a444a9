"""Encoders and decoders answer in many shapes; each is understood, and what isn't is told."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Independent, Normal

import vae
from tests.vae.adoption import models
from tests.vae.adoption.conftest import Trained, here, shown
from vae.checkpoints import checkpoint_files
from vae.data import imported_dataset
from vae.errors import CheckpointError, ConfigError
from vae.storage import paths


@dataclass
class Output:
    """As a library's record of an answer."""

    embedding: Tensor
    log_covariance: Tensor


Answer = Callable[[Tensor, Tensor], Any]
ANSWERS: dict[str, Answer] = {
    "mu and log variance": lambda mu, lv: (mu, lv),
    "a list": lambda mu, lv: [mu, lv],
    "joined": lambda mu, lv: torch.cat([mu, lv], 1),
    "joined, the log variance first": lambda mu, lv: torch.cat([lv, mu], 1),
    "a dictionary": lambda mu, lv: {"z": mu + torch.randn_like(mu), "log_var": lv, "mu": mu},
    "a record": Output,
    "a distribution": lambda mu, lv: Normal(mu, (0.5 * lv).exp()),
    "independent ones": lambda mu, lv: Independent(Normal(mu, (0.5 * lv).exp()), 1),
    "sigma": lambda mu, lv: {"mean": mu, "sigma": (0.5 * lv).exp()},
    "log sigma": lambda mu, lv: SimpleNamespace(mu=mu, log_sigma=0.5 * lv),
    "a sample, mu, log variance": lambda mu, lv: (mu + torch.randn_like(mu) * (0.5 * lv).exp(), mu, lv),
    "mu, log variance, a sample": lambda mu, lv: (mu, lv, mu + torch.randn_like(mu)),
    "images of latents": lambda mu, lv: (mu[:, :, None, None], lv[:, :, None, None]),
    "mu alone": lambda mu, lv: mu,
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_encoder_may_answer_with(name: str, linear: Trained) -> None:
    x = shown("grey")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.export's, of distributions
        vae.adopt(
            "new",
            encoder=lambda x: ANSWERS[name](*linear.model.encode(x)),
            decoder=linear.model.decode,
            dataset="grey",
            latent_dim=4,
        )
    assert float((here("new", x) - linear.expected(x)).abs().max()) < 1e-4
    logvar = linear.model.encode(x)[1].detach().numpy()
    sigma = checkpoint_files.read("new").latents.sigma
    assert sigma == pytest.approx(
        np.full_like(logvar, np.exp(-10)) if name == "mu alone" else np.exp(logvar / 2), rel=1e-3
    )


PICTURES: dict[str, Answer] = {
    "channels last": lambda y, _: y.view(-1, 16, 16, 1),
    "a dictionary": lambda y, _: {"loss": y.mean(), "reconstruction": y.view(-1, 1, 16, 16)},
    "a tuple": lambda y, z: (z, y.view(-1, 1, 16, 16)),
    "logits": lambda y, _: torch.logit(y.clamp(1e-6, 1 - 1e-6)),
    "a distribution": lambda y, _: Independent(
        Normal(y.view(-1, 1, 16, 16), torch.ones_like(y).view(-1, 1, 16, 16)), 3
    ),
}


@pytest.mark.parametrize("name", ["channels last", "a dictionary", "a tuple", "a distribution"])
def test_the_decoder_may_answer_with(name: str, linear: Trained) -> None:
    x = shown("grey")

    def decode(z: Tensor) -> Any:
        return PICTURES[name](linear.model.decode(z), z)

    vae.adopt("new", encoder=linear.model.encode, decoder=decode, dataset="grey")
    assert float((here("new", x) - linear.expected(x)).abs().max()) < 1e-4


def test_a_model_in_training_is_evaluated_and_left_so(linear: Trained) -> None:
    """Also where a lambda speaks of it: dropout would make its answers random."""
    torch.manual_seed(0)
    dropped = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(256, 8)).train()
    x = shown("grey")
    vae.adopt("new", encoder=lambda x: dropped(x) * 1, decoder=linear.model.decode, dataset="grey")
    assert all(module.training for module in dropped.modules())
    assert here("new", x).shape == x.shape


WRONG: dict[str, tuple[Any, Any, str]] = {
    "an encoder of nothing": (lambda x: None, None, "answers with NoneType, expected a tensor"),
    "an encoder of text": (lambda x: {"text": "x"}, None, "expected one of mu, mean"),
    "an encoder of one number": (lambda x: x.mean(), None, "expected"),
    "an encoder of all at random": (lambda x: (torch.randn(len(x), 4), torch.randn(len(x), 4)), None, "expected mu"),
    "an encoder of other images": (nn.Linear(99, 8), None, "takes these images in no layout"),
    "a decoder of other latents": (None, nn.Linear(99, 256), "takes no latents of the encoder"),
    "a decoder of other pictures": (None, nn.Linear(4, 255), r"gives 255, the images are 1×16×16"),
    "a decoder of text": (None, lambda z: "x", "answers with str"),
    "a decoder that mixes images": (
        None,
        lambda z: nn.functional.pad((z - z.mean(0)).sum(1)[:, None], (0, 255)),
        "mean",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_told_and_nothing_is_kept(name: str, linear: Trained) -> None:
    encoder, decoder, said = WRONG[name]
    images = models.pictures(20, (1, 16, 16))
    with pytest.raises(ConfigError, match=said):
        vae.adopt("new", encoder=encoder or linear.model.encode, decoder=decoder or linear.model.decode, images=images)
    assert not (paths.checkpoints_dir() / "new").exists()
    assert not imported_dataset.is_there("new-images")


def test_a_name_that_is_taken_is_refused_first(linear: Trained) -> None:
    vae.adopt("new", encoder=linear.model.encode, decoder=linear.model.decode, dataset="grey")
    with pytest.raises(CheckpointError, match="new"):
        vae.adopt("new", encoder=linear.model.encode, decoder=linear.model.decode, dataset="grey")


@pytest.mark.parametrize(("count", "classes"), [(3, 1), (30, 1), (400, 200)])
def test_images_from_memory_become_a_data_set(count: int, classes: int, data_folder: object) -> None:
    """Three of one class, and 200 classes; colour, and not square."""
    torch.manual_seed(0)
    pixels = 3 * 12 * 16
    name = f"m{count}"
    images = models.pictures(count, (3, 12, 16)).transpose(0, 2, 3, 1)
    found = vae.adopt(
        name,
        encoder=nn.Sequential(nn.Flatten(), nn.Linear(pixels, 4)),
        decoder=nn.Linear(2, pixels),
        images=images,
        labels=np.arange(count) % classes,
    )
    kept = checkpoint_files.read(name)
    assert len(kept.dataset.class_names) == classes
    assert kept.model.image_shape == (3, 12, 16)
    assert found.error > 1 and "no better than one picture" in " ".join(found.lines())
