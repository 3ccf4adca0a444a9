"""A verdict and its readings as lines of a terminal. No torch."""

from __future__ import annotations

from vae.training.diagnostics.evidence import Evidence
from vae.training.diagnostics.readings import readings
from vae.training.diagnostics.verdict import Verdict, judge

WORDS = {"fine": "fine", "watch": "watch", "failing": "failing", "open": "not judged", "": ""}


def report(evidence: Evidence) -> str:
    """The verdict, what helps, and every number with what it means."""
    lines = [verdict_line(judge(evidence))]
    for reading in readings(evidence):
        value = f"{reading.value} {reading.unit}".strip()
        lines.append(f"  {reading.name:22}{value:22}{WORDS[reading.level]:12}{reading.sentence}".rstrip())
    return "\n".join(lines)


def verdict_line(verdict: Verdict) -> str:
    """`Verdict: KL vanished (failing). Posterior collapse: … Try --beta 1`."""
    level = f" ({WORDS[verdict.level]})" if verdict.cause else ""
    line = f"Verdict: {verdict.title}{level}. {verdict.sentence}"
    if verdict.settings:
        return f"{line} Try {verdict.options}"
    return f"{line} {verdict.remedy}".rstrip()
