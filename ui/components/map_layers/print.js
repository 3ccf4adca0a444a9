// The map as a picture for print: a title, what colours mean, and below them the map with its layers, as it is seen.

import { drawPoint } from "../shared/point.js"

const PRINTED = 2126 // pixels across at least: 18 cm at 300 dots an inch
const [EDGE, TITLE, ENTRY, DOT] = [16, 15, 12, 5] // CSS pixels: around the heading, letters of each, radius of a mark
const SVG = "http://www.w3.org/2000/svg"

/** A PNG file of `print` {title, legend, chart, under, over, look}: `legend` is {text, label, colour} of each entry, of which
 * a label is drawn as the points of that class; `under` and `over` are MapCanvases of the NativeChart `chart`. */
export async function pngOf(print) {
  const { width, height, scale, heading } = sizes(print)
  const canvas = Object.assign(document.createElement("canvas"), {
    width: Math.round(width * scale),
    height: Math.round((height + heading.height) * scale),
  })
  const context = canvas.getContext("2d")
  context.scale(scale, scale)
  context.fillStyle = print.look.page
  context.fillRect(0, 0, width, height + heading.height)
  drawHeading(context, print, heading)
  context.translate(0, heading.height)
  paintBelow(context, print)
  context.drawImage(await imageOf(await print.chart.imageUrl({ format: "png", scale })), 0, 0, width, height)
  paintAbove(context, print)
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"))
}

/** The same as an SVG file, in which points, axes and letters are shapes, and the layers pictures. */
export async function svgOf(print) {
  const { width, height, scale, heading } = sizes(print)
  const whole = shape("svg", { width, height: height + heading.height, xmlns: SVG })
  const paper = shape("rect", { width: "100%", height: "100%", fill: print.look.page })
  const below = shape("g", { transform: `translate(0, ${heading.height})` })
  below.append(
    pictureOf((context) => paintBelow(context, print), width, height, scale),
    await chartOf(print.chart, width, height),
    pictureOf((context) => paintAbove(context, print), width, height, scale),
  )
  whole.append(paper, ...headingShapes(print, heading), below)
  return new Blob([new XMLSerializer().serializeToString(whole)], { type: "image/svg+xml" })
}

function sizes(print) {
  const { width, height } = print.chart.size()
  return { width, height, scale: Math.ceil(PRINTED / width), heading: headingOf(print, width) }
}

/** {height, entries}: where each entry of the legend stands, in as many lines as it takes. */
function headingOf({ legend, look }, width) {
  const context = document.createElement("canvas").getContext("2d")
  context.font = `${ENTRY}px ${look.font}`
  let [left, top] = [EDGE, EDGE + TITLE + 14]
  const entries = legend.map((entry) => {
    const wide = 3 * DOT + context.measureText(entry.text).width + 14
    if (left + wide > width - EDGE && left > EDGE) [left, top] = [EDGE, top + ENTRY + 8]
    const place = { ...entry, left, top }
    left += wide
    return place
  })
  return { entries, height: (legend.length ? top + ENTRY / 2 : EDGE + TITLE) + 12 }
}

function drawHeading(context, { title, look, colours }, { entries }) {
  context.textBaseline = "middle"
  context.fillStyle = look.text
  context.font = `600 ${TITLE}px ${look.font}`
  context.fillText(title, EDGE, EDGE + TITLE / 2)
  context.font = `${ENTRY}px ${look.font}`
  for (const { text, label, colour, left, top } of entries) {
    drawPoint(context, left + DOT, top, DOT, label ?? 0, label === null ? [colour] : colours)
    context.fillStyle = look.text
    context.fillText(text, left + 3 * DOT, top)
  }
}

function headingShapes({ title, look, colours }, { entries }) {
  const words = (text, x, y, size, weight) => {
    const line = shape("text", { x, y: y + size * 0.35, fill: look.text, "font-size": size, "font-weight": weight })
    line.setAttribute("font-family", look.font)
    line.textContent = text
    return line
  }
  return [
    words(title, EDGE, EDGE + TITLE / 2, TITLE, 600),
    ...entries.flatMap(({ text, label, colour, left, top }) => [
      shape("circle", {
        cx: left + DOT,
        cy: top,
        r: DOT,
        fill: label === null ? colour : colours[label % colours.length],
      }),
      words(text, left + 3 * DOT, top, ENTRY, 400),
    ]),
  ]
}

/** The layers under the points, and points that Plotly does not draw. */
function paintBelow(context, { chart, under }) {
  under.paintOn(context)
  paintOthers(context, chart, "under", under)
}

/** The layers over the points, and what else lies there, such as the veil over what is not selected. */
function paintAbove(context, { chart, over }) {
  over.paintOn(context)
  paintOthers(context, chart, "over", over)
}

/** Other components' canvases, as they are on the page. */
function paintOthers(context, chart, level, own) {
  const { left, top, width, height } = chart.frame()
  const all = chart.container().querySelectorAll(`canvas[data-level="${level}"]`)
  for (const canvas of all) {
    if (canvas !== own.element && canvas.style.display !== "none") context.drawImage(canvas, left, top, width, height)
  }
}

function pictureOf(paint, width, height, scale) {
  const canvas = Object.assign(document.createElement("canvas"), { width: width * scale, height: height * scale })
  const context = canvas.getContext("2d")
  context.scale(scale, scale)
  paint(context)
  return shape("image", { width, height, href: canvas.toDataURL("image/png") })
}

async function chartOf(chart, width, height) {
  const url = await chart.imageUrl({ format: "svg", scale: 1 })
  const text = await (await fetch(url)).text()
  const drawn = new DOMParser().parseFromString(text, "image/svg+xml").documentElement
  for (const [name, value] of Object.entries({ width, height })) drawn.setAttribute(name, value)
  return document.importNode(drawn, true)
}

async function imageOf(url) {
  const image = new Image()
  image.src = url
  await image.decode()
  return image
}

function shape(kind, attributes) {
  const made = document.createElementNS(SVG, kind)
  for (const [name, value] of Object.entries(attributes)) if (name !== "xmlns") made.setAttribute(name, value)
  return made
}
