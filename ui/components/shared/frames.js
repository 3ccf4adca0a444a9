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

/** An event for whoever listens on the page, outside of the component too. */
export function announce(element, name, detail) {
  element.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }))
}
