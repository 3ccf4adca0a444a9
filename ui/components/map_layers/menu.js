// The button in the map's bar, and what opens below it: a box for each layer of the map.

import { showText } from "../shared/help.js"
import { same } from "../shared/same.js"

const EDGE = 8 // CSS pixels between the menu and the window's edge
const SAVED =
  "The map as you see it, with its layers, a title and what the colours mean: a PNG of at least 2,126 pixels across (18 cm " +
  "at 300 dots an inch), or an SVG in which axes, letters and up to 20,000 points are shapes."

export class LayerMenu {
  /** `choose(names)` gets the layers that are wanted; `save(format)` saves the map as a file, "png" or "svg". */
  constructor(root, { choose, save }) {
    this.button = root.querySelector(".open")
    this.menu = root.querySelector(".menu")
    this.boxesIn = root.querySelector(".boxes")
    this.choose = choose
    showText(root.querySelector(".why-save"), ["\u200b", { help: SAVED }])
    for (const format of ["png", "svg"]) {
      const button = root.querySelector(`.${format}`)
      button.onclick = async () => {
        button.disabled = true
        await save(format).finally(() => {
          button.disabled = false
        })
      }
    }
    this.button.popoverTargetElement = this.menu
    this.menu.addEventListener("toggle", ({ newState }) => newState === "open" && this.place())
    this.close = () => this.menu.matches(":popover-open") && this.menu.hidePopover()
    window.addEventListener("resize", this.close)
  }

  /** Below the button, and within the window. */
  place() {
    const { left, bottom } = this.button.getBoundingClientRect()
    const room = document.documentElement.clientWidth - this.menu.offsetWidth - EDGE
    this.menu.style.left = `${Math.max(EDGE, Math.min(left, room))}px`
    this.menu.style.top = `${bottom + 4}px`
  }

  /** `layers`: {name, title, help, why_not} of each, of which the last says why there is none; `chosen` are names, `usual`
   * those that nobody has to choose. */
  show(layers, chosen, usual) {
    if (!same(layers, this.layers)) this.build(layers)
    for (const box of this.boxes) box.checked = chosen.has(box.value) && !box.disabled
    this.button.dataset.used = layers.some(({ name }) => chosen.has(name) && !usual.includes(name)) ? "yes" : "no"
  }

  build(layers) {
    this.layers = layers
    const lines = layers.map((layer) => lineOf(layer))
    this.boxes = lines.map(({ box }) => box)
    for (const box of this.boxes) box.onchange = () => this.changed()
    this.boxesIn.replaceChildren(...lines.flatMap(({ parts }) => parts))
  }

  changed() {
    this.choose(new Set(this.boxes.filter((box) => box.checked).map((box) => box.value)))
  }

  end() {
    window.removeEventListener("resize", this.close)
  }
}

function lineOf({ name, title, help, why_not: whyNot }) {
  const [line, label, text] = ["div", "label", "span"].map((kind) => document.createElement(kind))
  const box = Object.assign(document.createElement("input"), {
    type: "checkbox",
    value: name,
    disabled: Boolean(whyNot),
  })
  line.className = "layer helps"
  label.append(box, title)
  showText(text, ["\u200b", { help }])
  line.append(label, text)
  if (!whyNot) return { box, parts: [line] }
  const why = Object.assign(document.createElement("p"), { className: "why-not", textContent: whyNot })
  return { box, parts: [line, why] }
}
