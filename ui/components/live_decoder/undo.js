// Places that were left: undo and redo.

const KEPT = 200

export class UndoHistory {
  constructor() {
    this.past = []
    this.future = []
  }

  /** A place is about to be left for a new one. */
  remember(place) {
    this.past.push(place)
    if (this.past.length > KEPT) this.past.shift()
    this.future = []
  }

  /** Where to go back to from `here`; undefined at the beginning. */
  undo(here) {
    return step(this.past, this.future, here)
  }

  /** Where to go on to from `here`; undefined at the end. */
  redo(here) {
    return step(this.future, this.past, here)
  }
}

function step(from, to, here) {
  const place = from.pop()
  if (place) to.push(here)
  return place
}
