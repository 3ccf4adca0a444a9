// Paths in latent space. Pure maths, no DOM; says the same as vae/generation/interpolation.py.

const NO_ANGLE = 1e-6 // radians

/** What is wrong with a path in `latentDim` dimensions, null where nothing is. */
export function problemOf(path, latentDim) {
  const vector = (z) => Array.isArray(z) && z.length === latentDim && z.every(Number.isFinite)
  if (path?.kind === "line") {
    const range = Number.isFinite(path.low) && Number.isFinite(path.high) && path.low < path.high
    return vector(path.base) && vector(path.step) && range ? null : "This line doesn't fit the model."
  }
  if (path?.kind !== "lerp" && path?.kind !== "slerp") return "There is no path to show yet."
  const anchors = Array.isArray(path.anchors) ? path.anchors : []
  if (anchors.length < 2) return "A path needs two ends."
  return anchors.every(vector) ? null : "This path doesn't fit the model."
}

/** The t at both ends. */
export function rangeOf(path) {
  return path.kind === "line" ? [path.low, path.high] : [0, path.anchors.length - 1]
}

/** The latent vector at t. */
export function pointAt(path, t) {
  if (path.kind === "line") return path.base.map((value, j) => value + t * path.step[j])
  const leg = Math.min(Math.max(Math.floor(t), 0), path.anchors.length - 2)
  const between = path.kind === "slerp" ? slerp : lerp
  return between(path.anchors[leg], path.anchors[leg + 1], t - leg)
}

function lerp(a, b, t) {
  return a.map((value, j) => (1 - t) * value + t * b[j])
}

/** Turn from a to b at constant angular speed while the norm changes linearly; straight where no turn is meant. */
function slerp(a, b, t) {
  const [normA, normB] = [norm(a), norm(b)]
  if (t === 0 || t === 1 || normA === 0 || normB === 0) return lerp(a, b, t)
  const from = a.map((value) => value / normA)
  const to = b.map((value) => value / normB)
  const apart = norm(from.map((value, j) => value - to[j]))
  const angle = 2 * Math.atan2(apart, norm(from.map((value, j) => value + to[j])))
  if (angle < NO_ANGLE || Math.PI - angle < NO_ANGLE) return lerp(a, b, t)
  const turn = from.map((value, j) => Math.sin((1 - t) * angle) * value + Math.sin(t * angle) * to[j])
  const length = ((1 - t) * normA + t * normB) / norm(turn)
  return turn.map((value) => length * value)
}

function norm(z) {
  return Math.sqrt(z.reduce((sum, value) => sum + value * value, 0))
}
