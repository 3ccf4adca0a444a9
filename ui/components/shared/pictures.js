// Pixels onto canvases, and other small things that several components share.

/** Pixels in [0, 1], (C, H, W), onto a canvas of exactly that size; CSS enlarges it. */
export function drawPixels(canvas, pixels, [channels, height, width]) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width
    canvas.height = height
  }
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

/** Box and Muller's draw from N(0, 1). */
export function standardNormal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
}

/** Whether "#rrggbb" is nearer to black than to white: decides how the browser draws its own controls. */
export function isDark(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
  return 0.3 * red + 0.6 * green + 0.1 * blue < 128
}

export function signed(value, digits) {
  return value.toFixed(digits).replace("-", "−")
}

/** uint8 pixels in base64 -> numbers in [0, 1]. */
export function fromBase64(text) {
  return Float32Array.from(atob(text), (character) => character.charCodeAt(0) / 255)
}
