"""Where map and panel stand: side by side in all the height of the window, or, where it is narrow, below each other."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

STAGE, MAP, PANEL = "explore_stage", "explore_map", "explore_panel"
BAR, LINE = "map_bar", "map_line"  # above and below the map
# `--above` is what is above the stage: the heading, and the warning of a model that is of no use. Streamlit's header
# lies over the heading, and is empty there but for the menu at its right. No rule for it asks for the stage by
# `.stApp:has(…)`, for the style leaves with the page: all of the page was styled anew for each element put anywhere.
STYLE = f"""
<style>
  .st-key-{STAGE} {{ --above: 5rem; --room: calc(max(100vh, 34rem) - var(--above)); }}
  .stMain:has(.st-key-health_warning) .st-key-{STAGE} {{ --above: 8.6rem; }}
  .st-key-{PANEL}:has(.stButton) {{ --room: calc(max(100vh, 34rem) - var(--above) - 3.5rem); }}
  .st-key-{MAP} {{ row-gap: 0.35rem }}
  .st-key-{BAR} {{ gap: 0.5rem; }}
  .st-key-{BAR} .st-key-colour {{ flex: 1 1 8.5rem; width: auto; min-width: 8.5rem; max-width: 12rem; }}
  .st-key-{BAR} .st-key-images {{ flex: 0 1 8.25rem; width: auto; min-width: 8.25rem; }}
  .st-key-{LINE} {{ gap: 0.1rem 0.75rem; }}
  .st-key-{LINE} p {{ font-size: 0.85rem; }}
  .st-key-{LINE} [data-testid="stTooltipIcon"] {{ margin-left: -0.5rem; }}
  .st-key-{LINE} button {{ min-height: 0; padding: 0 0.25rem; }}
  @media (max-width: 1600px) {{
    .st-key-{LINE} {{ column-gap: 0.4rem; }}
    .st-key-{LINE} p {{ font-size: 0.8rem; }}
    .st-key-{LINE} button :has(> [data-testid="stIconMaterial"]) {{ display: none; }}
  }}
  .st-key-map_tools {{ height: 0; gap: 0; margin-bottom: -0.35rem; }}
  .st-key-map_chart .svg-container[data-tool] * {{ cursor: crosshair !important; }}
  /* as large as the map and empty: each is laid over the others in every frame in which something moves */
  .st-key-map_chart :is(.gl-canvas-focus, .gl-canvas-pick) {{ display: none; }}
  :is(.st-key-tray_body, .st-key-comparison_body) {{ row-gap: 0.5rem; container-type: inline-size; }}
  .st-key-first-steps {{ height: 0; margin-top: -0.35rem; }}
  @media (min-width: 901px) {{
    .stMainBlockContainer:has(.st-key-{STAGE}) {{ padding-top: 0.9rem; padding-bottom: 0; }}
    .stApp:has([data-testid="stSidebar"][aria-expanded="false"]) .st-key-page_heading {{ padding-left: 2.5rem; }}
    .st-key-{STAGE} [data-testid="stColumn"]:has(> div > div > .st-key-{MAP}) {{ flex: 1 1 0; min-width: 0; }}
    .st-key-{STAGE} [data-testid="stColumn"]:has(> div > div > .st-key-{PANEL}) {{
      flex: 0 0 clamp(17rem, 41%, 40rem);
      min-width: 0;
    }}
    .st-key-{MAP} {{ height: var(--room); flex: none; }}
    :is(.st-key-tray, .st-key-comparison) {{
      height: calc(max(100vh, 34rem) - var(--above) - 1.75rem);
      flex: none;
    }}
    :is(.st-key-tray, .st-key-comparison) > :has(> :is(.st-key-tray_body, .st-key-comparison_body)) {{
      flex: 1 1 0;
      min-height: 0;
    }}
    :is(.st-key-tray_body, .st-key-comparison_body) {{ height: 100%; overflow-y: auto; overflow-x: hidden; }}
    .st-key-{MAP} > :has(.st-key-map_chart), :has(> .st-key-map_chart) {{ flex: 1 1 0; min-height: 15rem; }}
    [data-testid="stHeader"] {{ background: none; pointer-events: none; }}
    [data-testid="stHeader"] * {{ pointer-events: auto; }}
  }}
  @media (min-width: 901px) and (max-width: 1600px) {{ /* four maps and the layers in one row at 1440 pixels */
    .st-key-{BAR} [data-testid="stButtonGroup"] button {{ padding-inline: 0.6rem; }}
  }}
  @media (max-width: 900px) {{
    :is(.st-key-{STAGE}, .st-key-{STAGE} > div) > [data-testid="stHorizontalBlock"] {{ flex-direction: column; }}
    :is(.st-key-{STAGE}, .st-key-{STAGE} > div) > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] {{
      width: 100%;
      flex: none;
    }}
    .st-key-{BAR} :is(.st-key-x, .st-key-y, .st-key-colour, .st-key-images) {{ flex: 1 1 6.5rem; width: auto; }}
    .st-key-{BAR} .st-key-colour {{ flex-basis: 9.5rem; }}
    /* who draws sees the canvas and, below it, the place on the map */
    .st-key-{STAGE} [data-testid="stColumn"]:has(.st-key-own_actions) {{
      order: -1;
      position: sticky;
      top: 3.75rem;
      z-index: 10;
    }}
    .st-key-map_chart {{ height: clamp(14rem, 100vh - 40rem, 100vw); flex: none; }}
  }}
  @media (max-width: 1250px) {{
    .st-key-page_heading [data-testid="stMarkdown"] {{ display: none; }} /* the first steps say it */
  }}
</style>
"""


def map_and_panel() -> tuple[DeltaGenerator, DeltaGenerator]:
    """The places of the map and of the panel."""
    st.html(STYLE)
    with st.container(key=STAGE):
        left, right = st.columns([1.15, 1], gap="small")
    return left.container(key=MAP), right.container(key=PANEL)


def bar() -> DeltaGenerator:
    """The place of the choices above the map, in a row."""
    return st.container(key=BAR, horizontal=True)


def hide(key: str) -> None:
    """Take the component of this key, and the gap after it, out of sight."""
    st.html(f"<style>:has(> .st-key-{key}), .st-key-{key} {{ display: none; }}</style>")
