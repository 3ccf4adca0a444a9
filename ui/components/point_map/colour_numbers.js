// Colours as numbers, 0xBBGGRR, as ImageData has them in memory, and scales of colours.

/** "#rrggbb" as 0xBBGGRR. */
export function numberOf(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
  return red | (green << 8) | (blue << 16)
}

/** 0xBBGGRR as "#rrggbb". */
export function hexOf(number) {
  return `#${[0, 8, 16].map((shift) => ((number >>> shift) & 255).toString(16).padStart(2, "0")).join("")}`
}

/** The colour at a share from 0 to 1 of a scale [[share, colour], …], as a number. */
export function colourAt(scale, share) {
  const next = Math.max(
    1,
    scale.findIndex(([at]) => at >= share),
  )
  const [[from, one], [to, other]] = [scale[next - 1], scale[next]]
  const part = (share - from) / (to - from)
  const [a, b] = [numberOf(one), numberOf(other)]
  let mixed = 0
  for (const shift of [0, 8, 16]) {
    const [x, y] = [(a >>> shift) & 255, (b >>> shift) & 255]
    mixed |= Math.round(x + part * (y - x)) << shift
  }
  return mixed
}
