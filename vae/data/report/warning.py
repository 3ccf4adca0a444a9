"""One thing that somebody would want to know before going on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from vae.storage.schema import text


@dataclass(frozen=True)
class Warned:
    """`kind` names it for programs, `text` tells a person what was found and what can be done."""

    kind: Annotated[str, text(60)]
    text: Annotated[str, text(2_000)]
