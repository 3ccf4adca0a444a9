// Labels along an axis: round values of a or b where they lie, also where they are unevenly spaced.

import { withMinus } from "../shared/text.js"

const LABEL_ROOM = 46 // CSS pixels between two labels
const STEPS = [
  100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001, 0.00005,
  0.00002, 0.00001,
]
const EDGE = 10 // nothing hangs over the end of the axis
const MOST_LABELS = 16

/** Labels [{value, at, text}] for values from low to high; `at(value)` is a place from 0 to `length` pixels. */
export function ticksOf(low, high, at, length, even) {
  const ticks = []
  // evenly spaced: one step for all; else the roundest values first, then less round ones in what room is left
  const roomy = STEPS.filter((step) => step * length >= LABEL_ROOM * (high - low))
  for (const step of even ? roomy.slice(-1) : STEPS) {
    const [from, to] = [Math.ceil(low / step), Math.floor(high / step)]
    if (to - from > 400) break // closer than the labels by far
    for (const k of fromTheMiddle(from, to)) {
      const place = at(k * step)
      const free = ticks.every((tick) => Math.abs(tick.at - place) >= LABEL_ROOM * 0.99)
      if (!free || !(place >= EDGE && place <= length - EDGE) || ticks.length === MOST_LABELS) continue
      ticks.push({ value: k * step, at: place, text: signedText(k * step, digitsOf(step)) })
    }
  }
  return ticks
}

/** Whole numbers, the smallest first whatever their sign, so that both sides of 0 get the same labels. */
function fromTheMiddle(from, to) {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, k) => from + k).sort(
    (k, l) => Math.abs(k) - Math.abs(l),
  )
}

function digitsOf(step) {
  return Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
}

export function signedText(value, digits) {
  const text = value.toFixed(digits)
  return withMinus(Number(text) === 0 ? text.replace("-", "") : text)
}

/** Put the labels into an element, as spans moved along it. */
export function showTicks(element, ticks, upright) {
  while (element.children.length < ticks.length) element.append(document.createElement("span"))
  while (element.children.length > ticks.length) element.lastChild.remove()
  ticks.forEach((tick, k) => {
    const label = element.children[k]
    if (label.textContent !== tick.text) label.textContent = tick.text
    const place = `${tick.at.toFixed(1)}px`
    label.style.transform = upright
      ? `translate(0, ${place}) translateY(-50%)`
      : `translate(${place}, 0) translateX(-50%)`
  })
}
