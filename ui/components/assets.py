"""The front-end files of the components, by their path in this folder.

The .js files are ES modules: each names what it uses in `import` lines, so editors, the linter and a browser or Node
that loads one from here understand it. Streamlit, though, takes a component's script as one string without an address,
from which nothing can be imported, and a bundler would ask everybody who runs the app for Node. So `script` joins an
entry with all that it imports, each module in a function of its own: no two share a name by accident.

It knows only what the files need, and refuses the rest: `import { a, b } from "./x.js"` at the start of a line,
`export` in front of a function, class or constant, a default export in the entry alone, and no circles. A worker is
started from `new URL("./x.js", import.meta.url)`; joined, that is the address of the worker's own joined text.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

HERE = Path(__file__).parent
_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)"$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
_WORKER = re.compile(r'new URL\("(\.[^"]+)", import\.meta\.url\)')
_OTHER = re.compile(r"^(?:import|export)\b.*|import\.meta|\bimport\(", re.MULTILINE)
_DEFAULT = "export default "


def text(*names: str) -> str:
    """The text of these files, one after another."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


def script(entry: str) -> str:
    """The entry and all the modules that it imports, joined. Raises ValueError where they are no such modules."""
    joined = _Joined()
    body, _ = joined.module(HERE / entry, ())
    _refuse(entry, body.replace(_DEFAULT, "", 1))
    return "\n".join([*joined.functions.values(), body])


class _Joined:
    """The modules that an entry imports, each as a function that returns its exports: those imported come first."""

    def __init__(self) -> None:
        self.functions: dict[Path, str] = {}
        self.exports: dict[Path, set[str]] = {}

    def module(self, path: Path, importers: tuple[Path, ...]) -> tuple[str, list[str]]:
        """A module's text, which takes what it imports from the functions before it, and the names it exports."""
        if path in importers:
            raise ValueError(f"{path.name} imports itself, through {importers[-1].name}.")

        def imported(found: re.Match[str]) -> str:
            other = (path.parent / found[2]).resolve()
            self._add(other, (*importers, path))
            names = {name.strip() for name in found[1].split(",") if name.strip()}
            if missing := names - self.exports[other]:
                raise ValueError(
                    f"{path.name} imports {', '.join(sorted(missing))}, which {other.name} doesn't export."
                )
            return f"const {{ {', '.join(sorted(names))} }} = {_variable(other)}"

        body = _IMPORT.sub(imported, path.read_text(encoding="utf-8"))
        body = _WORKER.sub(lambda found: _address(script(_name((path.parent / found[1]).resolve()))), body)
        return _EXPORT.sub("", body), _EXPORT.findall(body)

    def _add(self, path: Path, importers: tuple[Path, ...]) -> None:
        if path in self.functions:
            return
        body, names = self.module(path, importers)
        _refuse(_name(path), body)
        self.exports[path] = set(names)
        self.functions[path] = f"const {_variable(path)} = (() => {{\n{body}\nreturn {{ {', '.join(names)} }}\n}})()"


def _name(path: Path) -> str:
    return path.relative_to(HERE).as_posix()


def _variable(path: Path) -> str:
    """A name that no module uses itself."""
    return "$" + re.sub(r"\W", "$", _name(path))


def _address(worker: str) -> str:
    return f'URL.createObjectURL(new Blob([{json.dumps(worker)}], {{ type: "text/javascript" }}))'


def _refuse(name: str, body: str) -> None:
    if other := _OTHER.search(body):
        raise ValueError(f"{name} can't be joined: {other[0]}")
