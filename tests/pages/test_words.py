"""What people read: no paragraph on any page is long, and no string uses words that we no longer use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pages.page import visit_page
from tests.runs import history, plant_run, train_request
from vae.checkpoints.checkpoint import Checkpoint
from vae.storage.paths import PROJECT
from vae.training.run_folder.history import write as write_history

LONGEST = 200  # characters: two lines at the width of a column, four in the sidebar
TEXTS = ("caption", "markdown", "info", "warning", "success", "error", "text")
FOLDED = ("popover", "expander", "expandable", "dialog")  # asked for by whoever opens them, as a "?" is
VIEWS: list[tuple[str, dict[str, Any]]] = [
    ("app.py", {}),
    *(("app.py", {"row": 7, "map": method, "colour": "kl"}) for method in ("pca", "tsne", "latent")),
    ("app.py", {"row": 7, "python": "yes"}),
    ("app.py", {"model": "digits-mlp-2", "row": 3}),
    *(("app.py", {"row": 7, "selected": "class:3 + near:7:20", "tray": view}) for view in ("images", "apart", "near")),
    ("app.py", {"tray": "images"}),
    ("app.py", {"row": 7, "model": "digits-mlp-8", "beside": "digits-mlp-2", "colour": "beside"}),
    *(("pages/generate.py", {"view": v}) for v in ("samples", "manifold", "traversals", "interpolation", "directions")),
    ("pages/generate.py", {"view": "samples", "source": "mixture", "order": "holes"}),
    ("pages/generate.py", {"view": "manifold", "model": "digits-mlp-2"}),
    *(("pages/anomalies.py", {"look": look, "normal": "0"}) for look in ("gallery", "map", "curves", "scores")),
    ("pages/anomalies.py", {"source": "upload"}),
    ("pages/anomalies.py", {"source": "folder"}),
    ("pages/train.py", {}),
    ("pages/library.py", {}),
    ("pages/library.py", {"shelf": "models"}),
]


def paragraphs(block: Any, folded: bool = False) -> Iterator[str]:
    """The texts below a block of a page, as they are read; what is folded away only when asked for."""
    folded = folded or getattr(block, "type", "") in FOLDED
    for child in getattr(block, "children", {}).values():
        if hasattr(child, "children"):
            yield from paragraphs(child, folded)
        elif child.type in TEXTS and not folded:
            yield plain(str(child.value))


def plain(markdown: str) -> str:
    """Markdown as it is seen: no marks, no icons, no addresses of links."""
    text = re.sub(r":material/\w+:|:[a-z]+(?:-badge)?(?=\[)", "", markdown)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return re.sub(r"\\(?=[!-/:-@\[-`{-~])|[*`\[\]\u2060]", "", text)


def too_long(at: Any) -> list[str]:
    return [text for root in (at.main, at.sidebar) for text in paragraphs(root) if len(text) > LONGEST]


@pytest.mark.parametrize(("script", "link"), VIEWS)
def test_no_paragraph_is_long(digits: Checkpoint, script: str, link: dict[str, Any]) -> None:
    at = visit_page(script, **link)
    assert not at.exception
    assert [e.value for e in at.error] == []
    assert too_long(at) == []


@pytest.mark.parametrize("kl", [4.0, 0.0])
def test_no_paragraph_about_a_run_is_long(digits: Checkpoint, kl: float) -> None:
    request = train_request("mine", epochs=20, beta=4.0)
    job = plant_run("done", request, {"epochs": 20, "outcome": "trained", "message": "Trained 20 epochs."})
    write_history(_folder(job), history(20, validation_kl=kl))
    at = visit_page("pages/train.py", job=job)
    assert not at.exception
    assert too_long(at) == []


def _folder(job: str) -> Path:
    from vae.jobs import queue

    return queue.get(job).folder


def test_the_walk_sees_long_paragraphs_and_looks_into_nothing_folded() -> None:
    from streamlit.testing.v1 import AppTest

    def script() -> None:
        import streamlit as st

        long = "word " * 60
        with st.columns(2)[0], st.container():
            st.caption(long)
        st.sidebar.info(long)
        with st.popover("More"):
            st.markdown(long)
        with st.expander("More"):
            st.warning(long)
        st.markdown("short", help=long)

    assert len(too_long(AppTest.from_function(script).run())) == 2


# --- words ------------------------------------------------------------------------------------------------------------

# Turns of phrase that are no natural English, or were overused, each with what to write instead. None of them is a word
# that correct English needs: "a whole number", "usually" and "one of them" stay.
NO_LONGER: dict[str, str] = {
    r"\banew\b": "again",
    r"\bwhole\b(?! numbers?\b)": "all, entire, complete",
    r"\bof it\b": "name what it is",
    r"\b(?:is|are|the|as) usual\b": "common, typical; say of what",
    r"\b(?:so many|so few)\b(?! \w+ that\b)": "this many, too few; or the number",
    r"\bnats an? (?:image|epoch|dimension)\b": "nats per image",
    r"\bsteps an? (?:leg|image)\b": "steps per leg",
    r"\bso far (?:do|does)\b": "plain word order",
    r"\bnothing else,? but\b": "only",
    r"\bto complain about\b": "No problem found",
    r"\bimages of before\b|\bof before (?:it|they)\b": "earlier",
    r"\bthereof\b|\bhereby\b|\bresp\.": "plain words",
}


def read_by_people(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every string of a module that may be shown: no docstrings, nothing of one word."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(id(node.value))  # docstrings
        elif isinstance(node, ast.JoinedStr):
            silent |= {id(part) for part in node.values}
            yield node.lineno, "".join(p.value if isinstance(p, ast.Constant) else "…" for p in node.values)  # type: ignore[misc]
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and " " in node.value
            and id(node) not in silent
        ):
            yield node.lineno, node.value


def no_longer_used(text: str) -> list[str]:
    return [
        f"{found[0]!r} → {instead}" for pattern, instead in NO_LONGER.items() for found in re.finditer(pattern, text)
    ]


def modules() -> list[Path]:
    return [PROJECT / "app.py", *(p for folder in ("pages", "ui", "vae") for p in (PROJECT / folder).rglob("*.py"))]


def test_no_string_that_people_read_uses_words_that_we_no_longer_use() -> None:
    found = [
        f"{path.relative_to(PROJECT)}:{line}: {'; '.join(words)} in {text[:80]!r}"
        for path in modules()
        for line, text in read_by_people(path)
        if (words := no_longer_used(text))
    ]
    assert found == []


def test_no_title_or_label_of_a_component_does() -> None:
    found = [
        f"{path.relative_to(PROJECT)}: {'; '.join(words)}"
        for path in (PROJECT / "ui" / "components").rglob("*.html")
        for text in re.findall(
            r'(?:title|aria-label|alt|placeholder)="([^"]+)"|>([^<]+)<', path.read_text(encoding="utf-8")
        )
        if (words := no_longer_used(" ".join(text)))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "a whole number from 0 to 9",
        "usually under a minute",
        "two of them differ",
        "so many images that memory ends",
        "10,000 images a second",
    ],
)
def test_correct_english_is_left_alone(text: str) -> None:
    assert no_longer_used(text) == []


@pytest.mark.parametrize(
    "text", ["all of it", "drawn anew", "the whole plane", "as is usual, between", "so many of these are"]
)
def test_the_list_finds_what_it_is_for(text: str) -> None:
    assert no_longer_used(text)
