// Nodes that make an image of another size: pooling and resizing.

import { addressIn } from "./values.js"

/** The largest or the mean of each window. */
function pool(plan, node, [given]) {
  const x = plan.ordered(given, true)
  const made = plan.value(node.output, true)
  const [channels, height, width] = x.shape
  const [, down, across] = node.output
  const [rows, columns] = [windows(node, 0, down, height), windows(node, 1, across, width)]
  const [from, to] = [x.place.at, made.place.at]
  const area = node.kernel[0] * node.kernel[1]
  const largest = node.op === "MaxPool"
  plan.add(({ floats }) => {
    let at = to
    for (const row of rows) {
      for (const column of columns) {
        const count = (row.end - row.start) * (column.end - column.start)
        for (let c = 0; c < channels; c++, at++) {
          let best = Number.NEGATIVE_INFINITY
          let sum = 0
          for (let y = row.start; y < row.end; y++) {
            for (let i = column.start, p = from + (y * width + i) * channels + c; i < column.end; i++, p += channels) {
              const v = floats[p]
              sum += v
              if (v > best) best = v
            }
          }
          floats[at] = largest ? best : sum / (node.count_pads ? area : count)
        }
      }
    }
  })
  return made
}

/** The part of each window that lies on the image: [{start, end}]. */
function windows({ kernel, strides, pads }, axis, count, side) {
  return Array.from({ length: count }, (_, o) => {
    const start = o * strides[axis] - pads[axis]
    return { start: Math.max(start, 0), end: Math.min(start + kernel[axis], side) }
  })
}

function globalAveragePool(plan, node, inputs) {
  const [, height, width] = inputs[0].shape
  const whole = { kernel: [height, width], strides: [1, 1], pads: [0, 0, 0, 0], op: "AveragePool", output: node.output }
  return pool(plan, whole, inputs)
}

function resize(plan, node, inputs) {
  return node.mode === "nearest" ? nearest(plan, node, inputs) : linear(plan, node, inputs)
}

function nearest(plan, node, [x]) {
  const addressOf = addressIn(x)
  const lines = [1, 2].map((axis) => {
    const scale = Math.fround(x.shape[axis] / node.output[axis]) // single precision rounds as PyTorch does
    return Array.from({ length: node.output[axis] }, (_, o) =>
      Math.min(Math.floor(Math.fround(o * scale)), x.shape[axis] - 1),
    )
  })
  return plan.gathered({ shape: node.output, last: x.last }, ([channel, row, column]) =>
    addressOf([channel, lines[0][row], lines[1][column]]),
  )
}

function linear(plan, node, [given]) {
  const x = plan.ordered(given, true)
  const made = plan.value(node.output, true)
  const [channels, , width] = x.shape
  const [rows, columns] = [1, 2].map((axis) => between(node, x.shape[axis], node.output[axis]))
  const [from, to] = [x.place.at, made.place.at]
  plan.add(({ floats }) => {
    let at = to
    for (const row of rows) {
      for (const column of columns) {
        const a = from + (row.first * width + column.first) * channels
        const b = from + (row.first * width + column.second) * channels
        const c = from + (row.second * width + column.first) * channels
        const d = from + (row.second * width + column.second) * channels
        for (let k = 0; k < channels; k++) {
          const above = floats[a + k] + column.share * (floats[b + k] - floats[a + k])
          const below = floats[c + k] + column.share * (floats[d + k] - floats[c + k])
          floats[at++] = above + row.share * (below - above)
        }
      }
    }
  })
  return made
}

/** Between which two lines of `inputs` each of `outputs` lies, and what share of the second it has. */
function between({ coordinates }, inputs, outputs) {
  return Array.from({ length: outputs }, (_, o) => {
    const place =
      coordinates === "align_corners"
        ? (o * (inputs - 1)) / Math.max(outputs - 1, 1)
        : Math.max(((o + 0.5) * inputs) / outputs - 0.5, 0)
    const first = Math.min(Math.floor(place), inputs - 1)
    return { first, second: Math.min(first + 1, inputs - 1), share: place - first }
  })
}

export const SAMPLING = { MaxPool: pool, AveragePool: pool, GlobalAveragePool: globalAveragePool, Resize: resize }
