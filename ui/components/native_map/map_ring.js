// The ring over Streamlit's native map that says which place is meant.

const ACROSS = 22 // pixels

export class MapRing {
  /** `name`: what tests call it; `across`: CSS pixels. */
  constructor(name = "you-are-here", across = ACROSS) {
    this.across = across
    this.element = document.createElement("div")
    this.element.dataset.testid = name
    this.element.style.cssText =
      "position:absolute;left:0;top:0;pointer-events:none;display:none;" +
      `width:${across}px;height:${across}px;` +
      "box-sizing:border-box;border-radius:50%;border:3px solid currentColor;z-index:2;" +
      "background:radial-gradient(circle,currentColor 0 2px,transparent 2.5px);"
  }

  /** Draw it at map coordinates {x, y, exact} of a NativeChart; nowhere without. A dashed ring says: about here. */
  draw(chart, place) {
    const at = place && chart?.pixels(place.x, place.y)
    this.element.style.display = at ? "block" : "none"
    if (!at) return
    // beyond the axes it waits at the edge, smaller, on the way to where it is
    const size = at.outside ? "scale(0.6)" : ""
    this.element.style.transform = `translate(${at.left - this.across / 2}px, ${at.top - this.across / 2}px) ${size}`
    this.element.style.borderStyle = place.exact ? "solid" : "dashed"
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
