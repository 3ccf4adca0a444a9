// Draws the tiles of a view. Where one is not decoded yet, what is there of a coarser or finer level stands in for it.

import { GAP } from "../../shared/colours.js"
import { BLOCK_BITS, standIn, tileKey, tileSize, tilesIn } from "./lattice.js"

const COARSER_LEVELS = 4
const GAP_FROM = 12 // CSS pixels: tiles of fewer touch each other

/** Draw; returns the tiles of the view that are missing, [{key, i, j}], and how many there are in all. */
export function drawSheet(context, atlas, view, n, level, width, height, pixelRatio) {
  const size = tileSize(n, level)
  const range = tilesIn(view, n, level)
  const missing = []
  const left = (i) => Math.round(((i * size - view.x) / view.span) * width)
  const top = (j) => Math.round(((j * size - view.y) / view.span) * height)
  const gap = ((size / view.span) * width) / pixelRatio >= GAP_FROM ? Math.round(pixelRatio) : 0
  context.imageSmoothingEnabled = false
  for (let j = range.top; j < range.bottom; j++) {
    for (let i = range.left; i < range.right; i++) {
      const key = tileKey(level, i, j)
      const place = { left: left(i), top: top(j), width: left(i + 1) - left(i), height: top(j + 1) - top(j) }
      const found = atlas.find(key)
      if (found) drawTile(context, atlas, found, place, gap)
      else {
        missing.push({ key, i, j })
        drawStandIn(context, atlas, level, i, j, place)
      }
    }
  }
  return { missing, visible: (range.right - range.left) * (range.bottom - range.top) }
}

/** Draw a tile, with a line to its right and below it that is `gap` wide. */
function drawTile(context, atlas, found, place, gap) {
  const { left, top, width, height } = place
  if (gap) {
    context.fillStyle = GAP
    context.fillRect(left, top, width, height)
  }
  drawPart(context, atlas, found, 0, 0, 1, { left, top, width: width - gap, height: height - gap })
}

/** Draw the part of a tile that starts at these shares of it and is `share` wide and high. */
function drawPart(context, atlas, found, fromX, fromY, share, { left, top, width, height }) {
  context.drawImage(
    atlas.canvas,
    found.x + fromX * atlas.width,
    found.y + fromY * atlas.height,
    share * atlas.width,
    share * atlas.height,
    left,
    top,
    width,
    height,
  )
}

function drawStandIn(context, atlas, level, i, j, place) {
  for (let up = 1; up <= COARSER_LEVELS; up++) {
    const found = atlas.find(tileKey(level - up, i >> up, j >> up))
    const parts = 1 << up
    if (found) {
      return drawPart(context, atlas, found, (i & (parts - 1)) / parts, (j & (parts - 1)) / parts, 1 / parts, place)
    }
  }
  if (drawFiner(context, atlas, level, i, j, place)) return
  const found = atlas.find(tileKey(level, standIn(i), standIn(j)))
  const parts = 1 << BLOCK_BITS
  if (found) drawPart(context, atlas, found, (i & (parts - 1)) / parts, (j & (parts - 1)) / parts, 1 / parts, place)
}

/** The four tiles of the next level, if they are there. */
function drawFiner(context, atlas, level, i, j, place) {
  const found = [0, 1, 2, 3].map((k) => atlas.find(tileKey(level + 1, 2 * i + (k & 1), 2 * j + (k >> 1))))
  if (!found.every(Boolean)) return false
  const [halfWidth, halfHeight] = [Math.round(place.width / 2), Math.round(place.height / 2)]
  found.forEach((one, k) => {
    const right = k & 1
    const below = k >> 1
    drawPart(context, atlas, one, 0, 0, 1, {
      left: place.left + right * halfWidth,
      top: place.top + below * halfHeight,
      width: right ? place.width - halfWidth : halfWidth,
      height: below ? place.height - halfHeight : halfHeight,
    })
  })
  return true
}
