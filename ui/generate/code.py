"""The Python code that makes what a page shows: pure text, made of the same settings."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ui.shared.python_code import DECODE, program
from vae.checkpoints.checkpoint import Checkpoint
from vae.generation import directions

if TYPE_CHECKING:
    from ui.generate.plane_state import Layout
    from ui.generate.sample_request import SampleRequest
    from vae.generation.anchors import Anchor
    from vae.generation.directions import Direction


def samples(checkpoint: Checkpoint, request: SampleRequest, order: str = "drawn") -> str:
    """Samples in the order in which the Samples view shows them; the command keeps them as drawn."""
    options = [
        "--number",
        str(request.number),
        "--seed",
        str(request.seed),
        "--temperature",
        f"{request.temperature:g}",
    ]
    if request.source == "prior":
        drawing = [
            f"z = sampling.from_prior({request.number}, checkpoint.model.latent_dim, "
            f"seed={request.seed}, temperature={request.temperature:g})"
        ]
    else:
        options += ["--mixture", "--components", str(request.components)]
        label = "" if request.label is None else f", label={request.label}"
        if request.label is not None:
            options.append(f"--class={checkpoint.dataset.class_names[request.label]}")
        drawing = [
            f"mixture = mixture_files.mixture_of(checkpoint, components={request.components}{label})",
            f"z = mixture.sample({request.number}, seed={request.seed}, temperature={request.temperature:g})",
        ]
    if order == "farthest":
        drawing += [
            "far = holes.from_data(z, checkpoint.latents, holes.reach(checkpoint.latents))",
            'z = z[np.argsort(-far, kind="stable")]',
        ]
    elif order == "copies":
        drawing += [
            f'train = datasets.load({checkpoint.dataset.name!r}, "train").images',
            "found = copies.nearest(inference.decode(model, z), train)",
            'z = z[np.argsort(found.distance, kind="stable")]',
        ]
    terminal = command(checkpoint, "sample", *options, "--output", "samples.png")
    return program(
        checkpoint,
        [*drawing, DECODE, *_sheet("samples.png")],
        terminal if order == "drawn" else "",
    )


def manifold(checkpoint: Checkpoint, anchor: Anchor, layout: Layout) -> str:
    """The sheet of the part that the Manifold view shows."""
    through = f"anchors.parse({anchor.token!r}, checkpoint).vector"
    plane = (
        f"plane = planes.latent_plane({through}, {layout.i}, {layout.j})"
        if layout.axes == "latent"
        else f"plane = planes.principal_plane({through}, checkpoint.latents.mu, {layout.i}, {layout.j})"
    )
    steps = "quantiles" if layout.scale == "quantile" else "even_steps"
    a, b = (f"planes.{steps}({layout.tiles}, {side.low!r}, {side.high!r})" for side in layout.ranges())
    lines = [
        plane,
        f"a, b = {a}, {b}",
        "z = planes.sheet(plane, a, b).reshape(-1, checkpoint.model.latent_dim)",
        DECODE,
        *_sheet("manifold.png", layout.tiles),
    ]
    return program(checkpoint, lines)


def traversals(checkpoint: Checkpoint, anchor: Anchor, steps: int, span: float) -> str:
    """The sheet of the Traversals view."""
    lines = [
        f"z0 = anchors.parse({anchor.token!r}, checkpoint).vector",
        "dims = metrics.most_telling_first(checkpoint)",
        f"z = traversals.traverse(z0, dims, traversals.values({-span:g}, {span:g}, {steps}))",
        "z = z.reshape(-1, checkpoint.model.latent_dim)",
        DECODE,
        *_sheet("traversals.png", steps),
    ]
    options = ["--from", anchor.token, "--steps", str(steps), f"--low={-span:g}", f"--high={span:g}"]
    terminal = command(checkpoint, "traverse", *options, "--output", "traversals.png")
    return program(checkpoint, lines, terminal)


def interpolation(checkpoint: Checkpoint, chosen: Sequence[Anchor], kind: str, steps: int) -> str:
    """The way that the Interpolation view shows, as a GIF."""
    tokens = [anchor.token for anchor in chosen]
    lines = [
        f"tokens = {tokens!r}",
        "ends = np.stack([anchors.parse(token, checkpoint).vector for token in tokens])",
        f"z = interpolation.path(ends, {steps}, {kind!r}).z",
        DECODE,
        'Path("interpolation.gif").write_bytes(image_export.gif(images))',
    ]
    options = [*tokens, "--kind", kind, "--steps", str(steps)]
    terminal = command(checkpoint, "interpolate", *options, "--output", "interpolation.gif")
    return program(checkpoint, lines, terminal)


def direction(checkpoint: Checkpoint, found: Direction, anchor: Anchor, reach: float, pictures: int) -> str:
    """The direction anew from its groups, or as it is kept where it comes from another model, and its strip."""
    if found.measured_on not in {"", found.identity}:  # its groups give another direction here
        origin = [f"direction = {{d.name: d for d in direction_files.saved(checkpoint)}}[{found.name!r}]"]
    else:
        which = "mean" if found.kind == directions.MEAN else "classifier"
        origin = [
            f"pair = groups.pair({found.group_a!r}, {found.group_b!r}, checkpoint)",
            f"direction = directions.from_groups({found.name!r}, pair, checkpoint).{which}",
        ]
    lines = [
        *origin,
        f"z0 = anchors.parse({anchor.token!r}, checkpoint).vector",
        f"z = directions.apply(z0, direction, np.linspace({-reach:g}, {reach:g}, {pictures}))",
        DECODE,
        *_sheet("direction.png", pictures),
    ]
    return program(checkpoint, lines)


def arithmetic(checkpoint: Checkpoint, terms: Sequence[Anchor]) -> str:
    """A − B + C."""
    lines = [
        f"a, b, c = (anchors.parse(token, checkpoint).vector for token in {[term.token for term in terms]!r})",
        "z = directions.arithmetic(a, b, c)[None]",
        DECODE,
        *_sheet("arithmetic.png"),
    ]
    return program(checkpoint, lines)


def command(checkpoint: Checkpoint, name: str, *arguments: str) -> str:
    """The same from a terminal."""
    return "python -m vae " + shlex.join([name, checkpoint.name, *arguments])


def _sheet(file: str, columns: int | None = None) -> list[str]:
    """Write all pictures as one PNG."""
    more = "" if columns is None else f", {columns}"
    return [
        f"sheet = image_export.sheet(image_export.enlarged(images, 28){more})",
        f'Path("{file}").write_bytes(image_export.png(sheet))',
    ]
