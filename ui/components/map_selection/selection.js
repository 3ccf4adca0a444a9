// What is selected on the map of this page: told by its tools, heard by whoever shows the same images elsewhere, and who may
// select there, too.

window.latentSpaceSelection ??= { now: null, listeners: new Set() }
const shared = window.latentSpaceSelection // every component is a module of its own

/** Say what is selected: {rows, total, places, tool, take(rows, time)}, with `rows` a byte a row, `places` as places.js has
 * them, `tool` "lasso", "box" or "pan"; null where there are no tools any more. */
export function tellSelection(now) {
  shared.now = now
  for (const listen of shared.listeners) listen(now)
}

/** Call `listen(now)` now and whenever it is another, until what this returns is called. */
export function onSelection(listen) {
  shared.listeners.add(listen)
  listen(shared.now)
  return () => shared.listeners.delete(listen)
}
