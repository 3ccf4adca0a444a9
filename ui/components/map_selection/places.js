// Where the images are on the map, and which of them it shows. No DOM.

/** {xy, shown}: x and y of each row, one after another, and a byte a row. What is known `before` and still holds is kept. */
export function placesOf(model, { map, rows: [from, to], shown_labels: labels }, before) {
  const key = JSON.stringify([model.fingerprint, map, from, to, labels])
  if (before?.key === key) return before
  const wanted = labels && new Set(labels)
  const of = model.tensors.labels.data
  const shown = Uint8Array.from(of, (label, row) => row >= from && row < to && (!wanted || wanted.has(label)))
  return { key, xy: xyOf(model, map), shown }
}

function xyOf(model, { method, axes }) {
  if (method !== "latent") return model.tensors[`${method}.xy`].data
  const d = model.latent_dim
  const mu = model.tensors.mu.data
  const xy = new Float32Array((2 * mu.length) / d)
  for (let row = 0; row < mu.length / d; row++) {
    xy[2 * row] = mu[row * d + axes[0]]
    if (axes[1] !== null) xy[2 * row + 1] = mu[row * d + axes[1]]
  }
  return xy
}
