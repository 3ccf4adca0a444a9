// How near to the data the data is, of the models in this page: sent once the page is drawn, and known by the checkpoint's identity.

import { Shelf } from "./shelf.js"

window.latentSpaceReaches ??= { kept: new Map(), waiting: new Map() }
const shelf = new Shelf(window.latentSpaceReaches, 16)

/** Keep what Python sent of a checkpoint: {identity, dims, usual, limit}. */
export function keepReach(reach) {
  if (!shelf.has(reach.identity)) shelf.keep(reach.identity, reach)
}

/** Call `use(reach)` now or as soon as that of this checkpoint arrives. */
export function withReach(identity, use) {
  shelf.when(identity, use)
}
