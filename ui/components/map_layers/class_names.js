// The names of classes on a map, each at its medoid: the image that is nearest to all others of its class there.

const CANDIDATES = 1_500 // images of a class that may be its medoid
const OTHERS = 400 // of them that the distances are measured to
const LONGEST = 24 // characters
const FONT = "600 13px"
const GAP = 4 // CSS pixels between two names

/** [{label, row, count}] of each class that has images among `points` {xy, rows, labels}, the largest first. */
export function medoids({ xy, rows, labels }) {
  const byLabel = new Map()
  for (const row of rows) {
    if (!byLabel.has(labels[row])) byLabel.set(labels[row], [])
    byLabel.get(labels[row]).push(row)
  }
  const found = [...byLabel].map(([label, own]) => ({ label, row: medoid(xy, own), count: own.length }))
  return found.sort((a, b) => b.count - a.count || a.label - b.label)
}

function medoid(xy, rows) {
  const others = some(rows, OTHERS)
  let [best, least] = [rows[0], Infinity]
  for (const row of some(rows, CANDIDATES)) {
    let total = 0
    for (const other of others) total += Math.hypot(xy[2 * row] - xy[2 * other], xy[2 * row + 1] - xy[2 * other + 1])
    if (total < least) [best, least] = [row, total]
  }
  return best
}

/** At most `most` of these, evenly spread. */
function some(rows, most) {
  const step = Math.max(1, rows.length / most)
  return Array.from({ length: Math.min(rows.length, most) }, (_, k) => rows[Math.floor(k * step)])
}

/** Write the names that are in view and have room; returns how many. `look`: {text, page, font}. */
export function drawNames(context, view, found, xy, names, look) {
  context.font = `${FONT} ${look.font}`
  context.textAlign = "center"
  context.textBaseline = "middle"
  context.lineJoin = "round"
  const taken = []
  for (const { label, row } of found) {
    const { left, top } = view.toPixels(xy[2 * row], xy[2 * row + 1])
    const name = shortened(names[label])
    const half = context.measureText(name).width / 2 + GAP
    const box = { left: left - half, right: left + half, top: top - 9 - GAP, bottom: top + 9 + GAP }
    if (left < 0 || top < 0 || left > view.size.width || top > view.size.height) continue
    if (taken.some((other) => overlap(box, other))) continue
    taken.push(box)
    context.lineWidth = 4
    context.strokeStyle = look.page // around each letter: points lie below
    context.strokeText(name, left, top)
    context.fillStyle = look.text
    context.fillText(name, left, top)
  }
  return taken.length
}

function shortened(name) {
  const letters = [...name]
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("")}…` : name
}

function overlap(one, other) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}
