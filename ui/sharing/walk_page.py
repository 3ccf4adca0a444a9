"""A model as one HTML file: map, live decoder, sliders and images. It asks nothing of any server, nor may it."""

from __future__ import annotations

import base64
import gzip
import html
import json
import tomllib
from collections.abc import Mapping
from string import Template
from typing import Any

from ui.components import assets
from ui.sharing.walk_data import WalkData
from vae.storage.paths import PROJECT

THEME = PROJECT / ".streamlit" / "config.toml"
VARIABLES = {
    "primaryColor": "primary-color",
    "backgroundColor": "background-color",
    "secondaryBackgroundColor": "secondary-background-color",
    "textColor": "text-color",
    "borderColor": "border-color",
    "font": "font",
    "baseRadius": "base-radius",
}
LEVELS = {"light": ("#15803d", "#b45309", "#b91c1c"), "dark": ("#4ade80", "#fbbf24", "#f87171")}
# nothing but what is in the file: no other server is asked, and none can be
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src blob: data:; base-uri 'none'; form-action 'none'"
)
PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="$policy">
<title>$title</title>
<style>
$style
</style>
</head>
<body>
$body
<script type="application/json" id="about">$about</script>
<script type="text/plain" id="model">$model</script>
<script type="module">
$script
</script>
</body>
</html>
"""
)


def of(data: WalkData) -> bytes:
    """The page, UTF-8."""
    checkpoint = data.checkpoint
    whole = f"{data.count:,}" if data.count == data.of else f"The first {data.count:,} of {data.of:,}"
    body = Template(assets.text("walk/walk.html")).substitute(
        title=html.escape(checkpoint.name),
        what="Move over the map: the model draws what it sees at each place. Click an image, drag a slider.",
        counted=html.escape(f"{whole} {checkpoint.dataset.title} test images, each at its posterior mean"),
        about=_about(data),
    )
    script = assets.script("walk/walk.js")
    if "</script" in script.lower():
        raise ValueError("The page's script ends a script element.")
    return PAGE.substitute(
        policy=html.escape(POLICY),
        title=html.escape(f"{checkpoint.name} · Latent Space Explorer"),
        style=f"{style()}\n{assets.text('walk/walk.css')}",
        body=body,
        about=json.dumps(data.about).replace("<", "\\u003c"),
        model=base64.b64encode(gzip.compress(data.model, 9, mtime=0)).decode(),
        script=script,
    ).encode()


def style() -> str:
    """The app's theme as variables, light and dark as the reader's system is."""
    theme = tomllib.loads(THEME.read_text(encoding="utf-8"))["theme"]
    common = {name: value for name, value in theme.items() if name in VARIABLES}
    light, dark = (_variables(common | theme[name], name) for name in ("light", "dark"))
    return (
        f":root {{ color-scheme: light; {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ color-scheme: dark; {dark} }} }}"
    )


def _variables(theme: Mapping[str, Any], name: str) -> str:
    values = {variable: theme[key] for key, variable in VARIABLES.items()}
    values["button-radius"] = values["base-radius"]
    values |= dict(zip(("green-color", "yellow-color", "red-color"), LEVELS[name], strict=True))
    return " ".join(f"--st-{variable}: {value};" for variable, value in values.items())


def _about(data: WalkData) -> str:
    checkpoint = data.checkpoint
    lines = [f"{name}: {m.value:.4g} {m.unit} ({m.protocol})" for name, m in checkpoint.metrics.items()]
    made = [f"Made by {checkpoint.command}", *([f"Origin: {checkpoint.origin}"] if checkpoint.origin else [])]
    missing = [f"The images are not in this file: {data.problem}"] if data.problem else []
    keys = "On the map: the wheel or two fingers enlarge it, dragging moves it, Alt+click keeps a place."
    return "".join(f"<p>{html.escape(line)}</p>" for line in [keys, *missing, *lines, *made])
