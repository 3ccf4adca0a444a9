"""The Python code and the command line that Generate shows make the pictures that it shows."""

from __future__ import annotations

import io
import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence
from scipy.stats import norm

from ui.generate import code as generate_code
from ui.generate.plane_state import Layout
from ui.generate.sample_request import SampleRequest
from ui.shared import cache
from vae import commands
from vae.checkpoints import checkpoint_files, metrics
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.data import image_export
from vae.generation import anchors, direction_files, directions, groups, holes, interpolation, traversals
from vae.storage import paths

GAP = 2
PRIOR = SampleRequest("prior", None, 30, 0.8, 7, 10)
Pictures = NDArray[np.uint8]


@pytest.fixture(autouse=True)
def digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """digits-mlp-8; files are written to tmp_path."""
    for variable in ("CHECKPOINTS", "DERIVED"):
        monkeypatch.setenv(f"VAE_{variable}", str(tmp_path / variable.lower()))
    for name in ("digits-mlp-8", "digits-mlp-2"):
        shutil.copytree(paths.PROJECT / "checkpoints" / name, paths.checkpoints_dir() / name)
    monkeypatch.chdir(tmp_path)
    return checkpoint_files.read("digits-mlp-8")


def execute(code: str) -> dict[str, Any]:
    """Run it as somebody would who pasted it."""
    names: dict[str, Any] = {}
    exec(compile(code, "pasted", "exec"), names)  # noqa: S102
    return names


def from_terminal(code: str) -> None:
    """Run the command line in the code's last comment."""
    line = code.splitlines()[-1]
    words = shlex.split(line.removeprefix("# "))
    assert words[:3] == ["python", "-m", "vae"]
    assert commands.main(words[3:]) == 0


def tiles(file: str, count: int, columns: int, side: int = 32) -> Pictures:
    """The pictures (N, 1, 8, 8) of a sheet with gaps, which enlarges them to 32×32."""
    picture = np.array(Image.open(file).convert("L"))
    corners = [divmod(i, columns) for i in range(count)]
    step = side + GAP
    large = np.stack([picture[r * step : r * step + side, c * step : c * step + side] for r, c in corners])[:, None]
    assert picture.shape == (-(-count // columns) * step - GAP, columns * step - GAP)
    assert (large.reshape(count, 1, 8, 4, 8, 4) == large[:, :, ::4, ::4][:, :, :, None, :, None]).all()
    return large[:, :, ::4, ::4]


def frames(content: bytes) -> list[Pictures]:
    """Every frame of a GIF."""
    return [np.array(frame.convert("L")) for frame in ImageSequence.Iterator(Image.open(io.BytesIO(content)))]


def shown(checkpoint: Checkpoint, z: FloatArray) -> Pictures:
    """What the page decodes."""
    return cache.decoded(checkpoint, z)


@pytest.mark.parametrize(
    "request_",
    [
        PRIOR,
        replace(PRIOR, number=1, temperature=5.0),
        replace(PRIOR, source="mixture", components=3),
        replace(PRIOR, source="mixture", label=4, components=2),
    ],
    ids=["prior", "one", "mixture", "class"],
)
def test_samples(digits: Checkpoint, request_: SampleRequest) -> None:
    z = request_.draw(digits)
    code = generate_code.samples(digits, request_)
    made = execute(code)
    np.testing.assert_array_equal(made["z"], z)
    images, columns = shown(digits, z), 6 if len(z) > 1 else 1
    np.testing.assert_array_equal(tiles("samples.png", len(z), columns), images)
    Path("samples.png").unlink()
    from_terminal(code)
    np.testing.assert_array_equal(tiles("samples.png", len(z), columns), images)


def test_samples_holes_first(digits: Checkpoint) -> None:
    z = PRIOR.draw(digits)
    far = holes.from_data(z, digits.latents, holes.reach(digits.latents))
    made = execute(generate_code.samples(digits, PRIOR, "farthest"))
    np.testing.assert_array_equal(made["z"], z[np.argsort(-far)])
    assert far.argmax() != 0


def test_a_view_in_a_corner_stays_inside_the_quantiles(digits: Checkpoint) -> None:
    """1 − 0.9 − 0.1 is below 0 by a rounding error."""
    plane = Layout("latent", 0, 1, "quantile", 4).plane(digits, digits.latents.mu[0])
    for side in np.arange(1, 100) / 100:
        layout = Layout("latent", 0, 1, "quantile", 4, window=(1 - side, 1 - side, side))
        assert np.isfinite(layout.sheet(plane)).all()


@pytest.mark.parametrize("axes", ["latent", "principal"])
@pytest.mark.parametrize("scale", ["quantile", "even"])
@pytest.mark.parametrize("token", ["row:3", "z:0.5,-0.25,0,1,2,-3,0.125,0@it's"])
def test_manifold(digits: Checkpoint, axes: str, scale: str, token: str) -> None:
    anchor = anchors.parse(token, digits)
    layout = Layout(axes, 2, 0, scale, 10, window=(0.25, 0.5, 0.125))
    z = layout.sheet(layout.plane(digits, anchor.vector))
    across, down = (start + (np.arange(10) + 0.5) / 80 for start in (0.25, 0.5))  # shares of the view at home
    a, b = (norm.ppf(across), norm.ppf(1 - down)) if scale == "quantile" else (6 * across - 3, 3 - 6 * down)
    plane = layout.plane(digits, anchor.vector)
    expected = plane.base + a[None, :, None] * plane.u + b[:, None, None] * plane.v
    np.testing.assert_allclose(z, expected.reshape(-1, 8), atol=1e-5)
    made = execute(generate_code.manifold(digits, anchor, layout))
    np.testing.assert_array_equal(made["z"], z)
    np.testing.assert_array_equal(tiles("manifold.png", 100, 10), shown(digits, z))


@pytest.mark.parametrize("token", ["row:359", "class:3", "sample:5:2", "z:-0.5,-0.25,0,1,2,-3,0.125,0@a 'b' $(c) #d"])
def test_traversals(digits: Checkpoint, token: str) -> None:
    anchor = anchors.parse(token, digits)
    at = traversals.values(-2.5, 2.5, 5)
    z = traversals.traverse(anchor.vector, metrics.most_telling_first(digits), at).reshape(-1, 8)
    code = generate_code.traversals(digits, anchor, 5, 2.5)
    execute(code)
    images = shown(digits, z)
    np.testing.assert_array_equal(tiles("traversals.png", 40, 5), images)
    Path("traversals.png").unlink()
    from_terminal(code)
    np.testing.assert_array_equal(tiles("traversals.png", 40, 5), images)


@pytest.mark.parametrize("kind", interpolation.KINDS)
def test_interpolation(digits: Checkpoint, kind: str) -> None:
    chosen = [anchors.parse(token, digits) for token in ("row:3", "class:1", "z:-1,0,0,0,0,0,0,0@-x")]
    way = interpolation.path(np.stack([anchor.vector for anchor in chosen]), 4, kind)
    images = shown(digits, way.z)
    code = generate_code.interpolation(digits, chosen, kind, 4)
    execute(code)
    content = Path("interpolation.gif").read_bytes()
    expected = [image_export.scaled(image[0], 25) for image in images]
    back = expected[-2:0:-1]
    for frame, picture in zip(frames(content), expected + back, strict=True):
        np.testing.assert_array_equal(frame, picture)
    Path("interpolation.gif").unlink()
    from_terminal(code)
    assert Path("interpolation.gif").read_bytes() == content


def test_arithmetic(digits: Checkpoint) -> None:
    terms = [anchors.parse(token, digits) for token in ("class:3", "row:7", "z:-1,0,0,0,0,0,0,0@it's")]
    execute(generate_code.arithmetic(digits, terms))
    z = directions.arithmetic(*(term.vector for term in terms))
    np.testing.assert_array_equal(tiles("arithmetic.png", 1, 1), shown(digits, z[None]))


@pytest.mark.parametrize("kind", ["mean", "classifier"])
def test_direction(digits: Checkpoint, kind: str) -> None:
    found = getattr(cache.directions_of(digits, "class:3 + rows:1-9", "rest"), kind)
    anchor = anchors.parse("row:3", digits)
    z = directions.apply(anchor.vector, found, np.linspace(-2, 2, 9))
    execute(generate_code.direction(digits, found, anchor, 2.0, 9))
    np.testing.assert_array_equal(tiles("direction.png", 9, 9), shown(digits, z))


def test_a_direction_of_another_model_is_not_computed_anew(digits: Checkpoint) -> None:
    """What its groups give here is another direction than the one that is applied."""
    pair = groups.pair("class:0", "class:1", digits)
    here = directions.from_groups("it's", pair, digits).mean
    vector = tuple(float(v) for v in np.eye(8)[3])
    foreign = replace(here, vector=vector, measured_on="0" * 64)
    direction_files.save(foreign)
    anchor = anchors.parse("row:3", digits)
    z = directions.apply(anchor.vector, foreign, np.linspace(-2, 2, 9))
    execute(generate_code.direction(digits, foreign, anchor, 2.0, 9))
    np.testing.assert_array_equal(tiles("direction.png", 9, 9), shown(digits, z))


def test_a_hostile_class_name_stays_text(digits: Checkpoint) -> None:
    name = "0'; x\nPath('owned').touch()\r\nPath('owned').touch()"
    hostile = replace(digits, dataset=replace(digits.dataset, class_names=(name, *"123456789")))
    request = replace(PRIOR, source="mixture", label=0, components=2)
    execute(generate_code.samples(hostile, request))
    anchor = anchors.parse(f"class:{name}", hostile)
    code = generate_code.traversals(hostile, anchor, 3, 1.0)
    compile(code, "pasted", "exec")
    assert [line for line in code.splitlines() if line.startswith("Path('owned')")] == []
    assert not Path("owned").exists()
