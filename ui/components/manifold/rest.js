// Hears of every move of a view, and tells of it once it is still and let go.

import { same } from "../shared/same.js"

const REST_AFTER = 400 // ms

export class Rest {
  /** `tell(view)` is called with where a view came to rest, if that is another place than before. */
  constructor(tell) {
    this.tell = tell
    this.view = null
    this.held = false
  }

  /** Python has put the view here: nothing to tell. */
  at(view) {
    this.close()
    this.view = view
  }

  moved(view) {
    this.close()
    this.soon = setTimeout(() => {
      if (this.held) return this.moved(view)
      if (!same(view, this.view)) this.tell(view)
      this.view = view
    }, REST_AFTER)
  }

  close() {
    clearTimeout(this.soon)
  }
}
