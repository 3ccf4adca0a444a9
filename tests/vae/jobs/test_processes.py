"""Marks of processes: of this one, of none, of others that were given its id, and under a clock that changes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from vae.jobs import processes

OWN = asdict(processes.mark(os.getpid()))
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems tell only the time of the start")


def move_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    boot, create = psutil.boot_time, psutil.Process.create_time
    monkeypatch.setattr(psutil, "boot_time", lambda: boot() + seconds)
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: create(self) + seconds)


def test_a_process_is_alive_only_with_its_own_start() -> None:
    assert processes.is_alive(OWN)
    assert not processes.is_alive(OWN | {"start": OWN["start"] + 3})
    assert not processes.is_alive(OWN | {"boot": "another"})
    assert not processes.is_alive(OWN | {"pid": 2**22 + 1})  # above the largest there is


@pytest.mark.parametrize("nothing", [None, {}, [], "x", {"pid": "x", "start": 1.0, "boot": ""}, {"pid": 1}, 10**400])
def test_what_is_no_mark_is_not_alive(nothing: object) -> None:
    assert not processes.is_alive(nothing)
    assert not processes.is_alive(OWN | {"start": nothing})


def test_a_zombie_is_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    marked = asdict(processes.mark(child.pid))
    assert processes.is_alive(marked)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has asked how
    assert not processes.is_alive(marked)
    child.communicate()
    assert not processes.is_alive(marked)


@LINUX
def test_a_change_of_the_clock_ends_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    move_clock(monkeypatch, 3600)
    assert processes.is_alive(OWN)


@pytest.mark.parametrize(("seconds", "alive"), [(0.0, True), (1.5, True), (-1.5, True), (3.0, False)])
def test_elsewhere_the_time_of_the_start_decides(seconds: float, alive: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "BOOT_ID", Path("/absent"))
    marked = asdict(processes.mark(os.getpid()))
    assert marked["boot"] == ""
    move_clock(monkeypatch, seconds)
    assert processes.is_alive(marked) == alive
