"""The frame of every page: configuration, navigation, checkpoint picker, and errors shown in place."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from ui.components import clicks, page_icon
from ui.shared.sessions import closed_sessions
from vae.errors import VAEError
from vae.storage import paths
from vae.storage.printing import visible

LOG = logging.getLogger("latent_space_explorer")
PAGES = (
    ("app.py", "Explore", ":material/explore:"),
    ("pages/train.py", "Train", ":material/model_training:"),
    ("pages/generate.py", "Generate", ":material/auto_awesome:"),
    ("pages/anomalies.py", "Anomalies", ":material/troubleshoot:"),
    ("pages/library.py", "Library", ":material/photo_library:"),
)
LATER = "page_later"  # what this run does last
STYLE = """
<style>
  .stMainBlockContainer h1 { font-size: 1.6rem; line-height: 1.2; padding: 0; }
  .st-key-page_heading { row-gap: 0; column-gap: 0.9rem; align-items: baseline; }
  .stMainBlockContainer, [data-testid="stSidebarContent"] { font-variant-numeric: tabular-nums; }
  .stMainBlockContainer { padding-left: 2rem; padding-right: 2rem; }
  .st-key-health_warning [data-testid="stAlertContainer"] { padding-block: 0.4rem; }
  .stMarkdown p { text-wrap: pretty; } /* no "?" alone on a line */
  .stButtonGroup [role="radiogroup"] > button { min-height: 2.5rem; } /* as high as the fields beside them */
  :has(> [class*="st-key-back_forward-"]), [class*="st-key-back_forward-"], [class*="st-key-store-"] { display: none; }
  :has(> .st-key-page_icon), .st-key-page_icon { display: none; }
  @media (max-width: 1100px) {
    .stMainBlockContainer { padding-left: 1.25rem; padding-right: 1.25rem; }
    :is(.st-key-side_by_side, .st-key-workbench) > div > [data-testid="stHorizontalBlock"],
    :is(.st-key-side_by_side, .st-key-workbench) > [data-testid="stHorizontalBlock"] { flex-direction: column; }
    :is(.st-key-side_by_side, .st-key-workbench) > div > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"],
    :is(.st-key-side_by_side, .st-key-workbench) > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] {
      width: 100%; flex: none;
    }
    /* settings | result | detail: below each other, the result comes first */
    .st-key-workbench [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:nth-child(2) { order: -2; }
    .st-key-workbench [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:nth-child(3) { order: -1; }
    .st-key-workbench [data-testid="stColumn"] [data-testid="stColumn"] { order: 0 !important; }
  }
</style>
"""


@contextmanager
def page(title: str, sentence: str) -> Iterator[None]:
    """Configure the page, draw navigation and heading, and show whatever goes wrong inside as a message in place.

    `sentence` says what one does here.
    """
    st.set_page_config(page_title=f"{title} · Latent Space Explorer", layout="wide")
    closed_sessions.note_session()
    st.session_state[LATER] = []
    st.html(STYLE)
    page_icon.show()
    with st.sidebar:
        st.markdown("**Latent Space Explorer**")
        for path, name, icon in PAGES:
            st.page_link(path, label=name, icon=icon)
        st.divider()
    with st.container(key="page_heading", horizontal=True, vertical_alignment="bottom", gap="small"):
        st.title(title, anchor=False, width="content")
        st.markdown(sentence, width="content")
    for problem in paths.problems():
        st.warning(escape(problem), icon=":material/folder_off:")
    with error_boundary():
        yield
        for draw in st.session_state[LATER]:
            draw()
    clicks.forget()  # after an error, too; a run that ends early, as by st.rerun, keeps them for the next one


def later(draw: Callable[[], None]) -> None:
    """Do this once everything else of the page has been drawn."""
    st.session_state[LATER].append(draw)


@contextmanager
def error_boundary() -> Iterator[None]:
    """Inside, an error becomes a message; what is outside stays as it is."""
    try:
        yield
    except VAEError as error:
        show_error(error)
    except Exception:  # a stack trace belongs into the log, never on a page
        LOG.exception("A page failed")
        st.error("Something went wrong inside the app. The server's log says what.", icon=":material/error:")


def show_error(error: VAEError) -> None:
    """What was found and expected, and what to do next."""
    st.error(escape(f"{error.message} {error.hint}".strip()), icon=":material/error:")


def escape(text: str) -> str:
    """`text` as Markdown that shows it literally, on one line, but for `code` marks."""
    one_line = " ".join(re.split(r"[^\S\u00a0]+", text.strip()))  # spaces that don't break stay
    parts = re.split(r"(`[^`]+`)", visible(one_line))  # every second one is code, where nothing needs escaping
    escaped = "".join(part if i % 2 else _literal(part) for i, part in enumerate(parts))
    return re.sub(r"^(\d*)([-+.)])", r"\1\\\2", escaped)  # lists and rules begin a line


def _literal(text: str) -> str:
    # links and icons are found in the text after its escapes are gone: an invisible character takes them apart
    text = re.sub(r"(?i)www(?=\.)|https?:(?=//)|:(?=material/)|@", "\\g<0>\u2060", text)
    return re.sub(r"[\\*_\[\]<>$#~:&`]", r"\\\g<0>", text)
