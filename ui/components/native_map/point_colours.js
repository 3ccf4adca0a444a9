// The colours that the points of a native map have, by row: for what takes a point's place.

import { colourAt, hexOf } from "../point_map/colour_numbers.js"
import { UNKNOWN } from "../shared/colours.js"

window.latentSpacePointColours ??= new Map()
const ofClouds = window.latentSpacePointColours // by the figure's `cloud`; every component is a module of its own

/** Say how points look that a figure does not hold (point_cloud): `codes` of each row are places in `palette`. The newest
 * one stays. */
export function keepCloudColours(cloud, { codes, palette }) {
  ofClouds.clear()
  ofClouds.set(cloud, { codes, palette })
}

/** `colourOf(row)` of the figure that a NativeChart shows now: "#rrggbb", UNKNOWN's of a row without a point; null where no
 * point's colour is known yet. */
export function pointColours(chart) {
  const cloud = ofClouds.get(chart.about().cloud)
  if (cloud) return (row) => cloud.palette[cloud.codes[row]] ?? UNKNOWN
  const known = new Map()
  const scaled = chart.colourScale()
  for (const { rows, colours } of chart.colouredRows()) {
    for (let k = 0; k < rows.length; k++) known.set(rows[k], colourOf(colours, k, scaled))
  }
  return known.size ? (row) => known.get(row) ?? UNKNOWN : null
}

function colourOf(colours, k, scaled) {
  const colour = typeof colours === "string" ? colours : colours?.[k]
  if (typeof colour === "string") return colour
  if (!scaled || !Number.isFinite(colour)) return UNKNOWN
  const { low, high, scale } = scaled
  return hexOf(colourAt(scale, Math.min(1, Math.max(0, (colour - low) / (high - low || 1)))))
}
