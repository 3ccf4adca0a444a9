"""What is free: the machine's memory, less where a container has a nearer limit; the disk under a path."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil
import pytest

from vae.budget import free

GB = 10**9


def group(folder: Path, **values: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in values.items():
        (folder / name.replace("__", ".")).write_text(value)


def rooms(root: Path, membership: str) -> list[int]:
    (root / "self").write_text(membership)
    return free.container_rooms(root, root / "self")


def test_a_limit_of_version_2_counts_less_what_is_used_but_for_files_that_can_be_dropped(tmp_path: Path) -> None:
    group(tmp_path / "a/b", memory__max="4000000000\n", memory__current="3000000000\n")
    group(tmp_path / "a/b", memory__stat="anon 5\ninactive_file 500000000\nactive_file 9\n")
    assert rooms(tmp_path, "0::/a/b\n") == [3 * GB // 2]


def test_every_limit_around_a_group_counts(tmp_path: Path) -> None:
    group(tmp_path / "a/b", memory__max="max\n", memory__current="1\n")
    group(tmp_path / "a", memory__max="2000000000", memory__current="1000000000")
    assert rooms(tmp_path, "0::/a/b\n") == [GB]


def test_a_limit_of_version_1_counts(tmp_path: Path) -> None:
    limits = {"memory__limit_in_bytes": "2000000000", "memory__usage_in_bytes": "500000000"}
    group(tmp_path / "memory/docker/x", **limits, memory__stat="cache 1\ntotal_inactive_file 100000000\n")
    assert rooms(tmp_path, "9:name=systemd:/\n4:cpu,memory:/docker/x\n") == [16 * GB // 10]


def test_inside_a_container_its_limit_stands_at_the_root(tmp_path: Path) -> None:
    group(tmp_path / "memory", memory__limit_in_bytes="2000000000", memory__usage_in_bytes="0")
    assert rooms(tmp_path, "4:memory:/a/path/of/the/machine/outside\n") == [2 * GB]


@pytest.mark.parametrize("limit", ["max", "9223372036854771712", "", "many", "1" * 40, "-1"])
def test_no_limit_and_nonsense_leave_the_machine_s(limit: str, tmp_path: Path) -> None:
    group(tmp_path, memory__max=limit, memory__current="0")
    assert rooms(tmp_path, "0::/\n") == []


def test_what_leads_out_of_the_groups_is_not_followed(tmp_path: Path) -> None:
    group(tmp_path / "out", memory__max="1", memory__current="0")
    (tmp_path / "groups").mkdir()
    (tmp_path / "self").write_text("0::/../out\n")
    assert 1 not in free.container_rooms(tmp_path / "groups", tmp_path / "self")


def test_memory_is_the_nearest_of_all_limits_and_never_below_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    available = psutil.virtual_memory().available
    monkeypatch.setattr(free, "container_rooms", list)
    assert 0.5 < free.memory() / available < 2
    monkeypatch.setattr(free, "container_rooms", lambda: [5, 7])
    assert free.memory() == 5
    monkeypatch.setattr(free, "container_rooms", lambda: [-5])
    assert free.memory() == 0


def test_the_disk_of_a_path_that_is_not_there_yet_is_that_of_the_nearest_folder(tmp_path: Path) -> None:
    assert free.existing(tmp_path / "a/b/c") == tmp_path
    found = free.disk(tmp_path / "a/b/c")
    assert found is not None
    assert 0.5 < (found + 1) / (shutil.disk_usage(tmp_path).free + 1) < 2


def test_a_disk_that_does_not_tell_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(shutil, "disk_usage", refuse)
    assert free.disk(tmp_path) is None
