// A picture of any size as a model takes it: the rules of vae/data/image_decoding.py. No DOM.
//
// Its middle is cut out (or all of it is padded), scaled with Lanczos' filter (the sums are Pillow's, whole numbers of 22
// bits), and made grey where the model's images are. The bytes are Pillow's.

const SUPPORT = 3
const BITS = 22
const LUMA = [19_595, 38_470, 7_471] // of red, green and blue in grey, of 65,536
const COLOUR_LEVELS = 4 // channels that differ by no more are grey: JPEG rounds

/** {bytes (C, H, W), facts} of RGBA pixels without transparency; `values` are those that become black and white. With a
 * `ground` (red, green, blue) what has another aspect ratio is not cut but padded with it. */
export function fitted({ data, width, height }, [channels, toHeight, toWidth], values = null, ground = null) {
  const to = { width: toWidth, height: toHeight }
  const inner = ground ? contained({ width, height }, to) : to
  const box = ground ? { left: 0, right: width, top: 0, bottom: height } : middle(width, height, toWidth / toHeight)
  const ranged = values && values[1] > 1 && values[1] <= 255 ? stretched(values) : null
  const planes = [0, 1, 2].map((c) => {
    const read = planeOf(data, c, ranged)
    const small = scaled(read, { width, height }, box, inner)
    return ground ? padded(small, inner, to, ground[c]) : small
  })
  const otherAspect = width * toHeight - height * toWidth >= toHeight || height * toWidth - width * toHeight >= toWidth
  const coloured = planes[0].some((red, p) => rangeOf(red, planes[1][p], planes[2][p]) > COLOUR_LEVELS)
  const bytes = channels === 1 ? grey(planes) : joined(planes)
  const facts = {
    cropped: !ground && otherAspect,
    padded: Boolean(ground) && otherAspect,
    enlarged: width < toWidth || height < toHeight,
    scaled: width !== toWidth || height !== toHeight,
    greyed: channels === 1 && coloured,
    cut: [Math.round(box.right - box.left), Math.round(box.bottom - box.top)],
  }
  return { bytes, facts }
}

/** What was done to a picture, in words; "" where nothing was. */
export function changesOf(
  { cropped, padded, enlarged, scaled, greyed, covered, cut },
  [width, height],
  [, toHeight, toWidth],
) {
  const [wide, high] = cut
  const shape = wide === high ? "a square" : `${wide}×${high}`
  const from = cropped ? `${wide}×${high}` : `${width}×${height}`
  const said = [
    cropped && `cut to ${shape} from its middle`,
    scaled && `${enlarged ? "enlarged" : "scaled"} from ${from} to ${toWidth}×${toHeight}`,
    padded && "padded at two sides",
    greyed && "made grey",
    covered && "transparent parts filled",
  ].filter(Boolean)
  return said.length > 1 ? `${said.slice(0, -1).join(", ")} and ${said.at(-1)}` : (said[0] ?? "")
}

/** The largest part around the middle whose width is `ratio` times its height. */
function middle(width, height, ratio) {
  const wide = width / height >= ratio ? ratio * height : width
  const high = width / height >= ratio ? height : width / ratio
  const [left, top] = [(width - wide) / 2, (height - high) / 2]
  return { left, right: left + wide, top, bottom: top + high }
}

/** The largest size of the same aspect ratio within another, as Pillow rounds it. */
function contained({ width, height }, to) {
  if (width / height > to.width / to.height) return { width: to.width, height: even((height / width) * to.width) }
  if (width / height < to.width / to.height) return { width: even((width / height) * to.height), height: to.height }
  return to
}

/** A plane in the middle of a larger one of this value. */
function padded(plane, inner, to, value) {
  const made = new Uint8Array(to.width * to.height).fill(value)
  const left = inner.width === to.width ? 0 : even((to.width - inner.width) / 2)
  const top = inner.width === to.width ? even((to.height - inner.height) / 2) : 0
  for (let y = 0; y < inner.height; y++) {
    const row = plane.subarray(y * inner.width, (y + 1) * inner.width)
    made.set(row, (y + top) * to.width + left)
  }
  return made
}

/** A table of what every byte becomes. */
function stretched([low, high]) {
  return Uint8Array.from({ length: 256 }, (_, v) => Math.min(255, Math.max(0, even(((v - low) / (high - low)) * 255))))
}

/** To the nearest whole number, halves to the even one, as numpy rounds. */
function even(value) {
  const rounded = Math.round(value)
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}

/** A plane of one size, of which the part in `box` is scaled to another size. */
function scaled(plane, from, box, to) {
  const across = (read, lines) =>
    resampled(read, { inside: from.width, others: lines, step: 1, line: from.width }, [box.left, box.right], {
      size: to.width,
      step: 1,
      line: to.width,
    })
  const down = (read, wide) =>
    resampled(read, { inside: from.height, others: wide, step: wide, line: 1 }, [box.top, box.bottom], {
      size: to.height,
      step: wide,
      line: 1,
    })
  // as Pillow 13 chooses it, found by trying: between the two everything is rounded
  const downFirst = to.height < from.height && from.height - to.height > 2 * (from.width - to.width)
  return downFirst ? across(down(plane, from.width), to.height) : down(across(plane, from.height), to.width)
}

/** One channel, each value as `table` has it. */
function planeOf(data, channel, table) {
  const plane = new Uint8Array(data.length / 4)
  for (let p = 0; p < plane.length; p++) plane[p] = table ? table[data[4 * p + channel]] : data[4 * p + channel]
  return plane
}

/** A plane scaled along one axis, from the part of it between two places. Of what is read and of what is made: `step`
 * numbers lie between neighbours along the axis, and `line` between the lines along it, of which there are `others`. */
function resampled(plane, { inside, others, step, line }, [from, to], made) {
  if (made.size === inside && from === 0 && to === inside) return plane
  const weights = weightsOf(inside, from, to, made.size)
  const result = new Uint8Array(made.size * others)
  for (let other = 0; other < others; other++) {
    for (let out = 0; out < made.size; out++) {
      const { first, shares } = weights[out]
      let sum = 1 << (BITS - 1)
      for (let k = 0, at = other * line + first * step; k < shares.length; k++, at += step) sum += plane[at] * shares[k]
      result[other * made.line + out * made.step] = Math.min(255, Math.max(0, sum >> BITS))
    }
  }
  return result
}

/** For each output: the first input that it reads, and how much it takes of it and those after it. */
function weightsOf(inside, from, to, size) {
  const scale = (to - from) / size
  const filter = Math.max(1, scale)
  const reach = SUPPORT * filter
  return Array.from({ length: size }, (_, out) => {
    const centre = from + (out + 0.5) * scale
    const first = Math.max(0, Math.trunc(centre - reach + 0.5))
    const end = Math.min(inside, Math.trunc(centre + reach + 0.5))
    const raw = Array.from({ length: end - first }, (_, k) => lanczos((first + k - centre + 0.5) / filter))
    const total = raw.reduce((a, b) => a + b, 0)
    const shares = raw.map((value) => {
      const exact = (total ? value / total : value) * (1 << BITS)
      return Math.trunc(exact + (exact < 0 ? -0.5 : 0.5))
    })
    return { first, shares: Int32Array.from(shares) }
  })
}

function lanczos(x) {
  return -SUPPORT <= x && x < SUPPORT ? sinc(x) * sinc(x / SUPPORT) : 0
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

function grey(planes) {
  return planes[0].map((_, p) => planes.reduce((sum, plane, c) => sum + plane[p] * LUMA[c], 1 << 15) >> 16)
}

function joined(planes) {
  const bytes = new Uint8Array(3 * planes[0].length)
  planes.forEach((plane, c) => {
    bytes.set(plane, c * plane.length)
  })
  return bytes
}

const rangeOf = (red, green, blue) => Math.max(red, green, blue) - Math.min(red, green, blue)
