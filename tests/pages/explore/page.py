"""Explore as its page tests visit and read it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from tests.vae.helpers import new_checkpoint
from ui.shared import explore_place, model_picker
from ui.shared.explore_place import Place
from vae.checkpoints import checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint, NewCheckpoint
from vae.storage import paths


def write(name: str, new: NewCheckpoint) -> Path:
    return checkpoint_writing.write(new, paths.checkpoints_dir() / name)


def of_mnist(elbo: float = -90.0) -> NewCheckpoint:
    """A tiny model that says it is one of MNIST."""
    new = new_checkpoint()
    dataset = replace(new.dataset, name="mnist", title="MNIST")
    return replace(new, dataset=dataset, metrics={"elbo": replace(new.metrics["elbo"], value=elbo)})


def visit(**parameters: str) -> AppTest:
    at = AppTest.from_file(str(paths.PROJECT / "app.py"), default_timeout=60)
    for name, value in parameters.items():
        at.query_params[name] = value
    return at.run()


def texts(at: AppTest) -> str:
    """All that the page says; never a stack trace."""
    assert not at.exception
    kinds = (at.markdown, at.caption, at.warning, at.error, at.info)
    said = "\n".join(str(element.value) for kind in kinds for element in kind)
    assert "Traceback" not in said
    assert "Something went wrong" not in said
    return said.replace("\\", "")


def shown(at: AppTest) -> str | None:
    """The checkpoint that map and decoder show, as the URL says; None when there is an error or nothing."""
    texts(at)
    drawn = bool(at.get("plotly_chart"))
    assert drawn != bool(at.error or at.info)
    return model_picker.Link.parse(at.query_params["model"]).name if drawn else None


def panel(at: AppTest) -> dict[str, Any]:
    """What the live decoder is told."""
    [component] = [e for e in at.get("bidi_component") if e.proto.component_name == "latent_panel"]
    data: dict[str, Any] = json.loads(component.proto.json)
    return data


def pick(at: AppTest, name: str) -> AppTest:
    return at.selectbox(key=model_picker.CHOICE).set_value(name).run()


def place(at: AppTest, checkpoint: Checkpoint) -> Place:
    """Where the session says the person is."""
    found: Place = at.session_state[explore_place.VECTORS].get(checkpoint.identity, Place())
    return found
