// The latent space of one moment on a canvas: points in class colours, axes that stay through the whole film.

import { sizeCanvas } from "../shared/pictures.js"
import { drawPoint } from "../shared/point.js"
import { signed } from "../shared/text.js"

const FARTHEST_SPANS = 4 // a film is no wider than so many times its newest frame: one wild epoch must not shrink the rest

/** {x: [low, high], y: …}: holds all but the outer 2 % of the points of every frame. */
export function extent(frames) {
  const of = (axis) => {
    const ranges = frames.map((frame) => innerRange(frame[axis]))
    const [newestLow, newestHigh] = ranges.at(-1)
    const middle = (newestLow + newestHigh) / 2
    const reach = (FARTHEST_SPANS / 2) * Math.max(newestHigh - newestLow, 0.5)
    const low = Math.max(Math.min(...ranges.map((range) => range[0])), middle - reach)
    const high = Math.min(Math.max(...ranges.map((range) => range[1])), middle + reach)
    const room = 0.08 * Math.max(high - low, 0.5)
    return [low - room, high + room]
  }
  return { x: of("x"), y: of("y") }
}

function innerRange(values) {
  const sorted = Float32Array.from(values).sort()
  return [sorted[Math.floor(0.01 * (sorted.length - 1))], sorted[Math.ceil(0.99 * (sorted.length - 1))]]
}

/** Draw points at `share` of the way from frame `from` to frame `to`. `look` holds colours and axis names. */
export function drawScatter(canvas, { from, to, share, labels, range, look }) {
  const ratio = window.devicePixelRatio || 1
  const [width, height] = [canvas.clientWidth, canvas.clientHeight]
  if (!width || !height) return
  sizeCanvas(canvas, Math.round(width * ratio), Math.round(height * ratio))
  const context = canvas.getContext("2d")
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, height)
  const scale = fit(range, width, height)
  drawGrid(context, scale, width, height, look)
  const radius = Math.min(4, Math.max(2, 44 / Math.sqrt(labels.length) + 1))
  context.globalAlpha = 0.75
  for (let i = 0; i < labels.length; i++) {
    const x = scale.left(from.x[i] + share * (to.x[i] - from.x[i]))
    const y = scale.top(from.y[i] + share * (to.y[i] - from.y[i]))
    drawPoint(context, x, y, radius, labels[i], look.colours)
  }
  context.globalAlpha = 1
}

/** One unit is as long up as across: the wider of the two axes decides. */
function fit(range, width, height) {
  const unit = Math.min(width / (range.x[1] - range.x[0]), height / (range.y[1] - range.y[0]))
  const [middleX, middleY] = [(range.x[0] + range.x[1]) / 2, (range.y[0] + range.y[1]) / 2]
  return {
    unit,
    left: (x) => width / 2 + (x - middleX) * unit,
    top: (y) => height / 2 - (y - middleY) * unit,
    x: [middleX - width / 2 / unit, middleX + width / 2 / unit],
    y: [middleY - height / 2 / unit, middleY + height / 2 / unit],
  }
}

function drawGrid(context, scale, width, height, look) {
  const step = niceStep(70 / scale.unit)
  const digits = Math.max(0, -Math.floor(Math.log10(step)))
  context.font = `11px ${look.font}`
  context.lineWidth = 1
  context.strokeStyle = look.grid
  context.fillStyle = look.text
  for (const [low, high, place, vertical] of [
    [...scale.x, scale.left, true],
    [...scale.y, scale.top, false],
  ]) {
    for (let value = Math.ceil(low / step) * step; value < high; value += step) {
      const at = Math.round(place(value)) + 0.5
      context.globalAlpha = Math.abs(value) < step / 2 ? 1 : 0.45
      context.beginPath()
      context.moveTo(vertical ? at : 0, vertical ? 0 : at)
      context.lineTo(vertical ? at : width, vertical ? height : at)
      context.stroke()
      context.globalAlpha = 0.65
      const text = signed(Math.abs(value) < step / 2 ? 0 : value, digits)
      context.textAlign = vertical ? "center" : "left"
      if (vertical && at > 30 && at < width - 40) context.fillText(text, at, height - 5)
      if (!vertical && at > 28 && at < height - 22) context.fillText(text, 5, at - 3)
    }
  }
  context.globalAlpha = 0.9
  context.textAlign = "right"
  context.fillText(look.axes[0], width - 6, height - 5)
  context.textAlign = "left"
  context.fillText(look.axes[1], 5, 14)
  context.globalAlpha = 1
}

/** The smallest of 1, 2, 5 × 10ⁿ that is at least `least`. */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least)
}
