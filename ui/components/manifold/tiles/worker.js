// Runs in a Web Worker: gets a model once, then batches of latent vectors.

import { buildNetwork, severalAtOnce, withMean } from "../../model_store/network/network.js"
import { decodeTiles } from "./pixels.js"

let served = null

self.onmessage = ({ data }) => {
  if (data.decoder) {
    const { rows, graph } = severalAtOnce(withMean(data.decoder, data.likelihood))
    const decoder = { lanes: rows, run: buildNetwork(graph, data.tensors, "decoder") }
    served = { decoder, latentDim: data.latentDim, shape: data.shape } // the network has its own copy of the tensors
    return
  }
  const started = performance.now()
  const pixels = decodeTiles(served.decoder, data.z, served.latentDim, served.shape)
  const answer = { job: data.job, pixels, ms: performance.now() - started }
  self.postMessage(answer, [pixels.buffer])
}
