"""Both pages of components under one address: `?page=sheets` and `?page=scrubbers`."""

import runpy
from pathlib import Path

import streamlit as st

page = st.query_params.get("page", "sheets")
if page in ("sheets", "scrubbers"):
    runpy.run_path(str(Path(__file__).parent / f"{page}.py"))
