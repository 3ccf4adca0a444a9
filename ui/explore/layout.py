"""Where map and panel stand: side by side, or, in a narrow window, the panel in view above the map."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

STAGE, PANEL = "explore_stage", "explore_panel"
# 3.75rem is the height of Streamlit's header, below which the panel stays while the map scrolls
STYLE = f"""
<style>
  .stMain {{ --above-map: 18rem; }}
  .stMain:has(.st-key-health_warning) {{ --above-map: 21.5rem; }}
  .st-key-map_chart {{ height: clamp(22rem, calc(100vh - var(--above-map)), 70rem); min-height: 0; flex: none; }}
  @media (max-width: 1100px) {{
    :is(.st-key-{STAGE}, .st-key-{STAGE} > div) > [data-testid="stHorizontalBlock"] {{ flex-direction: column; }}
    :is(.st-key-{STAGE}, .st-key-{STAGE} > div) > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] {{
      width: 100%;
      flex: none;
    }}
    [data-testid="stColumn"]:has(> div > div > .st-key-{PANEL}) {{
      order: -1;
      position: sticky;
      top: 3.75rem;
      z-index: 10;
    }}
  }}
</style>
"""


def map_and_panel() -> tuple[DeltaGenerator, DeltaGenerator]:
    """The places of the map and of the panel."""
    st.html(STYLE)
    with st.container(key=STAGE):
        left, right = st.columns([1.15, 1], gap="medium")
    return left, right.container(key=PANEL)


def hide(key: str) -> None:
    """Take the component of this key, and the gap after it, out of sight."""
    st.html(f"<style>:has(> .st-key-{key}), .st-key-{key} {{ display: none; }}</style>")
