// The sliders: one for each dimension, those that carry something first, the others folded away. One of them is chosen:
// the last that was touched. The film strip shows where it leads, and it can be played.

import { showPlaying } from "../../shared/play_button.js"
import { FilmStrip } from "./film_strip.js"
import { Naming } from "./naming.js"
import { Slider } from "./slider.js"
import { Swing } from "./swing.js"

const ROOM = 4 // characters beside a slider, unless names need more

export class Sliders {
  /** `find(selector)` finds the elements of panel.html. `begin()` is called before a movement, `move(slider, value, time)` during it, and
   * `ahead(slider, value)` as soon as it is known that this comes; `release()` after it; `home(slider)` is where a reset of a slider goes; `name({index, name, note})` is told what somebody calls a dimension. */
  constructor(find, { begin, move, ahead, release, home, name }) {
    this.find = find
    this.hand = { begin, move, ahead, release, home }
    this.naming = new Naming(find(".naming"), name)
    this.all = []
    this.chosen = null
    this.strip = new FilmStrip(find(".film"), (value) => this.goTo(value))
    this.swing = new Swing((value, time) => {
      this.chosen.show(value)
      move(this.chosen, value, time)
    })
    find(".play").onclick = () => this.playOrPause()
    this.sayPlaying()
  }

  /** One for each of `dims`, as dims.js describes them; `sayUnused(count)` names those that are folded away. */
  build({ dims, sayUnused }) {
    this.rest()
    this.all = dims.map((dim) => {
      const slider = new Slider(dim, {
        begin: () => this.hand.begin(),
        move: (value, time) => this.hand.move(slider, value, time),
        ahead: (value) => this.hand.ahead(slider, value),
        release: () => this.hand.release(),
        home: () => this.hand.home(slider),
        touch: () => this.choose(slider),
        rename: () => this.rename(slider),
      })
      return slider
    })
    const unused = this.all.filter((slider) => slider.isUnused)
    const folded = unused.length < this.all.length ? unused : [] // where nothing carries anything, all is shown
    this.find(".sliders").replaceChildren(...this.all.filter((one) => !folded.includes(one)).map(elementOf))
    this.find(".unused").hidden = !folded.length
    this.find(".unused .inside").replaceChildren(...folded.map(elementOf))
    this.find(".unused summary").textContent = sayUnused(folded.length)
    this.chosen = null
    this.z = null
    this.choose(this.all[0])
  }

  /** What each is called, of `dims` as in `build`; `canName` says whether somebody may change it. */
  call({ dims }, canName) {
    this.canName = canName
    for (const [k, slider] of this.all.entries()) slider.call(dims[k], canName)
    this.find(".panel").classList.toggle(
      "has-names",
      dims.some(({ shown }) => shown.length > ROOM),
    )
    this.sayChosen()
  }

  rename(slider) {
    if (this.canName && slider.about) this.naming.open(slider.about, `Name z${slider.about.index}`)
  }

  /** `pictures` is how the panel gets its own. */
  use(pictures, shape) {
    this.strip.use(pictures.atOnce ? pictures.decode : null, shape)
    this.find(".play").hidden = !pictures.follow
    this.find(".playing").hidden = !pictures.follow
  }

  choose(slider) {
    if (this.swing.playing) this.pause()
    if (slider === this.chosen) return
    this.chosen?.element.classList.remove("is-chosen")
    this.chosen = slider
    slider.element.classList.add("is-chosen")
    if (slider.name) this.sayChosen()
    if (this.z) this.follow(this.z)
  }

  sayChosen() {
    this.find(".chosen-name").textContent = this.chosen.name
    this.find(".playing").setAttribute("aria-label", `Where ${this.chosen.name} leads`)
  }

  /** Show z on all of them. */
  show(z) {
    for (const slider of this.all) slider.show(slider.axis.of(z))
  }

  /** z has moved, perhaps by one of them alone. */
  follow(z) {
    this.z = z
    this.strip.show(this.chosen, z)
  }

  /** Mark the posterior of the selected image, {mu, sigma}; null for none. */
  mark(posterior) {
    for (const slider of this.all) {
      slider.mark(posterior && [slider.axis.of(posterior.mu), slider.axis.spread(posterior.sigma)])
    }
  }

  goTo(value) {
    const { chosen } = this
    this.hand.begin()
    chosen.show(value)
    this.hand.move(chosen, value, performance.now())
    this.hand.release()
  }

  // --- playing --------------------------------------------------------------------------------------------------------

  playOrPause() {
    if (this.swing.playing) return this.pause()
    const { value, bound } = this.chosen
    this.hand.begin()
    this.swing.play(Math.min(bound, Math.max(-bound, value)), -bound, bound)
    this.sayPlaying()
  }

  /** Stop where it is. */
  pause() {
    this.rest()
    this.hand.release()
  }

  /** Play no more: somebody goes elsewhere. */
  rest() {
    this.swing.pause()
    this.sayPlaying()
  }

  sayPlaying() {
    showPlaying(this.find(".play"), this.find(".playing"), this.swing.playing)
  }

  close() {
    this.rest()
    this.strip.close()
  }
}

function elementOf(slider) {
  return slider.element
}
