"""Numbers and times as people read them. No streamlit."""

from __future__ import annotations

import math
import re
import time
from typing import Any

from vae.storage.printing import LINES, visible

FRAME = re.compile(r'^\s+File ".*", line \d+')


def about(seconds: float) -> str:
    """A rough duration: `a moment`, `40 s`, `3 min`, `1 h 20 min`."""
    if seconds < 2:
        return "a moment"
    if seconds < 10:
        return f"{seconds:.0f} s"
    if seconds < 57.5:
        return f"{5 * round(seconds / 5)} s"
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"{minutes} min"
    minutes = 10 * round(minutes / 10)
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def exactly(seconds: float) -> str:
    """How long something took: `27 s`, `3 min 5 s`, `1 h 20 min`; the same seconds as 0:00:27 in a table."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{rest} s"


def ago(then: float, now: float) -> str:
    """When something happened, in seconds since 1970: `just now`, `3 min ago`, `5 h ago`, `12 Mar`, `12 Mar 2025`."""
    seconds = max(0.0, now - then)
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 24 * 3600:
        return f"{int(seconds // 3600)} h ago"
    day, today = time.localtime(then), time.localtime(now)
    date = f"{day.tm_mday} {time.strftime('%b', day)}"
    return date if day.tm_year == today.tm_year else f"{date} {day.tm_year}"


def number(value: Any, digits: int = 2) -> str:
    """`value` with thousands separators and a true minus; a dash when it is no finite number."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    return f"{value:,.{digits}f}".replace("-", "−")


def size(byte_count: int) -> str:
    """`12 kB`, `0.8 MB`, `1.3 GB`."""
    if byte_count < 1e5:
        return f"{max(1, round(byte_count / 1e3))} kB"
    return f"{byte_count / 1e6:.1f} MB" if byte_count < 1e9 else f"{byte_count / 1e9:.1f} GB"


def count(number_of: int, noun: str) -> str:
    """`1 epoch`, `7 epochs`, `1,257 images`."""
    return f"{number_of:,} {noun}{'' if number_of == 1 else 's'}"


def shortened(text: str, characters: int) -> str:
    """`text`, cut off with an ellipsis where it is longer."""
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "…"


def first_upper(text: str) -> str:
    """`t-SNE map` keeps its first letter, `reading images` gets a capital."""
    return text if text[:2] in ("t-",) else text[:1].upper() + text[1:]


def without_stack_trace(text: str) -> str:
    """What a program printed when it failed, without the frames of a Python stack trace."""
    lines = visible(text, LINES).splitlines()
    if any(line.startswith("Traceback") or FRAME.match(line) for line in lines):
        lines = [line for line in lines if not line.startswith(("Traceback", " ", "\t"))]
    # the commands begin their one line of explanation with their own name
    return "\n".join(re.sub(r"^python -m vae(?: \w+)?: ", "", line) for line in lines).strip()
