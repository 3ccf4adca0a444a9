// What Python sends once and components of the page use: kept by name, and waited for until it is there.

export class Shelf {
  /** `kept` and `waiting` are two Maps on `window`, because every component is its own module; the newest `most` stay. */
  constructor({ kept, waiting }, most) {
    this.kept = kept
    this.waiting = waiting
    this.most = most
  }

  has(name) {
    return this.kept.has(name)
  }

  /** Keep something, and wake whoever waits for it. */
  keep(name, thing) {
    this.kept.set(name, thing)
    while (this.kept.size > this.most) this.kept.delete(this.kept.keys().next().value)
    for (const wake of this.waiting.get(name) ?? []) wake(thing)
    this.waiting.delete(name)
  }

  /** Call `use(thing)` now or as soon as it is there. */
  when(name, use) {
    if (this.kept.has(name)) {
      use(this.kept.get(name))
      return
    }
    this.waiting.set(name, [...(this.waiting.get(name) ?? []), use])
  }
}
