"""The compass in the browser's tab.

`st.set_page_config` takes an emoji, for which Streamlit loads its list of all emojis (0.06 s of processor time in the
first visit: `python -X importtime -c "import streamlit.emojis"`), a name, for which the browser asks a server of
Google's, or a picture, for which it loads Pillow. So the page itself is told a picture that needs none of them.
"""

from __future__ import annotations

import json
from urllib.parse import quote

import streamlit as st

COMPASS = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="13" fill="#ffffff" '
    'stroke="#0f766e" stroke-width="4"/><path d="M22.5 9.5 18 18 9.5 22.5 14 14Z" fill="#0f766e"/></svg>'
)
ADDRESS = "data:image/svg+xml," + quote(COMPASS)
KEY = "page_icon"  # the page's style hides it
SCRIPT = f"""<script>
for (const link of document.querySelectorAll("link[rel~='icon']")) link.href = {json.dumps(ADDRESS)}
</script>"""


def show() -> None:
    """Put it into the tab. Once a run of the page, below `st.set_page_config`."""
    with st.container(key=KEY):
        st.html(SCRIPT, unsafe_allow_javascript=True)
