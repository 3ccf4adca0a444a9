"""The model's card stands on every page, and a model that is of no use is named where it would mislead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.pages.page import said, visit_page
from tests.vae.helpers import new_checkpoint
from ui.shared import formatting
from ui.shared import page as frame
from ui.shared.models import health
from vae.checkpoints import checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint, Metric
from vae.storage import paths
from vae.training.diagnostics.verdict import Verdict

SCRIPTS = [script for script, _, _ in frame.PAGES]
COLLAPSED = {"elbo": -27.1, "log_likelihood": -27.1, "kl": 0.0, "baseline_loss": 27.2}


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_page_has_a_heading_a_sentence_and_the_models_card(digits: Checkpoint, script: str) -> None:
    at = visit_page(script)
    said(at)
    assert len(at.title) == 1
    sentence = at.main.markdown[0].value
    assert 20 < len(sentence) < 100
    assert sentence.endswith(".")
    card = [element.value.replace("\u00a0", " ") for element in at.sidebar.markdown]
    assert "scikit-learn digits · Bernoulli · 8 latent dimensions · mlp" in card
    loss = formatting.number(digits.metrics["test_loss"].value)
    assert f"Test loss (−ELBO)\\: {loss} nats" in card
    assert ":green-badge[:material/check: Fine]" in card
    [thumbnails] = [html.proto.body for html in at.sidebar.get("html") if "data-thumbnails" in html.proto.body][-1:]
    assert thumbnails.count("<img") == 8


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_collapsed_model_is_marked_on_every_page(script: str) -> None:
    metrics = {name: Metric(value, "nats per image", "") for name, value in COLLAPSED.items()}
    new = replace(new_checkpoint(), history=[], metrics=metrics)
    checkpoint_writing.write(new, paths.checkpoints_dir() / "collapsed")
    at = visit_page(script)
    assert ":red-badge[:material/error: Failing] KL vanished" in [element.value for element in at.sidebar.markdown]
    warned = [w.value for w in at.warning if w.value.startswith("This model's KL has vanished: ")]
    assert len(warned) == (script not in ("pages/train.py", "pages/library.py"))


PRAISE = {  # what pages say of a model that works
    "explore": ("app.py", {}, ["neighbours can be trusted"]),
    "interpolation": (
        "pages/generate.py",
        {"view": "interpolation"},
        ["no sign of a copy", "steps lie where the model saw no data"],
    ),
}


@pytest.mark.parametrize("where", PRAISE)
def test_no_page_praises_a_collapsed_model(digits: Checkpoint, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its latents lie together and its one picture is near to all images: measures of both come out well."""
    script, parameters, praise = PRAISE[where]
    found = said(visit_page(script, model=digits.name, **parameters))
    assert [words for words in praise if words not in found] == []
    monkeypatch.setattr(health, "verdict", lambda checkpoint: Verdict("failing", "collapsed", "The decoder ignores z."))
    found = said(visit_page(script, model=digits.name, **parameters))
    assert "This model's KL has vanished" in found
    assert [words for words in praise if words in found] == []


def test_the_train_page_needs_no_model_and_minds_no_damaged_one(digits: Checkpoint) -> None:
    (digits.path / "latents.safetensors").write_bytes((digits.path / "latents.safetensors").read_bytes()[:-1] + b"x")
    at = visit_page("pages/train.py")
    assert "SHA-256" in " ".join(error.value for error in at.sidebar.error)
    assert not at.main.error
    assert [button.label for button in at.main.button if button.label == "Train"] == ["Train"]


def test_the_train_page_of_a_new_installation_shows_no_card() -> None:
    at = visit_page("pages/train.py")
    assert not at.exception
    assert not at.error
    assert not at.sidebar.selectbox
