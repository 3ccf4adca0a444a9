// Encoders in this page: sent only once somebody has an image to encode, and known by their checkpoint's identity.

import { parseTensors } from "../shared/safetensors.js"
import { buildNetwork } from "./network/network.js"
import { Shelf } from "./shelf.js"

window.latentSpaceEncoders ??= { kept: new Map(), waiting: new Map() }
const shelf = new Shelf(window.latentSpaceEncoders, 2)

/** Make an encoder out of what Python sent: its `run` takes pixels in [0, 1] to means, then log variances. */
export function keepEncoder(bytes) {
  const { metadata, tensors } = parseTensors(bytes)
  const about = JSON.parse(metadata.encoder)
  if (shelf.has(about.identity)) return
  shelf.keep(about.identity, { ...about, tensors, run: buildNetwork(about.graph, tensors, "encoder") })
}

/** Call `use(encoder)` now or as soon as the one of this checkpoint arrives. */
export function withEncoder(identity, use) {
  shelf.when(identity, use)
}
