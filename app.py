"""Explore, the home page: the map of latent means beside the live decoder. And the server that it starts with."""

from __future__ import annotations

import streamlit as st

if __name__ == "__main__":  # Streamlit runs the page
    from ui.explore import explore_view
    from ui.shared import page
    from ui.sharing import offer

    with page.page(
        "Explore", "Move over the map, click an image or drag a slider, and see what the model draws there."
    ):
        if seen := explore_view.show():
            offer.show(seen.on_map, seen.choice)
else:  # `streamlit run` imports it as it starts: no component may be registered before the server is there
    from ui.decoding import granted, sent_models, socket

    base = str(st.get_option("server.baseUrlPath"))
    app = st.App(__file__, routes=[socket.route(granted.grants, base), sent_models.route(granted.models, base)])
