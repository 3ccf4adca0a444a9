"""Every kind of file goes through the one door, and the door lets nothing but a regular file of its size through."""

from __future__ import annotations

import ast
import dataclasses
import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from vae.data import imported_dataset
from vae.errors import StorageError
from vae.jobs import queue
from vae.jobs.job import log_tail
from vae.storage import door, kinds
from vae.storage.kinds import FileKind
from vae.storage.paths import PROJECT

KINDS = pytest.mark.parametrize("kind", kinds.ALL, ids=lambda kind: kind.name)
READERS: tuple[Callable[[Path, FileKind], object], ...] = (door.read, door.read_at_once, door.read_end, door.sha256)


def pipe(path: Path) -> str:
    os.mkfifo(path)
    return "is a pipe"


def folder(path: Path) -> str:
    path.mkdir()
    return r"is a folder|can't be read"


def unix_socket(path: Path) -> str:
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's path has at most 108 bytes
        try:
            listening.bind(path.name)
        finally:
            os.chdir(here)
    return "is a socket"


def device(path: Path) -> str:
    path.symlink_to("/dev/zero")
    return "is a device|is a link"


def loop(path: Path) -> str:
    path.symlink_to(path)
    return "is a link|can't be read: Too many"


def absent(path: Path) -> str:
    return "can't be read: No such file"


def huge(path: Path) -> str:
    path.touch()
    os.truncate(path, 2**42 + 1)  # sparse
    return "expected at most"


OBSTACLES = (pipe, folder, unix_socket, device, loop, absent, huge)


def small(kind: FileKind) -> FileKind:
    return dataclasses.replace(kind, most=min(kind.most, 2**20))


@KINDS
@pytest.mark.parametrize("plant", OBSTACLES, ids=lambda plant: plant.__name__)
def test_nothing_else_gets_through_the_door(plant: Callable[[Path], str], kind: FileKind, tmp_path: Path) -> None:
    message = plant(tmp_path / "x")
    for read in READERS:
        if read is door.read_end and plant is huge:  # which reads the end of a file of any size
            assert len(door.read_end(tmp_path / "x", small(kind))) == small(kind).most
            continue
        with pytest.raises(StorageError, match=message):
            read(tmp_path / "x", small(kind))


@KINDS
def test_a_closed_file_is_named(kind: FileKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: int) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "x").touch()
    monkeypatch.setattr(os, "open", refuse)  # mode 000 means nothing to root
    for read in READERS:
        with pytest.raises(StorageError, match="x can't be read: Permission denied"):
            read(tmp_path / "x", kind)


@KINDS
def test_a_link_is_followed_only_in_a_persons_own_folder(kind: FileKind, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"secret")
    deep = tmp_path / "exchanged" / "a"
    deep.mkdir(parents=True)
    (deep / "x").symlink_to(tmp_path / "outside")
    (deep / "y").write_bytes(b"own")
    (tmp_path / "exchanged" / "b").symlink_to(deep)
    for read in READERS:
        if kind.levels:
            with pytest.raises(StorageError, match="is a link"):
                read(deep / "x", kind)
        else:
            assert door.read(deep / "x", kind) == b"secret"
        if kind.levels > 1:
            with pytest.raises(StorageError, match="is a link"):
                read(tmp_path / "exchanged" / "b" / "y", kind)
        else:
            assert door.read(tmp_path / "exchanged" / "b" / "y", kind) == b"own"


@KINDS
def test_what_grows_while_it_is_read_is_bounded(
    kind: FileKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = small(kind).most
    checked = door.check_size

    def then_grow(path: Path, size: int, kind: FileKind) -> None:
        checked(path, size, kind)
        os.truncate(path, 2**42)

    monkeypatch.setattr(door, "check_size", then_grow)
    for read in READERS:
        path = tmp_path / read.__name__
        path.write_bytes(b"some")
        if read is door.read_end:
            assert len(door.read_end(path, small(kind))) == 4
            continue
        with pytest.raises(StorageError, match=f"grew to more than (4|{most:,}) bytes|was changed while it was read"):
            read(path, small(kind))


def test_what_is_appended_to_is_read_as_far_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def then_append(path: Path, size: int, kind: FileKind) -> None:
        with path.open("ab") as file:
            file.write(b"more")

    (tmp_path / "x").write_bytes(b"some")
    monkeypatch.setattr(door, "check_size", then_append)
    assert door.read(tmp_path / "x", kinds.RUN_HISTORY) == b"somemore"


def test_nothing_is_left_open(tmp_path: Path) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system doesn't tell which files are open")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for plant in OBSTACLES:
        path = tmp_path / plant.__name__
        plant(path)
        for read in READERS[:2]:
            with pytest.raises(StorageError):
                read(path, small(kinds.IMAGE))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_names_with_a_zero_in_them_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="null byte"):
        door.read(tmp_path / "a\0b", kinds.IMAGE)


# --- nothing goes past the door ---------------------------------------------------------------------------------------

READING = {
    "read_bytes",
    "read_text",
    "safe_open",
    "load_file",
    "fromfile",
    "memmap",
    "open_memmap",
    "is_file",
    "is_dir",
}
READING |= {"iterdir", "glob", "rglob", "expanduser", "resolve", "is_symlink", "samefile"}
EXEMPT = {  # each with why
    "vae/storage": "it is the door",
    "ui/components/assets.py": "reads the front ends that are part of the program",
    "ui/sharing/walk_page.py": "reads the app's own theme",
    "vae/budget/free.py": "reads the kernel's own files, and no more of them than it says",
    "vae/data/folders/image_walk.py": "walks folders, and takes what they raise for its answer",
    "ui/shared/images/folder_walk.py": "asks what the walk is given, and takes what is raised for its answer",
    "vae/data/built_in/digits.py": "reads the digits that are part of an installed package",
    "vae/data/image_decoding.py": "Pillow opens what the door has opened",
    "vae/data/importing/archive_files.py": "opens the members of an archive that the door has opened",
}


def product() -> Iterator[Path]:
    for top in ("app.py", "pages", "ui", "vae"):
        root = PROJECT / top
        yield from [root] if root.is_file() else sorted(root.rglob("*.py"))


def passing(tree: ast.AST) -> Iterator[str]:
    """Calls that read a file or ask for one, past the door."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        mode = next((a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)), "r")
        opens = name == "open" and not set(mode) & set("wax") and "door" not in owner
        asks = name in READING and owner not in ("probe", "entry")
        if opens or asks or f"{owner}.{name}" in ("np.load", "json.load", "os.listdir", "np.loadtxt"):
            yield f"line {node.lineno}: {ast.unparse(node.func)}"


def test_nothing_goes_past_the_door() -> None:
    found = {}
    for path in product():
        name = path.relative_to(PROJECT).as_posix()
        if not name.startswith(tuple(EXEMPT)) and (calls := list(passing(ast.parse(path.read_text(encoding="utf-8"))))):
            found[name] = calls
    assert found == {}


@pytest.mark.parametrize(
    "code",
    [
        "open(p)",
        "p.open()",
        "p.open('rb')",
        "p.read_text()",
        "np.load(p)",
        "safe_open(p)",
        "Image.open(p)",
        "json.load(f)",
    ],
)
def test_the_check_itself_sees_what_passes(code: str) -> None:
    assert list(passing(ast.parse(code)))
    assert not list(passing(ast.parse("p.open('w'); probe.is_file(p); door.opened(p, k); json.loads(t)")))


def test_every_kind_has_a_reader() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in product())
    names = {name for name, value in vars(kinds).items() if isinstance(value, FileKind)}
    assert names == set(re.findall(r"\bkinds\.([A-Z_]+)\b", text)) - {"ALL"}
    assert len(kinds.ALL) == len(names) == len({kind.name for kind in kinds.ALL})


# --- what used to hang ------------------------------------------------------------------------------------------------


def test_a_pipe_in_a_run_folder_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_RUNS", str(tmp_path))
    job = tmp_path / "20260101-000000-000-abcdef"
    job.mkdir()
    for name in ("job.json", "state.json", "progress.json", "history.csv", "log.txt", "request.json"):
        os.mkfifo(job / name)
    assert queue.all_jobs() == []
    (job / "job.json").unlink()
    (job / "job.json").write_text('{"kind": "train", "created": 1, "arguments": ["train"], "lane": "compute"}')
    (found,) = queue.all_jobs()
    assert found.state == "died"
    assert log_tail(found) == ""


def test_a_pipe_in_an_imported_set_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    (tmp_path / "folders" / "a").mkdir(parents=True)
    os.mkfifo(tmp_path / "folders" / "a" / "meta.json")
    assert imported_dataset.names() == ()


def test_the_bytes_of_a_large_file_are_kept_once(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    content = door.read_at_once(tmp_path / "x", kinds.LATENTS)
    assert content.dtype == np.uint8
    assert content.tobytes() == b"abc"
    assert content.flags.writeable
