// The ring over Streamlit's native map that says which place is meant.
//
// It is moved by scrolling what it lies in. A browser leaves that to its compositor; for a transform that a script sets it
// puts all layers of the page together anew, and somebody who moves in latent space would wait for it in every frame.

const ACROSS = 22 // pixels
const BEYOND = 16 // CSS pixels around the map in which it is seen as well
const FAR = 8192 // CSS pixels: where it lies in what is scrolled, to the right of and below all of a map

export class MapRing {
  /** `name`: what tests call it; `across`: CSS pixels. */
  constructor(name = "you-are-here", across = ACROSS) {
    this.across = across
    this.element = document.createElement("div")
    this.element.dataset.testid = name
    this.element.style.cssText =
      `position:absolute;left:${FAR}px;top:${FAR}px;width:${across}px;height:${across}px;` +
      "box-sizing:border-box;border-radius:50%;border:3px solid currentColor;will-change:transform;" +
      "background:radial-gradient(circle,currentColor 0 2px,transparent 2.5px);"
    const room = document.createElement("div")
    room.style.cssText = `width:${2 * FAR}px;height:${2 * FAR}px;`
    this.scroller = document.createElement("div")
    this.scroller.inert = true // no stop of the Tab key
    this.scroller.style.cssText =
      `position:absolute;inset:-${BEYOND}px;z-index:2;display:none;pointer-events:none;direction:ltr;` +
      "overflow:hidden;contain:strict;will-change:scroll-position;"
    this.scroller.append(room, this.element)
  }

  /** Lie over all of this element, which is positioned. */
  over(container) {
    if (this.scroller.parentElement === container) return
    container.append(this.scroller)
  }

  remove() {
    this.scroller.remove()
  }

  /** Draw it at map coordinates {x, y, exact} of a NativeChart; nowhere without. A dashed ring says: about here. */
  draw(chart, place) {
    const at = place && chart?.pixels(place.x, place.y)
    setStyle(this.scroller, "display", at ? "block" : "none")
    if (!at) return
    this.scroller.scrollTo({
      left: Math.round(FAR + this.across / 2 - BEYOND - at.left),
      top: Math.round(FAR + this.across / 2 - BEYOND - at.top),
      behavior: "instant",
    })
    // beyond the axes it waits at the edge, smaller, on the way to where it is
    setStyle(this.element, "transform", at.outside ? "scale(0.6)" : "")
    setStyle(this.element, "borderStyle", place.exact ? "solid" : "dashed")
    this.element.dataset.exact = place.exact
    this.element.dataset.outside = at.outside
  }

  /** `theme(name)` gives a variable of the theme's: the chart has none of its own. */
  paint(theme) {
    const [accent, page, text] = ["primary", "background", "text"].map((name) => theme(`--st-${name}-color`))
    this.element.style.color = accent
    // in two tones: the accent alone is lost on points like it, and each point is unlike one of the two
    this.element.style.boxShadow = `0 0 0 1.5px ${page}, 0 0 0 3.5px ${text}, inset 0 0 0 1.5px ${page}`
  }
}

/** Write a style only where it differs. */
function setStyle({ style }, name, value) {
  if (style[name] !== value) style[name] = value
}
