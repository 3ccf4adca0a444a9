// The places where somebody was, as small pictures to go back to, and a walk through them.

import { pointAt } from "../scrubber/path.js"
import { showPlaying } from "../shared/play_button.js"
import { bytesFromBase64 } from "../shared/text.js"
import { PictureRow } from "./picture_row.js"
import { Swing } from "./sliders/swing.js"

export const MOST = 12 // as in live_decoder/__init__.py
const LEG_SECONDS = 1.5 // from one place to the next

export class Visited {
  /** `find(selector)` finds the elements of panel.html. `goTo(steps)` goes so many steps back (below 0) or on; `begin()` is
   * called before a walk, `move(z, time)` during it, `release()` after it; `keep(places)` wants it as a file. */
  constructor(find, { goTo, begin, move, release, keep }) {
    this.find = find
    this.hand = { begin, release }
    this.places = []
    this.row = new PictureRow(find(".places"), (k) => goTo(k - this.at))
    this.swing = new Swing((t, time) => {
      move(pointAt({ kind: "lerp", anchors: this.places }, t), time)
      this.row.mark(Math.round(t))
    })
    find(".walk").onclick = () => this.walkOrPause()
    find(".keep-walk").onclick = () => keep(this.places)
    this.sayWalking()
  }

  get walking() {
    return this.swing.playing
  }

  /** `pictures` is how the panel gets its own; with those of Python's alone there is nothing to see. */
  use(pictures, shape) {
    this.row.use(pictures.atOnce ? pictures.decode : null, shape)
    this.find(".visited").classList.toggle("is-blind", !pictures.atOnce)
  }

  /** Show these, [{row, z}], oldest first; one is at that of number `at`. */
  show({ places, at }) {
    const told = ({ row }, k) => `place ${k + 1} of ${places.length}${row === null ? "" : `, with row ${row} selected`}`
    this.places = places.map(({ z }) => z)
    this.at = at
    const titled = (place, k) => ({ z: place.z, title: `${k === at ? "Here" : "Go to"}: ${told(place, k)}` })
    this.row.show(places.map(titled))
    this.row.mark(at)
    for (const name of [".walk", ".keep-walk"]) {
      const button = this.find(name)
      if (button) button.disabled = places.length < 2
    }
  }

  walkOrPause() {
    if (this.walking) {
      this.rest()
      this.hand.release()
      return
    }
    this.hand.begin()
    const last = this.places.length - 1
    const from = this.at < last ? this.at : 0
    this.swing.play(from, 0, last, { seconds: LEG_SECONDS * last, stops: last + 1 })
    this.sayWalking()
  }

  /** Walk no more: somebody goes elsewhere. */
  rest() {
    this.swing.pause()
    this.sayWalking()
  }

  sayWalking() {
    const button = this.find(".walk")
    showPlaying(button, this.find(".visited"), this.walking)
    button.setAttribute("aria-label", this.walking ? "Pause the walk" : "Walk through these places")
  }

  /** Python has made a GIF, {id, gif}: have the browser keep it as `name`, once. */
  keep(made, name) {
    if (!made || made.id === this.kept) return
    this.kept = made.id
    const address = URL.createObjectURL(new Blob([bytesFromBase64(made.gif)], { type: "image/gif" }))
    Object.assign(document.createElement("a"), { href: address, download: name }).click()
    setTimeout(() => URL.revokeObjectURL(address), 60_000)
  }

  close() {
    this.rest()
    this.row.close()
  }
}
