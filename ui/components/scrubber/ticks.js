// The names of the anchors below the slider, as buttons that go there.

/** Show names at t = 0, 1, …; buttons stay where nothing has changed, so that one keeps the focus. */
export function showTicks(ticks, names, [low, high], jump) {
  const shown = JSON.stringify([names, low, high])
  if (shown === ticks.dataset.shown) return
  ticks.dataset.shown = shown
  ticks.style.setProperty("--legs", Math.max(1, names.length - 1))
  ticks.classList.toggle("in-two-rows", names.length > 3)
  ticks.replaceChildren(
    ...names.map((name, t) => {
      const tick = document.createElement("button")
      Object.assign(tick, { type: "button", className: "tick", textContent: name, title: name })
      const outer = t === 0 || t === names.length - 1 // these are at the edges, see scrub.css
      if (!outer) tick.style.left = `${(100 * (t - low)) / (high - low)}%`
      tick.onclick = () => jump(t)
      return tick
    }),
  )
}

/** Mark the tick that t stands at. */
export function markTick(ticks, t) {
  for (const [at, tick] of [...ticks.children].entries()) tick.classList.toggle("is-here", Math.abs(t - at) < 0.005)
}
