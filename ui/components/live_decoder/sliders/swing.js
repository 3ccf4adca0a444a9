// A slider that plays: from end to end and back, until somebody stops it.

const SECONDS = 4 // from one end to the other
export const STOPS = 9 // where it stands for a moment, for people who want little motion

export class Swing {
  /** `move(value, time)` is called in every frame while it plays. */
  constructor(move) {
    this.move = move
    this.still = window.matchMedia("(prefers-reduced-motion: reduce)")
    this.playing = false
  }

  /** Play from `value` between `low` and `high`; upwards first. */
  play(value, low, high) {
    this.pause()
    this.playing = true
    let heading = value >= high ? -1 : 1
    let [at, before, shown] = [value, null, null]
    const tick = (now) => {
      at += before === null ? 0 : (((now - before) / 1000) * heading * (high - low)) / SECONDS
      before = now
      if (at >= high || at <= low) heading = at >= high ? -1 : 1
      at = Math.min(high, Math.max(low, at))
      const next = this.still.matches ? nearestStop(at, low, high) : at
      if (next !== shown) this.move(next, now)
      shown = next
      if (this.playing) this.frame = requestAnimationFrame(tick)
    }
    this.frame = requestAnimationFrame(tick)
  }

  pause() {
    cancelAnimationFrame(this.frame)
    this.playing = false
  }
}

/** The values of STOPS even places from `low` to `high`. */
export function stopsOf(low, high) {
  return Array.from({ length: STOPS }, (_, k) => low + (k * (high - low)) / (STOPS - 1))
}

function nearestStop(value, low, high) {
  return stopsOf(low, high)[Math.round(((value - low) / (high - low)) * (STOPS - 1))]
}
