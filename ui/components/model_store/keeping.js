// Makes models out of what Python sends. Apart from store.js, whose readers need no networks of their own: Streamlit
// sends every component its modules anew.

import { parseTensors } from "../shared/safetensors.js"
import { buildNetwork, withMean } from "./network/network.js"
import { shelf } from "./store.js"

/** Make a model out of what Python sent, keep it, and wake whoever waits for it. */
export function keepModel(bytes) {
  const { metadata, tensors } = parseTensors(bytes)
  const about = JSON.parse(metadata.model)
  if (shelf.has(about.fingerprint)) return
  shelf.keep(about.fingerprint, { ...about, tensors, decode: decoderOf(about, tensors) })
}

/** From z to pixels; null where only Python can decode. */
function decoderOf({ decoder, likelihood }, tensors) {
  return decoder ? buildNetwork(withMean(decoder, likelihood), tensors, "decoder") : null
}
