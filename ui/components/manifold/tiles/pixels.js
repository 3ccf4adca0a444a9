// From latent vectors to pixels for a canvas; in the page and in the worker.

const LARGEST_SIDE = 64 // pixels of a tile; pictures of more are averaged over blocks

/** How the tiles of images (C, H, W) are kept: {block, width, height}. */
export function tileShape([, height, width]) {
  const block = Math.ceil(Math.max(height, width) / LARGEST_SIDE)
  return { block, width: Math.floor(width / block) || 1, height: Math.floor(height / block) || 1 }
}

/** Values in [0, 1], (C, H, W) -> RGBA of a tile, written from place `at` of `out` on. */
export function writePixels(values, [channels, height, width], { block, ...tile }, out, at) {
  const area = height * width
  for (let y = 0; y < tile.height; y++) {
    for (let x = 0; x < tile.width; x++, at += 4) {
      for (let c = 0; c < 3; c++) {
        let sum = 0
        let from = (channels >= 3 ? c * area : 0) + y * block * width + x * block
        for (let row = 0; row < block; row++, from += width) {
          for (let column = 0; column < block; column++) sum += values[from + column]
        }
        out[at + c] = Math.round((255 * sum) / (block * block))
      }
      out[at + 3] = 255
    }
  }
}

/** Decode latent vectors that lie one after another in `z`, `lanes` at a time: RGBA of their tiles, one after another. */
export function decodeTiles({ lanes, run }, z, latentDim, shape) {
  const tile = tileShape(shape)
  const bytes = 4 * tile.width * tile.height
  const area = shape[0] * shape[1] * shape[2]
  const count = z.length / latentDim
  const out = new Uint8ClampedArray(count * bytes)
  const some = new Float32Array(lanes * latentDim)
  for (let first = 0; first < count; first += lanes) {
    some.set(z.subarray(first * latentDim, (first + lanes) * latentDim)) // what the last ones lack is decoded for nothing
    const values = run(some)
    for (let k = 0; k < lanes && first + k < count; k++) {
      writePixels(values.subarray(k * area, (k + 1) * area), shape, tile, out, (first + k) * bytes)
    }
  }
  return out
}
