// Things that were left: undo and redo.

export class UndoHistory {
  /** `kept`: how many steps back there are at most. */
  constructor(kept = 200) {
    this.kept = kept
    this.past = []
    this.future = []
  }

  /** `here` is about to be left for something new. */
  remember(here) {
    this.past.push(here)
    if (this.past.length > this.kept) this.past.shift()
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
  if (place !== undefined) to.push(here)
  return place
}
