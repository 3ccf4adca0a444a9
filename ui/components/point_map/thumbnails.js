// Images in the place of their points: those that are in view and don't cover each other.

export const THUMBNAIL = 34 // CSS pixels
const ENLARGED = 3 // times as large as the whole: from there on images take the place of points
const FEW = 150 // points: images from the start
const MOST = 1_000 // at once

/** Whether a view has room for the images of so many points. */
export function haveRoom(view, count) {
  return view.zoom >= ENLARGED || count <= FEW
}

export class Thumbnails {
  /** `tiles`: {width, height, at(row)}, of which the last gives {image, left, top}: what to draw from, and where there. */
  constructor(tiles) {
    this.tiles = tiles
  }

  /** Of `rows`, whose places in the plane are in `xy` (x and y of each row, one after another), the first ones that have
   * room in the view: each on a ground of `colourOf(row)`. Returns how many. */
  draw(context, view, rows, xy, colourOf) {
    const { width, height } = this.tiles
    const pictured = withPictures(view, rows, xy)
    const scale = THUMBNAIL / Math.max(width, height)
    const [wide, high] = [width * scale, height * scale]
    context.imageSmoothingEnabled = scale < 1
    for (const { row, left: across, top: along } of pictured) {
      const { image, left: from, top: down } = this.tiles.at(row)
      const [left, top] = [across - wide / 2, along - high / 2]
      context.fillStyle = colourOf(row)
      context.fillRect(left - 2, top - 2, wide + 4, high + 4)
      context.drawImage(image, from, down, width, height, left, top, wide, high)
    }
    return pictured.length
  }
}

/** Those of `rows` that have room for a picture in the view, and where its middle is: [{row, left, top}]. */
export function withPictures(view, rows, xy) {
  const { inView, places } = seen(view, rows, xy)
  const chosen = apart(places, THUMBNAIL).slice(0, MOST)
  return chosen.map((k) => ({ row: inView[k], left: places[2 * k], top: places[2 * k + 1] }))
}

/** The rows whose points the view shows, and where: left and top of each, one after another. */
function seen(view, rows, xy) {
  const { width, height } = view.size
  const inView = []
  const places = []
  for (const row of rows) {
    const { left, top } = view.toPixels(xy[2 * row], xy[2 * row + 1])
    if (left < 0 || top < 0 || left > width || top > height) continue
    inView.push(row)
    places.push(left, top)
  }
  return { inView, places }
}

/** Which squares of this side, around these places, are drawn so that none covers another: the first come first. */
export function apart(places, side) {
  const gap = side + 4
  const taken = new Map() // by cell: the places that were chosen in it
  const chosen = []
  for (let k = 0; 2 * k < places.length; k++) {
    const [x, y] = [places[2 * k], places[2 * k + 1]]
    const [column, line] = [Math.floor(x / gap), Math.floor(y / gap)]
    if (isFree(taken, x, y, column, line, gap)) {
      chosen.push(k)
      taken.set(`${column},${line}`, [x, y]) // a cell is as wide as a square: it holds one
    }
  }
  return chosen
}

function isFree(taken, x, y, column, line, gap) {
  for (let i = column - 1; i <= column + 1; i++) {
    for (let j = line - 1; j <= line + 1; j++) {
      const other = taken.get(`${i},${j}`)
      if (other && Math.abs(other[0] - x) < gap && Math.abs(other[1] - y) < gap) return false
    }
  }
  return true
}
