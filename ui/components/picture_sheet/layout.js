// Where the pictures of a sheet are. Pure numbers, no DOM: lengths in CSS pixels unless they say otherwise.

const GAP = 2
const SMALLEST = 20
const LARGEST = 112

/**
 * Lay out `count` pictures of [C, H, W] pixels. `columns` and `tile` may be null: then they follow `width`, which is
 * what there is for the pictures; a sheet whose columns are free takes the largest that stay below `tallest`. Pictures and gaps are whole device pixels, so all of them look alike.
 */
export function layoutSheet({ count, shape: [, high, wide], columns, tile, width, density, tallest }) {
  const ratio = high / wide
  const free = columns === null
  const fits = (side) => Math.max(1, Math.floor((width + GAP) / (side + GAP)))
  let side = tile
  if (side === null && free) side = largestThatFits(count, ratio, fits, tallest)
  else if (side === null) side = clamp(Math.floor((width + GAP) / columns - GAP), SMALLEST, LARGEST)
  const gap = Math.max(1, Math.round(GAP * density))
  const across = Math.max(
    1,
    tile === null ? wholeMultiple(side * density, wide, SMALLEST * density) : Math.round(side * density),
  )
  const down = Math.max(1, Math.round(across * ratio))
  const inARow = free ? Math.min(count, Math.max(1, Math.floor((width * density + gap) / (across + gap)))) : columns
  const rows = Math.ceil(count / inARow)
  const shown = Math.min(inARow, count) // a single short row isn't padded
  const device = { across, down, gap, width: shown * (across + gap) - gap, height: rows * (down + gap) - gap }
  return {
    count,
    columns: inARow,
    rows,
    density,
    device,
    width: device.width / density,
    height: device.height / density,
  }
}

function largestThatFits(count, ratio, fits, tallest) {
  for (let side = LARGEST; side > SMALLEST; side--) {
    if (Math.ceil(count / fits(side)) * (side * ratio + GAP) <= tallest) return side
  }
  return SMALLEST
}

/** The device pixels of a picture's side: so many for each of its own, where that makes it little smaller. */
function wholeMultiple(side, own, smallest) {
  const whole = Math.floor(side / own) * own
  return whole >= 0.8 * side && whole >= smallest ? whole : Math.floor(side)
}

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high)
}

/** Where picture `index` is, in device pixels. */
export function devicePlace({ columns, device: { across, down, gap } }, index) {
  return { x: (index % columns) * (across + gap), y: Math.floor(index / columns) * (down + gap) }
}

/** Where picture `index` is, in CSS pixels. */
export function placeOf(layout, index) {
  const { x, y } = devicePlace(layout, index)
  const { across, down } = layout.device
  const at = (value) => value / layout.density
  return { left: at(x), top: at(y), width: at(across), height: at(down) }
}

/** The picture at CSS pixels (x, y), null where there is none. A gap belongs to the picture before it. */
export function pictureAt({ count, columns, density, device: { across, down, gap } }, x, y) {
  const column = Math.floor((x * density) / (across + gap))
  const row = Math.floor((y * density) / (down + gap))
  const index = row * columns + column
  return column >= 0 && column < columns && row >= 0 && index < count ? index : null
}

/** Where a key leads from picture `index`, null where it is none of ours. */
export function nextPicture({ count, columns }, index, key) {
  if (key === "Home") return 0
  if (key === "End") return count - 1
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[key]
  if (!step) return null
  if (index === null) return 0
  const next = index + step
  return next >= 0 && next < count ? next : index
}

/** Which columns get their names where these are wider than a picture: every 1st, 2nd, …; far too long ones are cut. */
export function namesEvery(widest, width, count) {
  const least = Math.ceil(widest / width)
  if (!(least > 1) || least > 5) return 1
  for (let every = least; every <= 2 * least; every++) if ((count - 1) % every === 0) return every
  return least
}
