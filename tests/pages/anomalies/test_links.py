"""Anomalies: what a link restores, and what is said of one that asks for what there is not."""

from __future__ import annotations

import pytest

from tests.pages.anomalies.page import HTML, LINKS, Browser, url, visit, wrong
from tests.pages.page import said
from ui.anomalies.settings import JOIN
from vae.checkpoints.checkpoint import Checkpoint


@pytest.mark.parametrize("link", LINKS)
def test_a_link_restores_everything(digits: Checkpoint, browser: Browser, link: str) -> None:
    at = visit(model="digits-mlp-8", **LINKS[link])
    shown = dict(LINKS[link])
    if link == "false alarms":
        shown.pop("order")  # said where it is used: in the gallery
    assert (wrong(at), url(at)) == ([], shown)
    browser.pictures.pop("anomalies-first", None)  # while the model looked
    first = (said(at), browser.threshold, browser.rows(), browser.pictures)
    browser.pictures = {}
    again = visit(**at.query_params)
    assert (wrong(again), url(again)) == ([], shown)
    for one, other in zip((said(again), browser.threshold, browser.rows()), first, strict=False):
        assert one == other
    assert all((browser.pictures[key] == images).all() for key, images in first[3].items())
    assert url(again.run()) == shown  # and it stays


WRONG: list[tuple[dict[str, str], list[str]]] = [
    ({"rule": "threshold", "threshold": "nan"}, ["threshold nan, expected a number from"]),
    ({"rule": "threshold", "threshold": "inf"}, ["threshold inf, expected a number from"]),
    (
        {"score": "foo", "look": "x"},
        ["score foo, expected one of error_and_place", "look x, expected one of gallery, map"],
    ),
    ({"score": "regret"}, ["score regret, expected one of"]),
    ({"normal": "nobody"}, ["normal nobody, expected classes of scikit-learn digits; all classes is shown"]),
    ({"normal": JOIN.join(["0", HTML])}, [f"normal {HTML}, expected classes"]),
    ({"image": "99999999"}, ["image 99999999, expected a whole number from 0 to 359"]),
    ({"image": "-1"}, ["image -1, expected"]),
    ({"step": "x", "confirmed": "1,x"}, ["step x, expected one of ask, review", "confirmed 1,x, expected numbers"]),
    ({"rule": "x", "share": "500"}, ["rule x, expected one of", "share 500, expected a number from 0 to 100"]),
    ({"rule": HTML, "source": HTML, "look": HTML}, [f"rule {HTML}", f"source {HTML}", f"look {HTML}"]),
    ({"order": HTML, "heat": "1", "image": HTML}, [f"order {HTML}", "heat 1", f"image {HTML}"]),
    ({"source": "dataset", "dataset": "../x"}, ["dataset ../x, expected one of"]),
    ({"source": "folder", "folder": "x" * 5_000}, ["folder has 5,000 characters"]),
]


@pytest.mark.parametrize(("link", "expected"), WRONG, ids=lambda value: str(value)[:40])
def test_what_is_wrong_with_a_link_is_said_and_left_out(
    digits: Checkpoint, link: dict[str, str], expected: list[str]
) -> None:
    at = visit(model="digits-mlp-8", **link)
    told = wrong(at)
    assert not at.error
    assert len(told) == len(expected)
    for one in expected:
        assert any(one in warning for warning in told), one
    assert all(HTML not in element.value for element in at.warning)  # escaped, so shown literally
    assert url(at) == {name: value for name, value in link.items() if value in ("threshold", "dataset", "folder")}
    assert wrong(visit(**at.query_params)) == []
