"""The first images as they are and as they will be. HTML; names are escaped."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

from ui.library.importing.looked import Previewed
from ui.shared import pictures
from vae.data.image_decoding import Pixels

STYLE = """<style>
  .import-preview { display: flex; flex-wrap: wrap; gap: 0.7rem 1.2rem; }
  .import-preview figure { margin: 0; display: flex; align-items: center; gap: 0.4rem; }
  .import-preview .before { position: relative; height: 5rem; overflow: hidden; line-height: 0; }
  .import-preview .before img { height: 100%; width: auto; max-width: 10rem; }
  .import-preview .before i {
    position: absolute; outline: 2px solid #fff; box-shadow: 0 0 0 999px #0009; pointer-events: none;
  }
  .import-preview .after { height: 5rem; width: auto; image-rendering: pixelated; border: 1px solid #8886; }
</style>"""


def rows(shown: Sequence[Previewed]) -> str:
    """A row of pairs."""
    return f'{STYLE}<div class="import-preview">{"".join(map(_pair, shown))}</div>'


def _pair(one: Previewed) -> str:
    left, top, width, height = (100 * value for value in one.frame)
    place = f"left:{left:.2f}%;top:{top:.2f}%;width:{width:.2f}%;height:{height:.2f}%"
    frame = "" if one.frame == (0.0, 0.0, 1.0, 1.0) else f'<i style="{place}"></i>'
    name = html.escape(one.name[-200:])
    return (
        f'<figure title="{name}"><div class="before"><img alt="{name}" src="{_source(one.before)}">{frame}</div>'
        f'<span aria-hidden="true">→</span><img class="after" alt="{name}, as it will be" '
        f'src="{_source(one.after)}"></figure>'
    )


def _source(image: Pixels) -> str:
    return f"data:image/png;base64,{base64.b64encode(pictures.png(image)).decode('ascii')}"
