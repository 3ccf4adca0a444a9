// When things are drawn: in the browser's next frame, or between frames. And saying that something was drawn.

const LONGEST = 30 // ms of work between frames that is waited for: no idle time is longer than 50
const PATIENCE = 500 // ms that it waits for such a time

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

// Safari has no idle time: there, once nothing was asked for a moment
const [whenIdle, forget] = globalThis.requestIdleCallback
  ? [requestIdleCallback, cancelIdleCallback]
  : [(run) => setTimeout(() => run(shortWhile()), 50), clearTimeout]

function shortWhile() {
  const end = performance.now() + LONGEST + 1
  return { timeRemaining: () => end - performance.now() }
}

/** `work()` does one piece and says whether there is more. A piece begins only where the browser has as much time left as
 * the last one took, so no frame comes late for it; or once it has had to wait for long. */
export class BetweenFrames {
  constructor(work) {
    this.work = work
    this.took = 0
    this.request = null
    this.since = null // when, of what is still to do, the last piece was done, or asked for
  }

  ask() {
    this.since ??= performance.now()
    this.request ??= whenIdle((idle) => this.run(idle), { timeout: PATIENCE })
  }

  run(idle) {
    this.request = null
    let more = performance.now() - this.since < PATIENCE || this.piece()
    while (more && idle.timeRemaining() > this.took) more = this.piece()
    if (more) this.ask()
    else this.since = null
  }

  piece() {
    this.since = performance.now()
    const more = this.work()
    this.took = Math.min(LONGEST, performance.now() - this.since)
    return more
  }

  cancel() {
    forget(this.request)
    this.request = this.since = null
  }
}

/** An event for whoever listens on the page, outside of the component too. */
export function announce(element, name, detail) {
  element.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }))
}
