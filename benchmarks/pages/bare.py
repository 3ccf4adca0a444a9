"""The reference for startup: one line of Streamlit."""

import streamlit as st

st.title("Hello")
