// The data set's images, small, on one picture: what neighbours look like, without asking the server for each.

import { Shelf } from "../model_store/shelf.js"
import { parseTensors } from "../shared/safetensors.js"

window.latentSpaceSheets ??= { kept: new Map(), waiting: new Map() }
const shelf = new Shelf(window.latentSpaceSheets, 2)

/** Keep a sheet that Python sent: a PNG file, and how it is divided into tiles. */
export async function keepSheet(bytes) {
  const { metadata, tensors } = parseTensors(bytes)
  const about = JSON.parse(metadata.sheet)
  if (shelf.has(about.identity)) return
  const picture = await createImageBitmap(new Blob([tensors.png.data], { type: "image/png" }))
  shelf.keep(about.identity, { ...about, picture })
}

/** Call `use(sheet)` now or as soon as the one of this data set arrives. */
export function withSheet(identity, use) {
  shelf.when(identity, use)
}

/** The images of a sheet as Thumbnails takes them. */
export function tilesOf(sheet) {
  const { picture, width, height } = sheet
  return { width, height, at: (row) => ({ image: picture, ...placeOf(sheet, row) }) }
}

/** Draw the image of `row` onto a canvas of exactly its tile's size. */
export function drawTile(sheet, row, canvas) {
  const { picture, width, height } = sheet
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
  const { left, top } = placeOf(sheet, row)
  canvas.getContext("2d").drawImage(picture, left, top, width, height, 0, 0, width, height)
}

function placeOf({ columns, width, height }, row) {
  return { left: (row % columns) * width, top: Math.floor(row / columns) * height }
}
