// What stands where a map will be until Plotly is there: as large, with the same axes, and without points of its own. It looks to a
// NativeChart as Plotly's chart does, so whoever draws over one, or listens to it, does so from the start.
//
// Plotly's script takes a second to be read, which is longer than all else on the page.

export const STAND_IN = "map-stand-in"

/** Put one into the container of this key, in front of what Streamlit shows while it loads; null where Plotly's chart is
 * there. `figure` is {meta, size, traces, ranges: [[x0, x1], [y0, y1]], margin: {l, r, t, b}} (many_points.py), `ground` a
 * colour of CSS. */
export function placeStandIn(key, figure, ground) {
  const room = document.querySelector(`.st-key-${CSS.escape(key)}`)
  if (!room || room.querySelector(".js-plotly-plot .svg-container")) return null
  const element = document.createElement("div")
  element.className = STAND_IN
  element.style.cssText = `position:absolute;inset:0;z-index:1;background:${ground};`
  element.innerHTML = '<div class="svg-container" style="position:absolute;inset:0"></div>'
  Object.assign(element, new Listeners(), {
    isStandIn: true,
    layout: { meta: figure.meta, ...withRanges(figure.ranges) },
    data: figure.traces.map((meta) => ({ meta, marker: { size: figure.size } })),
  })
  element.showRanges = (ranges) => {
    element._fullLayout = layOut(element, figure, ranges)
    element.emit("plotly_relayout", {})
  }
  element.showTraces = (visible) => {
    for (const [i, trace] of element.data.entries()) trace.visible = visible[i]
    element.emit("plotly_restyle", {})
  }
  element._fullLayout = layOut(room, figure)
  const observer = new ResizeObserver(() => element.showRanges())
  element.leave = () => {
    observer.disconnect()
    element.remove()
  }
  room.style.position = "relative"
  room.append(element)
  observer.observe(element)
  return element
}

class Listeners {
  #handlers = []

  on = (name, handler) => this.#handlers.push([name, handler])

  removeListener = (name, handler) => {
    this.#handlers = this.#handlers.filter(([of, f]) => of !== name || f !== handler)
  }

  emit = (name, event) => {
    for (const [of, handler] of [...this.#handlers]) if (of === name) handler(event)
  }
}

const withRanges = ([x, y]) => ({
  xaxis: { autorangeoptions: { include: x } },
  yaxis: { autorangeoptions: { include: y } },
})

/** Where Plotly puts axes of which one unit is as long up as across: the one with more room shows more, at both ends. */
function layOut(room, { ranges, margin }, wanted = ranges) {
  const [width, height] = [room.clientWidth, room.clientHeight]
  const axes = [
    { _offset: margin.l, _length: width - margin.l - margin.r, range: wanted[0] },
    { _offset: margin.t, _length: height - margin.t - margin.b, range: wanted[1] },
  ]
  for (const axis of axes) if (axis.range[0] === axis.range[1]) axis.range = axis.range.map((end, i) => end + 2 * i - 1)
  const unit = Math.min(...axes.map(({ range: [from, to], _length }) => _length / (to - from)))
  for (const axis of axes) {
    const [middle, half] = [(axis.range[0] + axis.range[1]) / 2, axis._length / unit / 2]
    axis.range = [middle - half, middle + half]
  }
  return { width, height, xaxis: axes[0], yaxis: axes[1] }
}
