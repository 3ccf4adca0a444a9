// The lattice of tiles: n across the home view, twice as many with every level. Pure maths.
//
// A view is {x, y, span}: its upper left corner and its side in screen coordinates (scale.js). The tile (i, j) of a level
// covers [i, i + 1] × [j, j + 1] times the tile size, and is the picture decoded at its centre.

export const HOME = Object.freeze({ x: 0, y: 0, span: 1 })
const DEEPEST = 12
const INDICES = 2 ** 23 // of one axis of one level
const ROUNDING = 1e-7 // of a tile: a sliver so thin is no tile in view
export const BLOCK_BITS = 2 // while nothing is there yet, one tile of a block of 4 × 4 stands for all

/** 0 from n tiles across down to n / 2; the next level starts with n again. */
export function levelOf(span) {
  return Math.floor(-Math.log2(span) + 1e-9)
}

export function tileSize(n, level) {
  return 2 ** -level / n
}

/** The deepest level whose indices are safe to use as keys. */
export function deepestLevel(n, box) {
  const most = Math.max(-box.left, box.right, -box.top, box.bottom, 1) * n
  return Math.max(0, Math.min(DEEPEST, Math.floor(Math.log2(INDICES / 2 / most))))
}

/** Tiles of `level` that a view shows: columns from left to before right, rows from top to before bottom. */
export function tilesIn(view, n, level) {
  const size = tileSize(n, level)
  const first = (from) => Math.floor(from / size + ROUNDING)
  const end = (to) => Math.ceil(to / size - ROUNDING)
  return { left: first(view.x), right: end(view.x + view.span), top: first(view.y), bottom: end(view.y + view.span) }
}

/** One number for a tile: a key that needs no string. */
export function tileKey(level, i, j) {
  return ((level + 16) * INDICES + (i + INDICES / 2)) * INDICES + (j + INDICES / 2)
}

/** The tile that stands for its block of 4 × 4 as long as it is the only one there. */
export function standIn(i) {
  return ((i >> BLOCK_BITS) << BLOCK_BITS) + 2
}

function isStandIn(i, j) {
  return standIn(i) === i && standIn(j) === j
}

/** Tiles in the order they are wanted: first one of every block, so that the whole view is covered; from the middle out. */
export function inOrder(tiles, view, size) {
  const [middleX, middleY] = [(view.x + view.span / 2) / size - 0.5, (view.y + view.span / 2) / size - 0.5]
  for (const tile of tiles) {
    tile.order = (tile.i - middleX) ** 2 + (tile.j - middleY) ** 2 + (isStandIn(tile.i, tile.j) ? 0 : 1e9)
  }
  return tiles.sort((one, other) => one.order - other.order)
}

/** The nearest view that stays inside the box and is no finer than `deepest`. */
export function insideBox(view, box, deepest) {
  const span = Math.min(Math.max(view.span, 2 ** -deepest), box.right - box.left, box.bottom - box.top)
  return {
    x: Math.min(Math.max(view.x, box.left), box.right - span),
    y: Math.min(Math.max(view.y, box.top), box.bottom - span),
    span,
  }
}

/** `factor` times as near, around the place at these shares of the view. */
export function zoomed(view, factor, acrossShare, downShare) {
  const span = view.span / factor
  return {
    x: view.x + acrossShare * (view.span - span),
    y: view.y + downShare * (view.span - span),
    span,
  }
}
