"""Explore, what points are coloured by: latent dimensions, and columns of a table that somebody adds."""

from __future__ import annotations

import base64
import html
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.explore.page import of_mnist, texts, visit, write
from ui.explore.colouring import control
from ui.palette import CLASS_COLOURS, UNKNOWN
from vae.checkpoints.checkpoint import Checkpoint
from vae.selection import tag_files
from vae.selection.tag_files import Tag

MODEL = "digits-mlp-8"
EVIL = "<b>x</b> %{y} [a](b)"


def traces(at: AppTest) -> list[dict[str, Any]]:
    """The traces of the map, arrays read."""
    chart = json.loads(at.get("plotly_chart")[0].proto.spec)
    return [trace | {"customdata": array(trace["customdata"])} for trace in chart["data"]]


def array(value: Any) -> Any:
    """An array of a figure as Plotly writes it."""
    if not isinstance(value, dict):
        return np.array(value)
    return np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])


def colours(at: AppTest) -> dict[int, Any]:
    """The colour of each point, by row."""
    found: dict[int, Any] = {}
    for trace in traces(at):
        own = trace["marker"]["color"]
        every = [own] * len(trace["customdata"]) if isinstance(own, str) else array(own)
        found |= dict(zip(trace["customdata"].tolist(), every, strict=True))
    return found


def add(at: AppTest, name: str, content: bytes) -> AppTest:
    """Give a table to the dialog."""
    at.selectbox(key="colour").set_value(control.ADD).run()
    at.session_state[control.ASKED] = True  # a run of the whole page, as these tests make, closes a dialog
    return at.file_uploader(key="table-file").set_value((name, content, "text/csv")).run()


def use(at: AppTest) -> AppTest:
    at.session_state[control.ASKED] = True
    return at.button(key="table-use").click().run()


def test_points_are_coloured_by_any_latent_dimension(digits: Checkpoint) -> None:
    at = visit(model=MODEL, colour="z3")
    texts(at)
    found = colours(at)
    np.testing.assert_allclose([found[row] for row in range(len(found))], digits.latents.mu[:, 3], atol=1e-6)
    assert [trace["meta"] for trace in traces(at)] == list("0123456789")  # the legend still hides classes
    assert at.selectbox(key="colour").value == "z3"
    assert visit(model=MODEL, colour="z99").selectbox(key="colour").value == "class"


def test_a_table_of_somebodys_own_colours_points_and_says_how_it_fits(digits: Checkpoint) -> None:
    at = visit(model=MODEL)
    count = len(digits.latents.mu)
    lines = [f"row,age,{EVIL}", *(f"{row},{row / 2},{EVIL if row % 2 else 'b'}" for row in range(10))]
    lines += ["3,9,b", "99999,1,b", "11,,b"]
    at = add(at, "ages.csv", "\n".join(lines).encode())
    said = texts(at)
    assert f"Found in ages.csv: 11 of {count} images, joined by row number." in said
    assert "Of no image here: 1 line." in said and "which counts: 1 line." in said
    assert at.selectbox(key="colour").value == "class"  # nothing is coloured before somebody says so
    at = use(at)
    assert at.selectbox(key="colour").value == "column:age"
    assert at.query_params["colour"] == "column:age"
    assert "· 10 have a value" in texts(at)
    found = colours(at)
    assert [found[row] for row in range(10)] == [row / 2 for row in range(10)]
    assert {found[row] for row in range(10, count)} == {UNKNOWN}
    assert {trace["meta"] for trace in traces(at)} == set("0123456789")
    # words are categories, and what they hold is shown as it is
    at.selectbox(key="colour").set_value(f"column:{EVIL}").run()
    texts(at)
    found = colours(at)
    assert [found[row] for row in (0, 2, 11, 1, 3, 12)] == [CLASS_COLOURS[0]] * 3 + [CLASS_COLOURS[1]] * 2 + [UNKNOWN]
    [legend] = [html.proto.body for html in at.get("html") if "lse-swatches'" in html.proto.body]
    assert "&lt;b&gt;x&lt;/b&gt;" in legend and "no value" in legend and "<b>" not in legend
    under_the_mouse = " ".join(text for trace in traces(at) for text in trace["text"])
    assert "&lt;b&gt;x" in under_the_mouse and "<b>" not in under_the_mouse and "%{y}" not in under_the_mouse
    # gone again
    at.selectbox(key="colour").set_value(control.ADD).run()
    at.session_state[control.ASKED] = True
    at.button(key="table-remove").click().run()
    assert at.selectbox(key="colour").value == "class"
    assert "column:age" not in at.selectbox(key="colour").options


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "ages.csv is a picture (PNG), expected a CSV file."),
        (b"a\n1\n", "Call a column `row`, with the images' row numbers from 0 to"),
        (b"row,a\n5000000,1\n", "No row of ages.csv is about one of these"),
    ],
)
def test_what_is_no_table_of_these_images_is_refused_in_place(digits: Checkpoint, content: bytes, said: str) -> None:
    at = add(visit(model=MODEL), "ages.csv", content)
    assert any(said in error.value.replace("\\", "") for error in at.error)
    assert not at.exception
    assert not [button for button in at.button if button.key == "table-use"]
    assert at.get("plotly_chart")


def test_a_link_to_a_column_shows_classes_where_there_is_no_such_table(digits: Checkpoint) -> None:
    at = visit(model=MODEL, colour="column:<script>")
    texts(at)
    assert at.selectbox(key="colour").value == "class"


def test_points_are_coloured_by_the_first_of_their_tags(digits: Checkpoint) -> None:
    assert "tag" not in visit(model=MODEL).selectbox(key="colour").options
    tag_files.save(digits.identity, Tag("b" + EVIL, np.arange(3, 9)))
    tag_files.save(digits.identity, Tag("a", np.arange(5)))
    at = visit(model=MODEL, colour="tag")
    found = colours(at)
    assert [found[row] for row in (0, 4, 5, 9)] == [CLASS_COLOURS[0], CLASS_COLOURS[0], CLASS_COLOURS[1], UNKNOWN]
    assert html.escape(f"b{EVIL}") in "".join(str(one.proto.body) for one in at.get("html"))
    tag_files.replace(digits.identity, Tag("a", np.arange(1)))
    assert colours(at.run())[4] == CLASS_COLOURS[1]  # the map follows


def test_an_autoencoder_offers_no_colours_by_kl_or_elbo() -> None:
    new = of_mnist()
    write("vae", new)
    write("plain", replace(new, train=replace(new.train, objective="autoencoder")))
    assert {"Colour: KL (nats)", "Colour: ELBO (nats)"} <= set(visit(model="vae").selectbox(key="colour").options)
    linked = visit(model="plain", colour="kl")
    assert linked.selectbox(key="colour").value == "class"
    offered = linked.selectbox(key="colour").options
    assert "Colour: squared error" in offered
    assert not [said for said in offered if "KL" in said or "ELBO" in said]
