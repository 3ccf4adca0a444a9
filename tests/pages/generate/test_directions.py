"""Generate: directions between groups of images, and arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.generate.page import THREE_PINS, Browser, active_distances, press, url, visit, warnings
from tests.pages.page import said
from ui.generate import state
from ui.shared import cache
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.generation import anchors, direction_files, directions, examples, groups


def strip(browser: Browser, checkpoint: Checkpoint, found: directions.Direction) -> None:
    """Assert that the strip shows this direction, applied to a typical image of the group that it leads away from."""
    rows = groups.pair(found.group_a, found.group_b, checkpoint).b.rows
    start = checkpoint.latents.mu[examples.typical(checkpoint.latents, rows)]
    z = directions.apply(start, found, np.linspace(-2, 2, 9))
    np.testing.assert_array_equal(browser.pictures["direction-strip"], cache.decoded(checkpoint, z))


def test_two_classes_differ_and_equal_groups_do_not(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", view="directions", a="class:3", b="class:6")
    assert ":material/check_circle: Real: it tells held-out images apart with" in said(at)
    strip(browser, digits, cache.directions_of(digits, "class:3", "class:6").mean)
    at.multiselect(key="group-classes-b").set_value(["3"]).run()
    assert "Both groups are the same" in said(at)
    assert url(at) == {"view": ["directions"], "a": ["class:3"], "b": ["class:3"]}
    at.multiselect(key="group-classes-b").set_value([]).run()
    assert "There is no class" in said(at)
    at.selectbox(key="group-kind-b").set_value("rest").run()
    assert not at.error
    strip(browser, digits, cache.directions_of(digits, "class:3", "rest").mean)


def keep(at: AppTest, name: str) -> AppTest:
    [field_] = [element for element in at.text_input if element.label == "Name"]
    field_.set_value(name).run()
    return press(at, "Keep")


def test_directions_are_kept_chosen_and_deleted(digits: Checkpoint, browser: Browser) -> None:
    at = visit(model="digits-mlp-8", view="directions", a="class:3", b="class:6", method="classifier")
    keep(at, " it's <b> ")
    said(at)
    assert not at.error
    [kept] = direction_files.saved(digits)
    assert (kept.name, kept.kind) == ("it's <b>", directions.CLASSIFIER)
    strip(browser, digits, kept)
    at.selectbox(key="generate-direction").set_value("it's <b>").run()
    assert url(at)["direction"] == ["it's <b>"]
    strip(browser, digits, kept)
    again = visit(**at.query_params)
    assert (warnings(again), again.selectbox(key="generate-direction").value) == ([], "it's <b>")
    [table] = at.dataframe
    assert (table.value["name"][0], table.value["angle"][0]) == ("it's <b>", 0)
    at.button(key="direction-delete-it's <b>").click().run()
    assert [kept.name for kept in direction_files.saved(digits)] == ["it's <b>"]  # asks first
    assert "This tab made it." in said(at)
    at.button(key="direction_delete_sure").click().run()
    assert direction_files.saved(digits) == []
    assert "direction" not in url(at)
    assert not at.error


def test_a_bad_name_is_refused(digits: Checkpoint) -> None:
    at = keep(visit(model="digits-mlp-8", view="directions"), "   ")
    said(at)
    assert len(at.error) == 1
    assert direction_files.saved(digits) == []


def upload(at: AppTest, content: str) -> AppTest:
    at.file_uploader(key="direction-import").set_value(("d.json", content.encode(), "application/json")).run()
    return at.button(key="direction-import-now").click().run()


def test_what_was_exported_is_imported(digits: Checkpoint, browser: Browser) -> None:
    found = replace(cache.directions_of(digits, "class:3", "class:6").mean, name="mine")
    at = upload(visit(model="digits-mlp-8", view="directions"), direction_files.to_json([found]))
    assert "Imported mine." in said(at)
    assert direction_files.saved(digits) == [found]
    assert "Export all (JSON)" in [element.label for element in at.get("download_button")]


def test_directions_of_another_model_are_said_to_be_so(digits: Checkpoint, browser: Browser) -> None:
    found = replace(cache.directions_of(digits, "class:3", "class:6").mean, name="mine", identity="0" * 64)
    at = upload(visit(model="digits-mlp-8", view="directions"), direction_files.to_json([found]))
    assert '"mine" was measured on another checkpoint' in said(at)
    at.selectbox(key="generate-direction").set_value("mine").run()
    assert "Not measured here" in said(at)
    strip(browser, digits, direction_files.saved(digits)[0])


@pytest.mark.parametrize("content", ["", "no JSON", "[]", '{"format": "vae-directions", "version": 1}', "[" * 5_000])
def test_a_file_that_holds_no_directions_is_refused(digits: Checkpoint, content: str) -> None:
    at = upload(visit(model="digits-mlp-8", view="directions"), content)
    said(at)
    assert len(at.error) == 1
    assert direction_files.saved(digits) == []


def test_directions_of_another_dimension_are_refused(digits: Checkpoint) -> None:
    other = checkpoint_files.read("digits-mlp-2")
    found = directions.from_groups("flat", groups.pair("class:3", "class:6", other), other).mean
    at = upload(visit(model="digits-mlp-8", view="directions"), direction_files.to_json([found]))
    assert "flat: the direction has 2 dimensions, this checkpoint's latent space 8." in said(at)
    assert direction_files.saved(digits) == []


def test_a_minus_b_plus_c(digits: Checkpoint) -> None:
    at = visit(model="digits-mlp-8", view="directions", pin=THREE_PINS)
    chosen = dict(zip(state.TERMS, ("row:3", "class:1", "class:4"), strict=True))
    for name, token in chosen.items():
        at.selectbox(key=f"generate-{name}").set_value(token).run()
    assert url(at)["to"] == ["class:4"]  # the first two are the defaults here, or are said, too
    assert all(url(at).get(name, [token]) == [token] for name, token in chosen.items())
    a, b, c = (anchors.parse(token, digits).vector for token in ("row:3", "class:1", "class:4"))
    far = active_distances(digits, (a - b + c)[None])[0]
    assert f"**Latent:** {far:.2f} from the nearest test image" in said(at)
    at.button(key="arithmetic-pin").click().run()
    pinned = anchors.parse(url(at)["pin"][-1], digits)
    np.testing.assert_allclose(pinned.vector, a - b + c, atol=1e-4)


def test_an_arithmetic_that_was_linked_is_open(digits: Checkpoint, browser: Browser) -> None:
    for link, opened in (({}, False), ({"plus": "class:2"}, True)):
        at = visit(model="digits-mlp-8", view="directions", **link)
        [expander] = [found for found in at.expander if found.label.startswith("Arithmetic")]
        assert expander.proto.expanded == opened


def test_groups_that_differ_by_class_are_told(digits: Checkpoint, browser: Browser) -> None:
    labels = digits.latents.labels
    a, b = (groups.of_rows(np.flatnonzero(labels == label)[:30]) for label in (0, 1))
    text = said(visit(model="digits-mlp-8", view="directions", a=a, b=b))
    assert "100 % of group A are class 0 and 100 % of group B are class 1" in text
    assert "this may be a direction between classes" in text
    assert "only if the images were picked by what they show" in text
    assert "may be a direction between" not in said(visit(model="digits-mlp-8", view="directions"))
