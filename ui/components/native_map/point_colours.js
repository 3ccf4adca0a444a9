// The colours that the points of a native map have, by row: for what takes a point's place.

import { colourAt, hexOf } from "../point_map/colour_numbers.js"
import { UNKNOWN } from "../shared/colours.js"

/** `colourOf(row)` of the figure that a NativeChart shows now: "#rrggbb", UNKNOWN's of a row without a point. */
export function pointColours(chart) {
  const known = new Map()
  const scaled = chart.colourScale()
  for (const { rows, colours } of chart.colouredRows()) {
    for (let k = 0; k < rows.length; k++) known.set(rows[k], colourOf(colours, k, scaled))
  }
  return (row) => known.get(row) ?? UNKNOWN
}

function colourOf(colours, k, scaled) {
  const colour = typeof colours === "string" ? colours : colours?.[k]
  if (typeof colour === "string") return colour
  if (!scaled || !Number.isFinite(colour)) return UNKNOWN
  const { low, high, scale } = scaled
  return hexOf(colourAt(scale, Math.min(1, Math.max(0, (colour - low) / (high - low || 1)))))
}
