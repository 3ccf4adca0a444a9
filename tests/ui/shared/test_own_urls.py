"""Which URLs a session takes for its own."""

from __future__ import annotations

import pytest

from ui.shared import own_urls
from ui.shared.own_urls import OwnUrls


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(own_urls.time, "monotonic", lambda: now[0])
    return now


def test_a_click_that_carries_the_url_before_is_no_link(clock: list[float]) -> None:
    urls = OwnUrls()
    urls.write({"view": "a"})
    urls.write({"view": "b"})
    urls.write({"view": "c"})
    assert all(urls.has({"view": view}) for view in "abc")
    assert not urls.has({"view": "d"})


def test_back_soon_after_is_followed_and_a_choice_is_not(clock: list[float]) -> None:
    urls = OwnUrls()
    urls.write({"view": "a"})
    urls.write({"view": "b"})
    clock[0] += own_urls.AT_ONCE + 0.1
    assert not urls.has({"view": "a"})  # Back: nothing was chosen
    urls.choose()
    assert urls.has({"view": "a"})  # a field was changed while the browser had the older URL
    assert not urls.has({"view": "a"})  # the next time nothing was: Back


def test_back_to_a_url_of_long_ago_is_followed(clock: list[float]) -> None:
    urls = OwnUrls()
    urls.write({"view": "a"})
    urls.write({"view": "b"})
    clock[0] += own_urls.UNDER_WAY + 0.1
    assert not urls.has({"view": "a"})
    assert urls.has({"view": "b"})


def test_writing_the_same_again_replaces_nothing(clock: list[float]) -> None:
    urls = OwnUrls()
    urls.write({"view": "a"})
    urls.write({"view": "a"})
    assert len(urls.replaced) == 1


def test_a_followed_link_starts_anew(clock: list[float]) -> None:
    urls = OwnUrls()
    urls.write({"view": "a"})
    urls.follow({"view": "z"})
    assert urls.has({"view": "z"})
    assert not urls.has({"view": "a"})
