// Work that may wait, done between the browser's frames.

const LONGEST = 30 // ms: no idle time is longer than 50

// Safari has no idle time: there, once nothing was asked for a moment
const [whenIdle, forget] = globalThis.requestIdleCallback
  ? [requestIdleCallback, cancelIdleCallback]
  : [(run) => setTimeout(() => run(shortWhile()), 50), clearTimeout]

function shortWhile() {
  const end = performance.now() + LONGEST + 1
  return { timeRemaining: () => end - performance.now() }
}

/** `work()` does one piece and says whether there is more. A piece begins only where the browser has as much time left as
 * the last one took, so no frame comes late for it. */
export class BetweenFrames {
  constructor(work) {
    this.work = work
    this.took = 0
    this.request = null
  }

  ask() {
    this.request ??= whenIdle((idle) => this.run(idle))
  }

  run(idle) {
    this.request = null
    let more = true
    while (more && idle.timeRemaining() > this.took) {
      const start = performance.now()
      more = this.work()
      this.took = Math.min(LONGEST, performance.now() - start)
    }
    if (more) this.ask()
  }

  cancel() {
    forget(this.request)
    this.request = null
  }
}
