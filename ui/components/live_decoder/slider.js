// One latent dimension: a range to drag and a number to type, which say the same.

import { stepsOf } from "../shared/keys.js"

export const UNUSED_KL = 0.01 // nats: below, a dimension carries almost nothing

/** Calls `begin` before a movement, `move(value, time)` during it, `release` after it; `home()` is where a reset goes. */
export class Slider {
  constructor({ index, kl, low, high }, { begin, move, release, home }) {
    this.index = index
    this.element = document.createElement("div")
    this.element.className = kl < UNUSED_KL ? "slider is-unused" : "slider"
    this.element.title = `Dimension ${index}: KL ${kl.toFixed(2)} nats per image, averaged over the test images`
    this.element.innerHTML = `<span class="name"></span><input type="range" step="any" /><input type="number" step="0.1" />`
    const [name, range, number] = this.element.children
    name.textContent = `z${index}`
    range.min = low
    range.max = high
    range.setAttribute("aria-label", `Latent dimension ${index}`)
    number.setAttribute("aria-label", `Value of latent dimension ${index}`)
    this.range = range
    this.number = number
    this.typing = false

    let moving = false
    const start = () => {
      if (!moving) begin()
      moving = true
    }
    const finish = () => {
      if (moving) release()
      moving = false
    }
    const set = (value, time) => {
      start()
      this.show(value)
      move(value, time)
    }
    range.oninput = (event) => set(range.valueAsNumber, event.timeStamp)
    range.onchange = finish
    range.onkeydown = (event) => {
      const steps = stepsOf(event.key)
      if (!steps) return
      event.preventDefault()
      const next = this.value + steps * 0.05 * (event.shiftKey ? 10 : 1)
      const [from, to] = [Math.min(low, this.value), Math.max(high, this.value)] // a typed value may lie outside
      set(Math.min(to, Math.max(from, Number(next.toFixed(4)))), event.timeStamp)
    }
    range.onkeyup = finish
    range.onblur = finish
    range.ondblclick = (event) => {
      set(home(), event.timeStamp)
      finish()
    }
    number.oninput = () => {
      this.typing = true
    }
    number.onblur = () => {
      this.typing = false
      this.show(this.value)
    }
    number.onchange = (event) => {
      this.typing = false
      const value = number.valueAsNumber
      if (!Number.isFinite(value)) {
        this.show(this.value)
        return
      }
      set(Math.min(100, Math.max(-100, value)), event.timeStamp)
      finish()
    }
  }

  show(value) {
    this.value = value
    this.range.value = value
    const share = (this.range.valueAsNumber - this.range.min) / (this.range.max - this.range.min)
    this.range.style.setProperty("--fill", share) // the thumb is 1rem wide, so the fill ends in its middle
    this.range.setAttribute("aria-valuetext", value.toFixed(2))
    if (!this.typing) this.number.value = value.toFixed(2) // what somebody is typing is not replaced
  }
}
