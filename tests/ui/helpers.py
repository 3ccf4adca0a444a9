"""What tests of the components' front ends share."""

from __future__ import annotations

import re


def top_level_names(script: str) -> list[str]:
    """What a component's joined script declares at its top level; one name twice stops the whole component."""
    found = re.findall(r"^(?:async )?(?:const|let|var|function\*?|class) (\w+)", script, re.MULTILINE)
    return found + ["default"] * len(re.findall(r"^export default", script, re.MULTILINE))
