"""A package, so that benchmarks can use what drives the browser: `from tests.browser.server import AppServer`."""
