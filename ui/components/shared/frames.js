// Drawing in the browser's next frame, and saying that something was drawn.

/** Calls `draw(inputTime)` in the next frame, once however often it is asked to. */
export class NextFrame {
  constructor(draw) {
    this.draw = draw
    this.request = null
  }

  /** `inputTime` is the time stamp of the event that asks. */
  ask(inputTime) {
    this.inputTime = inputTime
    this.request ??= requestAnimationFrame(() => {
      this.request = null
      this.draw(this.inputTime)
    })
  }

  cancel() {
    cancelAnimationFrame(this.request)
    this.request = null
  }
}

/** Draws at once, but no more than once before the browser's next frame, in which it is shown: what comes meanwhile is
 * drawn there. `shown(inputTime)` is called in that frame, with the time of the first event of those it shows. */
export class OnceAFrame {
  constructor(draw, shown) {
    this.draw = draw
    this.shown = shown
    this.request = null
  }

  /** `inputTime` is the time stamp of the event that asks. */
  ask(inputTime) {
    if (this.request !== null) {
      this.more = true
      return
    }
    this.more = false
    this.draw()
    this.request = requestAnimationFrame(() => {
      this.request = null
      if (this.more) this.draw()
      this.shown(inputTime)
    })
  }

  cancel() {
    cancelAnimationFrame(this.request)
    this.request = null
  }
}

/** An event for whoever listens on the page, outside of the component too. */
export function announce(element, name, detail) {
  element.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }))
}
