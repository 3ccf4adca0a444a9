"""The front-end files of the components, by their path in this folder."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def joined(*names: str) -> str:
    """The text of these files, one after another: Streamlit takes a component's script as one string."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)
