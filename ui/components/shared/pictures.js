// Pixels onto canvases.

/** Pixels in [0, 1], (C, H, W), onto a canvas of exactly that size; CSS enlarges it. */
export function drawPixels(canvas, pixels, [channels, height, width]) {
  sizeCanvas(canvas, width, height)
  const context = canvas.getContext("2d")
  const image = context.createImageData(width, height)
  const area = width * height
  for (let p = 0; p < area; p++) {
    for (let c = 0; c < 3; c++) {
      image.data[4 * p + c] = Math.round(255 * pixels[channels >= 3 ? c * area + p : p])
    }
    image.data[4 * p + 3] = 255
  }
  context.putImageData(image, 0, 0)
}

/** Give a canvas this size in pixels. Where it has it, what is drawn stays. */
export function sizeCanvas(canvas, width, height) {
  if (canvas.width === width && canvas.height === height) return
  canvas.width = width
  canvas.height = height
}

/** An image of what is on a canvas: what stays as it is should be no canvas, for a browser puts each of those together with
 * the page anew in every frame in which something moves. */
export function stillOf(canvas, image = document.createElement("img")) {
  image.alt = ""
  image.draggable = false
  image.decoding = "sync"
  image.src = canvas.toDataURL()
  return image
}

/** The absolute difference of two pictures, drawn, and its sum in words. */
export function drawDifference(canvas, one, other, shape) {
  const difference = one.map((value, i) => Math.abs(value - other[i]))
  drawPixels(canvas, difference, shape)
  return `Σ ${difference.reduce((a, b) => a + b, 0).toFixed(1)}`
}

/** Whether pictures are enlarged smoothly: one choice for all components and visits. */
export function rememberSmooth(box, element) {
  const apply = () => element.classList.toggle("is-smooth", box.checked)
  box.checked = localStorage.getItem("latent-explorer-smooth") === "yes"
  box.onchange = () => {
    localStorage.setItem("latent-explorer-smooth", box.checked ? "yes" : "no")
    apply()
  }
  apply()
}
