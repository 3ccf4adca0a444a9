// Nodes that give parts of a value mean 0 and variance 1.

import { countOf, stridesOf } from "./values.js"

/** Each of `groups` groups of channels; then weight and bias by channel. */
function groupNormalization(plan, node, [x], tensorOf) {
  const groups = node.groups ?? node.channels // without groups it is an InstanceNormalization
  const made = plan.over(x)
  const [channels] = x.shape
  const area = countOf(x.shape) / channels
  const [weight, bias] = [tensorOf("weight"), tensorOf("bias")]
  const step = stridesOf(x)[0]
  const apart = x.last ? channels : 1 // neighbours within one channel
  const size = channels / groups
  const [from, to] = [x.place.at, made.place.at]
  plan.add(({ floats }) => {
    for (let first = 0; first < channels; first += size) {
      let sum = 0
      for (let c = first; c < first + size; c++) {
        for (let p = 0, at = from + c * step; p < area; p++, at += apart) sum += floats[at]
      }
      const mean = sum / (size * area)
      let squares = 0
      for (let c = first; c < first + size; c++) {
        for (let p = 0, at = from + c * step; p < area; p++, at += apart) squares += (floats[at] - mean) ** 2
      }
      const scale = 1 / Math.sqrt(squares / (size * area) + node.epsilon)
      for (let c = first; c < first + size; c++) {
        const slope = weight ? scale * weight[c] : scale
        const shift = bias ? bias[c] : 0
        for (let p = 0, at = c * step; p < area; p++, at += apart) {
          floats[to + at] = (floats[from + at] - mean) * slope + shift
        }
      }
    }
  })
  return made
}

/** The last axes; then weight and bias of their shape. */
function layerNormalization(plan, node, [given], tensorOf) {
  const x = plan.ordered(given, false)
  const made = plan.over(x)
  const size = countOf(node.normalized)
  const count = countOf(x.shape)
  const [weight, bias] = [tensorOf("weight"), tensorOf("bias")]
  const [from, to] = [x.place.at, made.place.at]
  plan.add(({ floats }) => {
    for (let row = 0; row < count; row += size) {
      let sum = 0
      for (let i = row; i < row + size; i++) sum += floats[from + i]
      const mean = sum / size
      let squares = 0
      for (let i = row; i < row + size; i++) squares += (floats[from + i] - mean) ** 2
      const scale = 1 / Math.sqrt(squares / size + node.epsilon)
      for (let i = 0; i < size; i++) {
        const even = (floats[from + row + i] - mean) * scale
        floats[to + row + i] = weight ? even * weight[i] + bias[i] : even
      }
    }
  })
  return made
}

export const NORMALIZATION = {
  GroupNormalization: groupNormalization,
  InstanceNormalization: groupNormalization,
  LayerNormalization: layerNormalization,
}
