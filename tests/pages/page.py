"""A page as tests visit and read it."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from vae.storage import paths


def visit_page(script: str, **parameters: Any) -> AppTest:
    """Visit a page ("pages/generate.py") by a link with these parameters."""
    at = AppTest.from_file(str(paths.PROJECT / "app.py"), default_timeout=60).switch_page(script)
    for name, value in parameters.items():
        at.query_params[name] = value
    return at.run()


def said(at: AppTest) -> str:
    """All that the page says; never a stack trace."""
    assert not at.exception
    kinds = (at.markdown, at.caption, at.warning, at.error, at.info, at.code)
    text = "\n".join(str(element.value) for kind in kinds for element in kind)
    assert "Traceback" not in text
    assert "Something went wrong" not in text
    return text.replace("\\", "").replace("\u2060", "")
