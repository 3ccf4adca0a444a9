// One slider: a range to drag and a number to type, which say the same, and a bar for how much there is along it.

import { stepsOf } from "../../shared/keys.js"

const THUMB = 16 // CSS pixels, as in shared/range.css

/** `dim` is one of dims.js. Calls `touch` where it becomes the one that is used, `begin` before a movement, `move(value, time)` during it, `release`
 * after it; `home()` is where a reset goes. `ahead(value)` is called when the hand has moved, before the browser moves the slider in its next frame. */
export class Slider {
  constructor(dim, { begin, move, ahead, release, home, touch, rename }) {
    const { axis, bound, isUnused } = dim
    Object.assign(this, { axis, bound, isUnused })
    this.element = document.createElement("div")
    this.element.className = isUnused ? "slider is-unused" : "slider"
    this.element.innerHTML = `<button type="button" class="name" tabindex="-1"><span></span><i></i></button><input type="range" step="any" /><input type="number" step="0.1" />`
    const [name, range, number] = this.element.children
    name.lastElementChild.style.setProperty("--share", dim.share)
    name.onclick = rename
    range.min = -bound
    range.max = bound
    this.range = range
    this.number = number
    this.typing = false

    this.element.onpointerdown = touch
    this.element.addEventListener("focusin", touch)
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
    range.addEventListener("pointerdown", () => (this.track = range.getBoundingClientRect()))
    range.addEventListener("pointerrawupdate", ({ buttons, clientX }) => {
      if (moving && buttons === 1) ahead(this.valueAt(clientX))
    })
    range.onkeydown = (event) => {
      if (event.key === "F2") return rename()
      const steps = stepsOf(event.key)
      if (!steps) return
      event.preventDefault()
      const next = this.value + steps * 0.05 * (event.shiftKey ? 10 : 1)
      const reach = Math.max(bound, Math.abs(this.value)) // a typed value may lie outside
      set(Math.min(reach, Math.max(-reach, Number(next.toFixed(4)))), event.timeStamp)
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

  /** Say what it is called, and what is known of it; `canName` says whether that may be changed. */
  call({ name, shown, label, known, about }, canName) {
    Object.assign(this, { name, about })
    this.element.title = known
    const [button, range, number] = this.element.children
    button.firstElementChild.textContent = shown
    button.setAttribute("aria-label", about ? `Name ${lower(label)}` : label)
    button.disabled = !(canName && about)
    range.setAttribute("aria-label", label)
    number.setAttribute("aria-label", `Value of ${lower(label)}`)
  }

  /** Show where mu ± sigma of the selected image's posterior is; null for none. */
  mark(posterior) {
    this.element.classList.toggle("is-marked", Boolean(posterior))
    if (!posterior) return
    const [mu, sigma] = posterior
    const bound = Number(this.range.max)
    const share = (value) => Math.min(1, Math.max(0, (value + bound) / (2 * bound)))
    const ends = { "--low": share(mu - sigma), "--mean": share(mu), "--high": share(mu + sigma) }
    for (const [name, value] of Object.entries(ends)) this.element.style.setProperty(name, value.toFixed(4))
  }

  /** What the browser makes of a pointer that drags the thumb. */
  valueAt(clientX) {
    const share = (clientX - this.track.left - THUMB / 2) / (this.track.width - THUMB)
    return -this.bound + Math.min(1, Math.max(0, share)) * 2 * this.bound
  }

  show(value) {
    this.value = value
    this.range.value = value
    const share = (this.range.valueAsNumber - this.range.min) / (this.range.max - this.range.min)
    // the track is filled between the middle, which is 0, and the thumb
    this.range.style.setProperty("--from", Math.min(share, 0.5))
    this.range.style.setProperty("--to", Math.max(share, 0.5))
    const text = (Math.round(value * 100) / 100 + 0).toFixed(2) // + 0: there is no minus before a 0
    this.range.setAttribute("aria-valuetext", text)
    if (!this.typing) this.number.value = text // what somebody is typing is not replaced
  }
}

function lower(label) {
  return label[0].toLowerCase() + label.slice(1)
}
