"""What a Streamlit page has of itself for a map: `st.plotly_chart` of all points, and a rerun at a click."""

from __future__ import annotations

import os

import numpy as np
import plotly.graph_objects as go
import streamlit as st

with np.load(os.environ["BENCHMARK_POINTS"]) as arrays:
    xy, labels = arrays["xy"], arrays["labels"]
figure = go.Figure()
for label in range(int(labels.max()) + 1):
    of_class = labels == label
    figure.add_scattergl(
        x=xy[of_class, 0], y=xy[of_class, 1], mode="markers", name=str(label), customdata=np.flatnonzero(of_class)
    )
figure.update_layout(dragmode="pan", hovermode="closest", height=700)
chosen = st.plotly_chart(figure, on_select="rerun", selection_mode="points", config={"scrollZoom": True})
points = chosen["selection"]["points"]
st.write(f"chosen {points[0]['customdata']}" if points else "none chosen")
