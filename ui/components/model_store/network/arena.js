// Where a network's numbers lie: places in one memory. What is never needed at the same time shares a place.
//
// Addresses are counted in numbers of four bytes.

const FIRST = 512 // below is the WebAssembly module's own
const WHOLE = 4 // places are whole vectors long, so that loops over four at a time need no rest

export class Arena {
  constructor() {
    this.end = FIRST
    this.free = []
    this.kept = []
    this.nothing = null
  }

  get bytes() {
    return 4 * this.end
  }

  /** A place of `count` numbers: {at, holders}, until all its holders have let it go. */
  take(count) {
    const size = Math.ceil(count / WHOLE) * WHOLE
    let best = -1
    this.free.forEach((place, i) => {
      if (place.size >= size && (best < 0 || place.size < this.free[best].size)) best = i
    })
    if (best >= 0) return { ...this.free.splice(best, 1)[0], holders: 1 }
    const at = this.end
    this.end += size
    return { at, size, holders: 1 }
  }

  letGo(place) {
    place.holders -= 1
    if (place.holders === 0) this.free.push({ at: place.at, size: place.size })
  }

  /** Numbers that stay (Float32Array or Int32Array): returns where. */
  keep(numbers) {
    const at = this.end
    this.end += Math.ceil(numbers.length / WHOLE) * WHOLE
    this.kept.push({ at, numbers })
    return at
  }

  /** At least `count` zeros: returns where. */
  zeros(count) {
    if (!this.nothing || this.nothing.count < count) this.nothing = { at: this.keep(new Float32Array(count)), count }
    return this.nothing.at
  }

  /** Write what stays into the memory, which was all zeros. */
  fill({ floats, ints }) {
    for (const { at, numbers } of this.kept) (numbers instanceof Int32Array ? ints : floats).set(numbers, at)
    this.kept = []
  }
}
