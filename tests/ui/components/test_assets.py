"""Modules are joined to one script: in their order, each once, with names of its own; what can't be is refused."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ui.components import assets

ENTRIES = [
    path.relative_to(assets.HERE).as_posix()
    for path in sorted(assets.HERE.rglob("*.js"))
    if re.search(r"^export default|^self\.onmessage", path.read_text(encoding="utf-8"), re.MULTILINE)
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the modules of a test lie."""
    monkeypatch.setattr(assets, "HERE", tmp_path)
    return tmp_path


def write(folder: Path, **modules: str) -> None:
    for name, content in modules.items():
        path = folder / f"{name.replace('__', '/')}.js"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")


def run(script: str) -> str:
    """What the default export of a script returns, by Node."""
    if not (node := shutil.which("node")):
        pytest.skip("Node is not on this machine")
    code = f"const url = 'data:text/javascript,' + encodeURIComponent({script!r})\n"
    code += "import(url).then((found) => console.log(JSON.stringify(found.default())))"
    done = subprocess.run([node, "-e", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_modules_come_before_what_imports_them_and_names_stay_their_own(folder: Path) -> None:
    write(
        folder,
        parts__low="const name = 1\nexport const LOW = 10\nexport function low() {\n  return name\n}\n",
        parts__high='import { low } from "./low.js"\nconst name = 2\nexport class High {\n  sum = low() + name\n}\n',
        entry=(
            'import { High } from "./parts/high.js"\nimport {\n  LOW,\n  low,\n} from "./parts/low.js"\n'
            "const name = 3\nexport default function () {\n  return [name, new High().sum, low(), LOW]\n}\n"
        ),
    )
    script = assets.script("entry.js")
    assert script.count("return name") == 1
    assert run(script) == "[3,3,1,10]"


def test_a_worker_is_started_from_its_own_joined_text(folder: Path) -> None:
    write(
        folder,
        a="export function twice(x) {\n  return 2 * x\n}\n",
        worker='import { twice } from "./a.js"\nself.onmessage = ({ data }) => self.postMessage(twice(data))\n',
        entry='export default function () {\n  return new Worker(new URL("./worker.js", import.meta.url))\n}\n',
    )
    script = assets.script("entry.js")
    assert "import" not in script
    assert "return 2 * x" in script
    assert script.count("URL.createObjectURL(new Blob([") == 1


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ('import { b } from "./b.js"\nexport const a = 1\n', "imports itself"),
        ('import { d } from "./c.js"\nexport const a = 1\n', "d, which c.js doesn't export"),
        ('import { c as a2 } from "./c.js"\nexport const a = 1\n', "c as a2"),
        ('import * as c from "./c.js"\nexport const a = 1\n', r"can't be joined: import \* as c"),
        ('import { c } from "c"\nexport const a = 1\n', "can't be joined"),
        ("export let a = 1\n", "can't be joined: export let"),
        ("export { a }\n", "can't be joined"),
        ("export const a = 1\nexport default a\n", "a.js can't be joined: export default a"),
        ('export const a = () => import("./c.js")\n', "can't be joined"),
    ],
)
def test_what_can_not_be_joined_is_refused(folder: Path, module: str, said: str) -> None:
    write(
        folder,
        a=module,
        b='import { a } from "./a.js"\nexport const b = a\n',
        c="export const c = 1\n",
        entry='import { b } from "./b.js"\nexport default function () {\n  return b\n}\n',
    )
    with pytest.raises(ValueError, match=said):
        assets.script("entry.js")


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_script_of_a_component_is_one_module_without_imports(entry: str) -> None:
    script = assets.script(entry)
    assert len(re.findall(r"^export default ", script, re.MULTILINE)) == (0 if entry.endswith("worker.js") else 1)
    assert not re.search(r"^import\b|import\.meta", script, re.MULTILINE)
