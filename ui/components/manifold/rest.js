// Waits until a view is still and let go.

import { same } from "../shared/same.js"

const REST_AFTER = 400 // ms

export class Rest {
  /** `arrived(view)` is called with where a view came to rest, if that is another place than before. */
  constructor(arrived) {
    this.arrived = arrived
    this.view = null
    this.held = false
  }

  /** Python has put the view here: it has arrived. */
  at(view) {
    this.close()
    this.view = view
  }

  moved(view) {
    this.close()
    this.soon = setTimeout(() => {
      if (this.held) return this.moved(view)
      if (!same(view, this.view)) this.arrived(view)
      this.view = view
    }, REST_AFTER)
  }

  close() {
    clearTimeout(this.soon)
  }
}
