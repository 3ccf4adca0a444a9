"""The Train page as page tests visit and read it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from streamlit.testing.v1 import AppTest

from ui.train import form
from ui.train.presets import Settings
from vae.storage import paths
from vae.training.request import TrainingRequest


def visit(job: str | None = None) -> AppTest:
    """The page, with the run that a link names."""
    at = AppTest.from_file(str(paths.PROJECT / "app.py"), default_timeout=60).switch_page("pages/train.py")
    if job is not None:
        at.query_params["job"] = job
    return at.run()


def with_setup(at: AppTest) -> AppTest:
    """The page with the form unfolded, which is folded away beside a run."""
    return at.button(key="train_setup").click().run()


def texts(at: AppTest) -> str:
    """All that the page says; never a stack trace."""
    assert not at.exception
    kinds = (at.title, at.subheader, at.markdown, at.caption, at.code, at.warning, at.error, at.info)
    said = "\n".join(str(element.value) for kind in kinds for element in kind)
    assert "Traceback" not in said
    assert "Something went wrong" not in said
    return said.replace("\\", "")


def labels(at: AppTest) -> list[str]:
    """What stands on the page's buttons."""
    return [button.label for button in at.main.button]


def typed(dataset: str = "digits", name: str = "mine", **changes: Any) -> TrainingRequest:
    """What the form makes of good settings, or of others."""
    return form.request(dataset, name, replace(Settings(epochs=5).effective(), **changes))
