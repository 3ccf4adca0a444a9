"""Fields that show a setting of a page's state and write it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from ui.shared.page_state import PageState


class Fields:
    """The fields of one page."""

    def __init__(self, state: PageState) -> None:
        self.state = state

    def whole(
        self, label: str, name: str, default: int, low: int, high: int, explanation: str = "", step: int = 1
    ) -> int:
        """A whole number to type."""
        key = self._prepare(name, self.state.whole(name, default, low, high))
        value = st.number_input(
            label, low, high, step=step, key=key, help=explanation or None, on_change=self._put(name)
        )
        return int(value)

    def slider(
        self, label: str, name: str, default: int, low: int, high: int, explanation: str = "", step: int = 1
    ) -> int:
        """A whole number to drag."""
        key = self._prepare(name, self.state.whole(name, default, low, high))
        return int(st.slider(label, low, high, step=step, key=key, help=explanation or None, on_change=self._put(name)))

    def real(
        self, label: str, name: str, default: float, low: float, high: float, step: float, explanation: str = ""
    ) -> float:
        """A number to type."""
        key = self._prepare(name, self.state.real(name, default, low, high))
        value = st.number_input(
            label, low, high, step=step, format="%g", key=key, help=explanation or None, on_change=self._put(name)
        )
        return float(value)

    def words(
        self,
        label: str,
        name: str,
        titles: Mapping[str, str],
        default: str,
        explanation: str = "",
        label_visibility: Literal["visible", "collapsed"] = "visible",
    ) -> str:
        """One of a few words, side by side; `titles` says what each is called."""
        key = self._prepare(name, self.state.option(name, tuple(titles), default))
        chosen = st.segmented_control(
            label,
            tuple(titles),
            required=True,
            format_func=lambda word: titles[word],
            key=key,
            width="stretch",
            wrap=True,
            label_visibility=label_visibility,
            help=explanation or None,
            on_change=self._put(name),
        )
        return str(chosen)

    def choice(
        self,
        label: str,
        name: str,
        options: Sequence[str],
        default: str,
        titles: Mapping[str, str],
        explanation: str = "",
    ) -> str:
        """One of many words, in a list."""
        key = self._prepare(name, self.state.option(name, options, default))
        chosen = st.selectbox(
            label,
            options,
            format_func=lambda word: titles.get(word, word),
            key=key,
            help=explanation or None,
            on_change=self._put(name),
        )
        return str(chosen)

    def switch(self, label: str, name: str, explanation: str = "") -> bool:
        """Yes or no, no by default."""
        key = self._prepare(name, self.state.option(name, ("no", "yes"), "no") == "yes")

        def changed() -> None:
            self.state.put(name, "yes" if st.session_state[key] else "no")

        return bool(st.toggle(label, key=key, help=explanation or None, on_change=changed))

    def _prepare(self, name: str, value: Any) -> str:
        """The widget's key; its value is written before it is drawn, because a link may have changed it."""
        key = f"{self.state.page}-{name}"
        st.session_state[key] = value
        return key

    def _put(self, name: str) -> Callable[[], None]:
        def changed() -> None:
            value = st.session_state[f"{self.state.page}-{name}"]
            self.state.put(name, f"{value:g}" if isinstance(value, float) else str(value))

        return changed
