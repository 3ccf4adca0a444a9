// Runs in a Web Worker after decoder.js, batch.js and pixels.js: gets a model once, then batches of latent vectors.

import { meanOf } from "../../model_store/decoder.js"
import { buildBatchDecoder } from "./batch.js"
import { decodeTiles } from "./pixels.js"

let served = null

self.onmessage = ({ data }) => {
  if (data.layers) {
    const { lanes, run } = buildBatchDecoder(data.layers, data.tensors)
    served = { ...data, decoder: { lanes, run: (z) => meanOf(data.likelihood, run(z)) } }
    return
  }
  const started = performance.now()
  const pixels = decodeTiles(served.decoder, data.z, served.latentDim, served.shape)
  const answer = { job: data.job, pixels, ms: performance.now() - started }
  self.postMessage(answer, [pixels.buffer])
}
