"""Front-end modules and components in a page without an app."""

from __future__ import annotations

from playwright.sync_api import Page, Route

from ui.components import assets

# Answered from this folder; nothing leaves the machine. A secure context, as the app at localhost: without one pointers
# tell less.
ORIGIN = "http://modules.localhost"
IMPORT = "async (names) => { for (const name of names) Object.assign(window, await import(`/${name}`)) }"
MOUNT = """async ([script, style, html]) => {
    document.body.innerHTML = `<style>${style}</style><div id="root" style="width: 1000px">${html}</div>`
    const component = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })))
    window.reported = []
    const setStateValue = (name, value) => window.reported.push([name, value])
    const parentElement = document.querySelector("#root")
    window.receive = (data) => { window.unmount = component.default({ data, parentElement, setStateValue }) }
}"""


def load(page: Page, *names: str) -> None:
    """Import modules by their path in ui/components, as they are; what they export stands on `window` for tests."""
    page.route(f"{ORIGIN}/**", _answer)
    page.goto(f"{ORIGIN}/")
    page.evaluate(IMPORT, list(names))


def mount(page: Page, entry: str, html: str = "", *css: str) -> None:
    """Show a component as Streamlit does, its joined script from a blob: `receive(data)` draws it,
    `unmount()` ends it.

    What it reports is kept in `reported`, as pairs of name and value.
    """
    page.evaluate(MOUNT, [assets.script(entry), assets.text(*css), assets.text(html) if html else ""])


def _answer(route: Route) -> None:
    name = route.request.url.removeprefix(f"{ORIGIN}/")
    if not name:
        route.fulfill(body="<!doctype html><title>Modules</title>", content_type="text/html")
    elif (assets.HERE / name).is_file():
        route.fulfill(body=assets.text(name), content_type="text/javascript")
    else:
        route.fulfill(status=404)
