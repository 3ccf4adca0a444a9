// Convolution as a program: which input pixels reach which output pixels through which places of the kernel, worked out
// once. A machine (plain_machine.js) runs it for any number of channels.
//
// A task makes four output pixels that are reached through the same places of the kernel, so that they share what is
// read of the weights: [taps, four addresses of output pixels, then for each tap its number and the addresses of four
// input pixels]. Where four such pixels are not left, the last one is made again.

export const PIXELS = 4
const WIDTH = 8
const NARROW = 4
const FEW = 3

/** The program for an output of so many rows and columns, an Int32Array.
 *
 * `rows` and `columns` are senders of each output row and column, [{tap, from}], where `from` may lie outside, −1.
 * `input(y, x)` and `output(y, x)` are addresses; `nothing` is where zeros lie, read in place of a pixel outside.
 */
export function tasksOf(rows, columns, { input, output, nothing }) {
  const inside = classes(rows.map(withoutOutside), columns.map(withoutOutside))
  const all = classes(rows, columns)
  const chosen = sizeOf(inside) <= sizeOf(all) ? inside : all
  const program = new Int32Array(sizeOf(chosen))
  let at = 0
  for (const { down, across } of chosen) {
    const pixels = down.length * across.length
    for (let first = 0; first < pixels; first += PIXELS) {
      const ys = []
      const xs = []
      for (let p = 0; p < PIXELS; p++) {
        const pixel = Math.min(first + p, pixels - 1)
        ys.push(down[Math.floor(pixel / across.length)])
        xs.push(across[pixel % across.length])
      }
      program[at++] = ys[0].senders.length * xs[0].senders.length
      for (let p = 0; p < PIXELS; p++) program[at++] = output(ys[p].at, xs[p].at)
      for (let i = 0; i < ys[0].senders.length; i++) {
        for (let j = 0; j < xs[0].senders.length; j++) {
          program[at++] = ys[0].senders[i].tap + xs[0].senders[j].tap
          for (let p = 0; p < PIXELS; p++) {
            const y = ys[p].senders[i].from
            const x = xs[p].senders[j].from
            program[at++] = y < 0 || x < 0 ? nothing : input(y, x)
          }
        }
      }
    }
  }
  return program
}

const withoutOutside = (senders) => senders.filter(({ from }) => from >= 0)

/** Output pixels in classes that are reached through the same places of the kernel: [{down, across}]. */
function classes(rows, columns) {
  const alike = (lines) => {
    const found = new Map()
    lines.forEach((senders, at) => {
      const name = senders.map(({ tap }) => tap).join()
      if (!found.has(name)) found.set(name, [])
      found.get(name).push({ at, senders })
    })
    return [...found.values()]
  }
  return alike(rows).flatMap((down) => alike(columns).map((across) => ({ down, across })))
}

/** How long the program is, which is how long it takes. */
function sizeOf(parts) {
  return parts.reduce((sum, { down, across }) => {
    const taps = down[0].senders.length * across[0].senders.length
    return sum + Math.ceil((down.length * across.length) / PIXELS) * (taps + 1) * (PIXELS + 1)
  }, 0)
}

/** A task for each four rows of a matrix: a convolution of one tap. */
export function rowsOf(count, { input, output }) {
  const one = Array.from({ length: count }, (_, at) => [{ tap: 0, from: at }])
  return tasksOf(one, [[{ tap: 0, from: 0 }]], { input, output, nothing: 0 })
}

/** How a machine takes the `left` output channels that are still to do: {width, few}. Eight at once, or the last four; `few`:
 * the last three at most, where the loop is over four inputs at once instead. */
export function blockOf(left, inputs) {
  if (left > NARROW) return { width: WIDTH, few: false }
  return left <= FEW && inputs % 4 === 0 ? { width: left, few: true } : { width: NARROW, few: false }
}

/** The weights of a convolution as machines read them, block by block: in each by tap, input and output channel; of few
 * output channels by tap, four inputs, output channel, and which of the four. `from` says where a weight is found:
 * numbers[start + output · perOutput + input · perInput + tap]. */
export function repacked(outputs, inputs, taps, from) {
  const blocks = []
  for (let first = 0; first < outputs; first += blocks.at(-1).width) {
    blocks.push({ first, ...blockOf(outputs - first, inputs) })
  }
  const made = new Float32Array(taps * inputs * blocks.reduce((sum, { width }) => sum + width, 0))
  let at = 0
  for (const { first, width, few } of blocks) {
    const block = made.subarray(at, at + taps * inputs * width)
    if (few) packFew(block, { first, width, inputs, taps }, from)
    else pack(block, { first, width, there: Math.min(width, outputs - first), inputs, taps }, from)
    at += block.length
  }
  return made
}

function pack(block, { first, width, there, inputs, taps }, { numbers, start, perOutput, perInput }) {
  for (let tap = 0, at = 0; tap < taps; tap++) {
    for (let i = 0; i < inputs; i++, at += width) {
      const one = start + first * perOutput + i * perInput + tap
      for (let o = 0; o < there; o++) block[at + o] = numbers[one + o * perOutput]
    }
  }
}

function packFew(block, { first, width, inputs, taps }, { numbers, start, perOutput, perInput }) {
  for (let tap = 0, at = 0; tap < taps; tap++) {
    for (let i = 0; i < inputs; i += 4) {
      for (let o = first; o < first + width; o++) {
        for (let k = 0; k < 4; k++) block[at++] = numbers[start + o * perOutput + (i + k) * perInput + tap]
      }
    }
  }
}

/** A bias as long as `repacked` has output channels; zeros without one. */
export function paddedBias(bias, outputs, from = 0) {
  const made = new Float32Array(Math.ceil(outputs / WIDTH) * WIDTH)
  if (bias) made.set(bias.subarray(from, from + outputs))
  return made
}
