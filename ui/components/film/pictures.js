// Pictures of one epoch, each a few pixels wide; CSS enlarges the canvases.

const SAMPLES_IN_A_ROW = 8

/** Rows of so many originals, each with the row of their reconstructions right below. */
export function drawPairs(canvas, originals, reconstructions, stays, inARow) {
  const columns = Math.min(inARow, stays.originals)
  const banks = Math.ceil(stays.originals / columns)
  const put = sheet(canvas, stays, columns, 2 * banks, banks)
  for (let i = 0; i < stays.originals; i++) {
    const bank = Math.floor(i / columns)
    put(originals, i, i % columns, 2 * bank, bank)
    put(reconstructions, i, i % columns, 2 * bank + 1, bank)
  }
}

export function drawSamples(canvas, samples, stays, count) {
  const columns = Math.min(SAMPLES_IN_A_ROW, count)
  const put = sheet(canvas, stays, columns, Math.ceil(count / columns), 1)
  for (let i = 0; i < count; i++) put(samples, i, i % columns, Math.floor(i / columns), 0)
}

/** A blank sheet, and how to put picture i of some uint8 (N, C, H, W) into it. Banks of rows stand apart. */
function sheet(canvas, { shape: [channels, height, width], area }, columns, rows, banks) {
  const gap = Math.max(1, Math.round(width / 14))
  canvas.width = columns * (width + gap) - gap
  canvas.height = rows * (height + gap) - gap + (banks - 1) * gap
  const context = canvas.getContext("2d")
  const image = context.createImageData(width, height)
  return (pixels, i, column, row, bank) => {
    for (let p = 0; p < width * height; p++) {
      for (let c = 0; c < 3; c++)
        image.data[4 * p + c] = pixels[i * area + (channels >= 3 ? c * width * height : 0) + p]
      image.data[4 * p + 3] = 255
    }
    context.putImageData(image, column * (width + gap), row * (height + gap) + bank * gap)
  }
}
