// A value is what a node makes: its shape as PyTorch has it, (C, H, W) or (n,) or any other, and in which order its
// numbers lie. `last`: an image whose channels are the innermost, so that loops over channels run over neighbours.

export const countOf = (shape) => shape.reduce((product, side) => product * side, 1)

/** How far apart neighbours along each axis lie. */
export function stridesOf({ shape, last }) {
  if (last) return [1, shape[2] * shape[0], shape[0]]
  const strides = new Array(shape.length)
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    strides[axis] = step
    step *= shape[axis]
  }
  return strides
}

/** Whether both orders are the same one. */
export const eitherWay = (shape) => shape.length !== 3 || shape[0] === 1 || shape[1] * shape[2] === 1

/** `from(coordinates)` for each number of a value in the order in which they lie. */
export function indexOf({ shape, last }, from) {
  const index = new Int32Array(countOf(shape))
  const axes = last ? [1, 2, 0] : shape.map((_, axis) => axis)
  const at = shape.map(() => 0)
  for (let i = 0; i < index.length; i++) {
    index[i] = from(at)
    for (let k = axes.length - 1; k >= 0; k--) {
      const axis = axes[k]
      at[axis] += 1
      if (at[axis] < shape[axis]) break
      at[axis] = 0
    }
  }
  return index
}

/** Where in the memory the number at some coordinates lies. */
export function addressIn(value) {
  const strides = stridesOf(value)
  return (at) => {
    let address = value.place.at
    for (let axis = 0; axis < strides.length; axis++) address += at[axis] * strides[axis]
    return address
  }
}
