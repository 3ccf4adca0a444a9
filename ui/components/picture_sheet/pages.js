// Pictures kept on a few large canvases ("pages") at their own size, from which they are drawn.

const PAGE_SIDE = 4096 // pixels; larger canvases aren't safe everywhere

/** uint8 pictures (N, C, H, W) as canvases that hold many each: [{canvas, holds, place(i) -> [x, y]}]. */
export function pagesOf(pixels, count, [channels, height, width]) {
  const area = height * width
  const inARow = Math.max(1, Math.floor(PAGE_SIDE / width))
  const holds = inARow * Math.max(1, Math.floor(PAGE_SIDE / height))
  const place = (i) => [((i % holds) % inARow) * width, Math.floor((i % holds) / inARow) * height]
  const pages = []
  for (let first = 0; first < count; first += holds) {
    const many = Math.min(holds, count - first)
    const canvas = document.createElement("canvas")
    canvas.width = Math.min(many, inARow) * width
    canvas.height = Math.ceil(many / inARow) * height
    const context = canvas.getContext("2d")
    const image = context.createImageData(canvas.width, canvas.height)
    for (let i = first; i < first + many; i++)
      putPicture(image, pixels, i * channels * area, place(i), [channels, height, width])
    context.putImageData(image, 0, 0)
    pages.push({ canvas, holds, place })
  }
  return pages
}

/** Draw picture `index` at a place {x, y, width, height}. */
export function drawPicture(context, pages, index, [, height, width], to) {
  const from = pages[Math.floor(index / pages[0].holds)]
  context.drawImage(from.canvas, ...from.place(index), width, height, to.x, to.y, to.width, to.height)
}

/** One picture, whose numbers begin at `from`, to [left, top] of a page. */
function putPicture(image, pixels, from, [left, top], [channels, height, width]) {
  const { data } = image
  const [green, blue] = channels >= 3 ? [height * width, 2 * height * width] : [0, 0]
  for (let y = 0; y < height; y++) {
    let to = 4 * ((top + y) * image.width + left)
    for (let x = 0; x < width; x++, from++, to += 4) {
      data[to] = pixels[from]
      data[to + 1] = pixels[from + green]
      data[to + 2] = pixels[from + blue]
      data[to + 3] = 255
    }
  }
}
