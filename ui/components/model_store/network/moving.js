// Nodes that only move numbers about.

import { addressIn } from "./values.js"

const reshape = (plan, node, [x]) => plan.alias(plan.ordered(x, false), node.shape)

function transpose(plan, node, [x]) {
  const addressOf = addressIn(x)
  const at = new Array(node.perm.length)
  return plan.gathered({ shape: node.output, last: false }, (to) => {
    node.perm.forEach((axis, i) => {
      at[axis] = to[i]
    })
    return addressOf(at)
  })
}

function concat(plan, node, inputs) {
  const parts = []
  for (const value of inputs) {
    for (let i = 0; i < value.shape[node.axis]; i++) parts.push({ addressOf: addressIn(value), i })
  }
  return plan.gathered(likeInput(node, inputs[0]), (to) => {
    const { addressOf, i } = parts[to[node.axis]]
    return addressWith(addressOf, to, node.axis, i)
  })
}

function slice(plan, node, [x]) {
  const addressOf = addressIn(x)
  return plan.gathered(likeInput(node, x), (to) =>
    addressWith(addressOf, to, node.axis, node.start + node.step * to[node.axis]),
  )
}

/** The address at coordinates of which one is another. */
function addressWith(addressOf, at, axis, i) {
  const before = at[axis]
  at[axis] = i
  const address = addressOf(at)
  at[axis] = before
  return address
}

const likeInput = (node, { last }) => ({ shape: node.output, last })

/** What stands at place i of a line of `side` numbers that goes on beyond its ends; −1 for nothing of it. */
const BEYOND = {
  constant: (i, side) => (i < 0 || i >= side ? -1 : i),
  edge: (i, side) => Math.min(Math.max(i, 0), side - 1),
  reflect: (i, side) => (i < 0 ? -i : i >= side ? 2 * (side - 1) - i : i),
}

function pad(plan, node, [x]) {
  const addressOf = addressIn(x)
  const border = plan.arena.keep(Float32Array.of(node.value))
  const beyond = BEYOND[node.mode]
  const [, height, width] = x.shape
  return plan.gathered(likeInput(node, x), ([channel, row, column]) => {
    const from = [channel, beyond(row - node.pads[0], height), beyond(column - node.pads[1], width)]
    return from.includes(-1) ? border : addressOf(from)
  })
}

function depthToSpace(plan, node, [x]) {
  const addressOf = addressIn(x)
  const { block } = node
  const [channels] = node.output
  return plan.gathered(likeInput(node, x), ([channel, row, column]) => {
    const pixel = (row % block) * block + (column % block)
    const from = node.mode === "CRD" ? channel * block * block + pixel : pixel * channels + channel
    return addressOf([from, Math.floor(row / block), Math.floor(column / block)])
  })
}

export const MOVING = {
  Reshape: reshape,
  Transpose: transpose,
  Concat: concat,
  Slice: slice,
  Pad: pad,
  DepthToSpace: depthToSpace,
}
