"""Generate: samples, the clicked one, and whether they are copies."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.pages.generate.page import Browser, active_distances, mnist, url, visit, warnings, write
from tests.pages.page import said
from ui.shared import cache
from vae.checkpoints.checkpoint import Checkpoint
from vae.generation import sampling


def test_the_nearest_training_image_of_a_sample(digits: Checkpoint, browser: Browser) -> None:
    browser.click("samples", 4)
    at = visit(model="digits-mlp-8")
    sample = cache.decoded(digits, sampling.from_prior(5, 8, 0))[4]
    train = cache.train_images(digits).images
    difference = (train.astype(np.float64) - sample) / 255
    distances = np.sqrt((difference**2).sum((1, 2, 3)))
    row = int(distances.argmin())
    assert f"Pixels:** {distances.min():.2f} from training image {row:,}, class" in said(at)


def test_a_link_restores_the_clicked_sample(digits: Checkpoint, browser: Browser) -> None:
    link = {"model": "digits-mlp-8", "seed": "3", "order": "farthest"}
    visit(**link)
    browser.click("samples", 2)
    at = visit(**link)
    [text] = url(at)["sample"]
    browser.answers.clear()
    there = visit(**at.query_params)
    assert f"Prior, seed 3, sample {text}" in said(there)
    assert browser.data["samples"]["selected"] == 2  # it is the third of those farthest from every image
    there.number_input(key="generate-number").set_value(200).run()  # more samples keep the first ones
    assert url(there)["sample"] == [text]
    there.number_input(key="generate-seed").set_value(4).run()
    assert "sample" not in url(there)  # other samples: the clicked one is none of them
    assert browser.data["samples"]["selected"] is None
    assert any("sample 100, expected" in told for told in warnings(visit(**link, sample="100")))


def test_copies_come_first_and_are_counted(digits: Checkpoint, browser: Browser) -> None:
    visit(model="digits-mlp-8", seed="3", temperature="0.7")
    drawn = browser.pictures["samples"]
    at = visit(model="digits-mlp-8", seed="3", temperature="0.7", order="copies")
    train = cache.train_images(digits).images.reshape(1257, -1) / 255
    distances = np.array([np.linalg.norm(train - image.ravel() / 255, axis=1).min() for image in drawn])
    shown = browser.pictures["samples"]
    found = np.array([np.linalg.norm(train - image.ravel() / 255, axis=1).min() for image in shown])
    np.testing.assert_allclose(found, np.sort(distances), atol=1e-6)
    labels = cache.train_images(digits).labels
    rows = np.array([np.linalg.norm(train - image.ravel() / 255, axis=1).argmin() for image in drawn])
    known = cache.copy_references(digits)
    near = sum(d < known.near(int(labels[row])).near for d, row in zip(distances, rows, strict=True))
    assert f"**{near} of 100** may be copies of training images" in said(at)
    names: dict[str, Any] = {}
    exec(at.code[0].value.replace('Path("samples.png").write_bytes', "len"), names)  # noqa: S102
    np.testing.assert_array_equal(names["images"], shown)
    browser.click("samples", 1)
    assert f"Prior, seed 3, temperature 0.7, sample {distances.argsort(kind='stable')[1]}" in said(at.run())


def test_without_training_images_nothing_is_called_a_copy(browser: Browser) -> None:
    write("a", mnist())
    at = visit(order="copies")
    assert "the training images to compare with are not on this machine" in said(at)


def test_missing_images_are_offered(browser: Browser) -> None:
    write("a", mnist())
    browser.click("samples", 0)
    at = visit()
    assert "The training images are not on this machine: whether this is a copy can't be said." in said(at)
    assert "Download MNIST (11 MB)" in [button.label for button in at.button]


def test_few_samples_are_counted_and_many_are_a_share(digits: Checkpoint, browser: Browser) -> None:
    z = sampling.from_prior(200, 8, 0)
    far = active_distances(digits, z) > cache.reach(digits).limit
    assert f"{int(far[:20].sum())} of 20** samples fall where" in said(visit(model="digits-mlp-8", number="20"))
    shown = said(visit(model="digits-mlp-8", number="200"))
    assert f"{100 * far.mean():.0f}\u00a0%** of these samples fall where the model saw no data (real images: 5" in shown
