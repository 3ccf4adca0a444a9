// A point of a class as the maps draw it: a colour, and a symbol for each round of the colours.

const SYMBOLS = ["circle", "diamond", "square", "cross"] // as in ui/palette.py, once the colours are used up

export function drawPoint(context, x, y, radius, label, colours) {
  context.fillStyle = colours[label % colours.length]
  const symbol = SYMBOLS[Math.floor(label / colours.length) % SYMBOLS.length]
  if (symbol === "square") return context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius)
  if (symbol === "cross") {
    context.fillRect(x - radius, y - radius / 3, 2 * radius, (2 * radius) / 3)
    return context.fillRect(x - radius / 3, y - radius, (2 * radius) / 3, 2 * radius)
  }
  context.beginPath()
  if (symbol === "circle") context.arc(x, y, radius, 0, 2 * Math.PI)
  else {
    context.moveTo(x, y - 1.3 * radius)
    context.lineTo(x + 1.3 * radius, y)
    context.lineTo(x, y + 1.3 * radius)
    context.lineTo(x - 1.3 * radius, y)
  }
  context.fill()
}
