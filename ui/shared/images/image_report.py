"""What became of somebody's images, on any page that reads them: in one line where all is well, and in full below."""

from __future__ import annotations

import streamlit as st

from ui.shared import page
from vae.data.report.image_report import ImageReport


def show_all(report: ImageReport) -> None:
    """Every line of it."""
    for line in report.lines():
        st.markdown(page.escape(line))


def show(report: ImageReport, key: str) -> None:
    """Warnings and what was changed at once; everything else on a click."""
    left = report.seen - report.taken
    for warned in report.warnings:
        st.warning(page.escape(warned.text), icon=":material/warning:")
    if report.changes:
        st.info(page.escape(f"Changed: {'; '.join(map(str, report.changes))}."), icon=":material/aspect_ratio:")
    for said in (report.values, report.background):
        if said:
            st.caption(page.escape(said))
    if left:
        count = f"{left:,} file{'s' if left > 1 else ''} left out of {report.seen:,}"
        with st.expander(count, icon=":material/warning:", key=key):
            for reason in report.left_out:
                st.markdown(page.escape(str(reason)))
