"""What the documents name exists, and what exists is in the documents: commands, options, variables, targets, files."""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from vae import commands
from vae.storage.paths import PROJECT

DOCUMENTS = (
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "vae/sample_quality/README.md"),
    *(f"docs/{path.name}" for path in sorted((PROJECT / "docs").glob("*.md"))),
)
HISTORY = ("CHANGELOG.md",)  # names what is gone, too
SOURCE = ("vae", "ui", "pages", "benchmarks", "scripts", "app.py")
ANY = ("x.py", "x_files.py")  # stand for any file
OF_A_JOB = "VAE_RUNNER"  # a runner sets it for its command, no person does
NAMES = r"[a-z][\w-]*"


def text_of(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


# --- what there is ----------------------------------------------------------------------------------------------------


@cache
def tracked() -> tuple[str, ...]:
    """The files of the project, as git knows them."""
    words = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(words, capture_output=True, cwd=PROJECT, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return tuple(name for name in listed.stdout.decode().split("\0") if (PROJECT / name).is_file())


@cache
def options(command: str) -> frozenset[str]:
    """The options of a command."""
    parser = argparse.ArgumentParser()
    commands.COMMANDS[command].add_arguments(parser)
    return frozenset(word for action in parser._actions for word in action.option_strings)


@cache
def literals() -> frozenset[str]:
    """Every text between quotes in the source."""
    files = [PROJECT / name for name in tracked() if name.endswith(".py") and name.startswith(SOURCE)]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(node.value for node in nodes if isinstance(node.value, str))


@cache
def variables() -> frozenset[str]:
    """The environment variables that a person may set."""
    return frozenset(text for text in literals() if re.fullmatch(r"VAE_[A-Z]+", text)) - {OF_A_JOB}


@cache
def targets() -> frozenset[str]:
    """What `make` can be asked for."""
    return frozenset(re.findall(rf"^({NAMES}):.*##", text_of("Makefile"), re.MULTILINE))


# --- what the documents say -------------------------------------------------------------------------------------------


def code_of(text: str) -> list[str]:
    """The pieces of code in a document: lines of ``` blocks, with their continuations joined, and what is in `…`."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    inline = re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    return [" ".join(piece.split()) for piece in (*lines, *inline)]


def wrong_commands(text: str) -> list[str]:
    """Commands and modules behind `python -m` that there are none of."""
    return [word for piece in code_of(text) for word in unknown(piece)]


def unknown(code: str) -> list[str]:
    """The same of plain code."""
    runs = re.findall(rf"-m vae ({NAMES}(?: \| {NAMES})*)", code)
    named = [word for run in runs for word in run.split(" | ")]
    modules = re.findall(r"-m ((?:vae|ui|benchmarks|tests)\.[a-z]\w*(?:\.\w+)*)", code)
    return [*(word for word in named if word not in commands.COMMANDS), *(m for m in modules if not there_is(m))]


def there_is(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of its parent
        return False


def wrong_options(text: str) -> list[str]:
    """Options of a command, or of a benchmark, that it hasn't; alone they may be of any."""
    everything = frozenset().union(*map(options, commands.COMMANDS)) | {t for t in literals() if t.startswith("--")}
    found = []
    for piece in code_of(text):
        called = re.search(rf"(?:-m vae|\bvae) ({'|'.join(commands.COMMANDS)})\b(.*)", piece)
        known = options(called[1]) if called else everything
        alone = piece.startswith("--") or "-m benchmarks" in piece
        given = called[2] if called else piece if alone else ""
        found += [word for word in re.findall(r"(?<!\S)--[a-z][\w-]*", given) if word not in known]
    return found


def wrong_variables(text: str) -> list[str]:
    return [name for name in re.findall(r"\bVAE_[A-Z]+\b", text) if name not in variables() | {OF_A_JOB}]


def wrong_targets(text: str) -> list[str]:
    asked = [re.search(rf"(?:^|[ ;&])make ({NAMES})", piece) for piece in code_of(text) if "make" in piece]
    return [match[1] for match in asked if match and match[1] not in targets()]


def wrong_links(text: str, beside: Path = PROJECT) -> list[str]:
    """Targets of relative links, and of links within the document, that are not there."""
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, heading = target.partition("#")
        if re.match(r"\w+:", target):
            continue
        linked = text if not path else ""
        if path and (beside / path).is_file() and path.endswith(".md"):
            linked = (beside / path).read_text(encoding="utf-8")
        gone = bool(path) and not (beside / path).exists()
        found += [target] if gone or (heading and heading not in headings(linked)) else []
    return found


def headings(text: str) -> set[str]:
    """The names under which a document's headings can be linked to."""
    return {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }


def wrong_files(text: str) -> list[str]:
    """Files and folders of the project that are not there. A file may be named by the end of its path."""
    found = []
    for name in re.findall(r"(?<![\w/.~-])(?:\.\./)?([\w.][\w./-]*\.(?:py|js|mjs|css|html|md|toml|yaml))\b", text):
        known = name in ANY or any(f"/{file}".endswith(f"/{name}") for file in tracked())
        found += [] if known else [name]
    folders = {str(parent) for file in tracked() for parent in Path(file).parents}
    for piece in code_of(text):  # of the project's own folders: `ui/components/film`, `vae/jobs/`
        for name in re.findall(r"(?<![\w/.-])(?:vae|ui|tests|benchmarks|docs|scripts|pages)/[\w/.-]*", piece):
            path = name.rstrip("/.").partition("::")[0]
            found += [name] if path not in folders and not {path, f"{path}.py"} & set(tracked()) else []
    return found


# --- what they name exists --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_options_variables_and_targets_exist(name: str) -> None:
    text = text_of(name)
    assert wrong_commands(text) == []
    assert wrong_options(text) == []
    assert wrong_variables(text) == []
    assert wrong_targets(text) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    assert wrong_links(text_of(name), (PROJECT / name).parent) == []


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name not in HISTORY])
def test_files_exist(name: str) -> None:
    assert wrong_files(text_of(name)) == []


def test_docstrings_and_messages_name_commands_that_exist() -> None:
    places = (*SOURCE, "Makefile", "tests/browser/drive")
    names = [name for name in tracked() if name.startswith(places) and name.endswith((".py", "Makefile"))]
    assert {name: wrong for name in names if (wrong := unknown(text_of(name)))} == {}


# --- what exists is named ---------------------------------------------------------------------------------------------


def documented() -> str:
    """The code in the README and in the documents that it links."""
    readme = text_of("README.md")
    linked = [name for name in re.findall(r"\]\(([^)\s#]+\.md)[^)]*\)", readme) if (PROJECT / name).is_file()]
    return "\n".join(piece for name in ("README.md", *linked) for piece in code_of(text_of(name)))


def missing_commands(code: str) -> list[str]:
    named = {word for rest in re.findall(r"-m vae ([\w| -]+)", code) for word in re.split(r"[ |]+", rest)}
    return [command for command in commands.COMMANDS if command not in named]


def missing_variables(code: str) -> list[str]:
    return [name for name in sorted(variables()) if not re.search(rf"\b{name}\b", code)]


def missing_targets(code: str) -> list[str]:
    return [name for name in sorted(targets()) if not re.search(rf"\bmake {name}(?![\w-])", code)]


def test_every_command_variable_and_target_is_documented() -> None:
    assert missing_commands(documented()) == []
    assert missing_variables(documented()) == []
    assert missing_targets(documented()) == []


# --- the checks see what is wrong -------------------------------------------------------------------------------------


def block(code: str) -> str:
    return f"Text.\n\n```sh\n{code}\n```\n"


@pytest.mark.parametrize(
    ("wrong", "text", "found"),
    [
        (wrong_commands, "`python -m vae fly`", ["fly"]),
        (wrong_commands, "`python -m vae train | soar |\nlist`", ["soar"]),
        (wrong_commands, block("torchrun --nproc-per-node 2 -m vae fly"), ["fly"]),
        (wrong_commands, "`python -m benchmarks.nothing`", ["benchmarks.nothing"]),
        (wrong_options, block("python -m vae train --dataset x --wings 2"), ["--wings"]),
        (wrong_options, block("python -m vae train --dataset x \\\n  --wings 2"), ["--wings"]),
        (wrong_options, block("python -m vae list --epochs 3"), ["--epochs"]),
        (wrong_options, "Set `--wings N`.", ["--wings"]),
        (wrong_options, "`python -m benchmarks.maps --wings`", ["--wings"]),
        (wrong_options, "`.venv/bin/vae train --wings`", ["--wings"]),
        (wrong_variables, "Set VAE_WINGS.", ["VAE_WINGS"]),
        (wrong_targets, "`make fly`", ["fly"]),
        (wrong_targets, block("A=1 make lint-all"), ["lint-all"]),
        (wrong_links, "[it](docs/nothing.md)", ["docs/nothing.md"]),
        (wrong_links, "![it](docs/nothing.png)", ["docs/nothing.png"]),
        (wrong_links, "# One\n[it](#two)", ["#two"]),
        (wrong_files, "See `vae/nothing.py`.", ["vae/nothing.py", "vae/nothing.py"]),
        (wrong_files, "    nothing.py   what it does", ["nothing.py"]),
        (wrong_files, "`ui/nothing/`", ["ui/nothing/"]),
    ],
)
def test_a_planted_mistake_is_seen(wrong: object, text: str, found: list[str]) -> None:
    assert callable(wrong)
    assert wrong(text) == found


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (wrong_commands, "`python -m vae train | evaluate |\nlist`, and `python -m vae COMMAND`"),
        (wrong_options, block("torchrun --nproc-per-node 2 -m vae train --dataset mnist  # or --epochs 3")),
        (wrong_options, "`--free-bits`, `--kl-schedule linear --kl-warmup N`"),
        (wrong_variables, "`VAE_DATA`"),
        (wrong_targets, "Without make: `pip install`, `make PYTHON=python3.11`, `make run`"),
        (
            wrong_links,
            "# The one, or two\n[a](#the-one-or-two) [b](https://example.org/x.md) [c](docs/architecture.md)",
        ),
        (wrong_files, "`vae/config.py`, `config.py`, `vae/config`, `vae/jobs/`, `tests/vae/jobs`, `/etc/x.py`"),
    ],
)
def test_what_is_right_is_left_alone(wrong: object, text: str) -> None:
    assert callable(wrong)
    assert wrong(text) == []


def test_what_is_left_out_is_seen() -> None:
    code = documented()
    assert missing_commands(code.replace("evaluate", "")) == ["evaluate"]
    assert missing_variables(code.replace("VAE_RUNS", "")) == ["VAE_RUNS"]
    assert missing_targets(code.replace("make clean", "")) == ["clean"]
