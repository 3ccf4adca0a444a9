// Pictures from elsewhere: dropped, pasted, opened, or of a camera. Each becomes bytes of the model's size, and words for
// what was done to it.

import { changesOf, fitted } from "./fitting.js"

const MOST_BYTES = 20 * 2 ** 20 // as Python reads them
const MOST_PIXELS = 16_000_000 // what is larger is halved by the browser first

/** A picture that can't be used, in a sentence. */
export class PictureError extends Error {}

/** {bytes, changes} of a file. `reading`: {background, values, fit} as the model's images were read. Throws PictureError. */
export async function pictureOf(file, shape, reading) {
  if (file.size > MOST_BYTES) {
    throw new PictureError(`The file has ${Math.ceil(file.size / 2 ** 20)} MB, expected at most 20.`)
  }
  const deep = await isDeep(file)
  if (deep && reading.values) {
    throw new PictureError("This file has 16 bits a value, of which a browser keeps 8. Add it in Generate instead.")
  }
  let picture
  try {
    picture = await createImageBitmap(file, { colorSpaceConversion: "none" })
  } catch {
    throw new PictureError("The browser can't read this file as an image. PNG, JPEG, WebP, GIF, BMP and AVIF work.")
  }
  try {
    return pictureFrom(picture, picture, shape, reading)
  } finally {
    picture.close()
  }
}

/** {bytes, changes} of what a canvas can draw, of so many pixels. */
export function pictureFrom(source, { width, height }, shape, reading) {
  let scale = 1
  while (width * height * scale * scale > MOST_PIXELS) scale /= 2
  const [wide, high] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
  const canvas = new OffscreenCanvas(wide, high)
  const context = canvas.getContext("2d", { willReadFrequently: true })
  const draw = () => context.drawImage(source, 0, 0, wide, high)
  draw()
  let pixels = context.getImageData(0, 0, wide, high)
  const covered = hasTransparency(pixels.data)
  if (covered) {
    context.globalCompositeOperation = "destination-over"
    context.fillStyle = reading.background
    context.fillRect(0, 0, wide, high)
    pixels = context.getImageData(0, 0, wide, high)
  }
  const { bytes, facts } = fitted(pixels, shape, reading.values, reading.fit === "pad" ? ground(reading) : null)
  return { bytes, changes: changesOf({ ...facts, covered }, [width, height], shape) }
}

/** Red, green and blue of the colour that is padded with. */
function ground({ background }) {
  const context = new OffscreenCanvas(1, 1).getContext("2d")
  context.fillStyle = background
  context.fillRect(0, 0, 1, 1)
  return [...context.getImageData(0, 0, 1, 1).data.subarray(0, 3)]
}

function hasTransparency(data) {
  for (let at = 3; at < data.length; at += 4) if (data[at] < 255) return true
  return false
}

/** Whether a file is a PNG of 16 bits a value. */
async function isDeep(file) {
  const head = new Uint8Array(await file.slice(0, 26).arrayBuffer())
  return head.length > 24 && head[1] === 0x50 && head[2] === 0x4e && head[3] === 0x47 && head[24] === 16
}

/** The first file that was dropped or pasted; null where there is none. */
export function fileOf(transfer) {
  return transfer?.files?.[0] ?? null
}
