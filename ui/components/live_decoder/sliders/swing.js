// A number that plays: from end to end and back, until somebody stops it.

const SECONDS = 4 // from one end of a slider to the other
export const STOPS = 9 // of a slider: where it stands for a moment, for people who want little motion

export class Swing {
  /** `move(value, time)` is called in every frame while it plays. */
  constructor(move) {
    this.move = move
    this.still = window.matchMedia("(prefers-reduced-motion: reduce)")
    this.playing = false
  }

  /** Play from `value` between `low` and `high`, which takes so many `seconds`; upwards first. People who want little motion see it
   * at so many `stops` alone. */
  play(value, low, high, { seconds, stops } = { seconds: SECONDS, stops: STOPS }) {
    this.pause()
    this.playing = true
    const values = stopsOf(low, high, stops)
    let heading = value >= high ? -1 : 1
    let [at, before, shown] = [value, null, null]
    const tick = (now) => {
      at += before === null ? 0 : (((now - before) / 1000) * heading * (high - low)) / seconds
      before = now
      if (at >= high || at <= low) heading = at >= high ? -1 : 1
      at = Math.min(high, Math.max(low, at))
      const next = this.still.matches ? values[Math.round(((at - low) / (high - low)) * (stops - 1))] : at
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

/** So many even places from `low` to `high`. */
export function stopsOf(low, high, count) {
  return Array.from({ length: count }, (_, k) => low + (k * (high - low)) / (count - 1))
}
