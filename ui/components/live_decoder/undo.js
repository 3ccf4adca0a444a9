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

  /** {places, at}: the places around `here`, at most so many, oldest first, and which of them it is. */
  around(here, most) {
    const before = this.past.slice(1 - most)
    const room = most - 1 - before.length
    const after = room ? this.future.slice(-room).reverse() : []
    return { places: [...before, here, ...after], at: before.length }
  }

  /** Where so many steps lead to from `here`, back where they are below 0; undefined where there is nothing. */
  go(steps, here) {
    let place
    for (let k = 0; k < Math.abs(steps); k++) {
      place = steps < 0 ? this.undo(place ?? here) : this.redo(place ?? here)
    }
    return place
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
