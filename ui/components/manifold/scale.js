// Where a place (a, b) of the plane lies on the screen. Screen coordinates run from 0 to 1 over the home view, right and
// down; `box` says how far a view may go. Pure maths.

export const FARTHEST = 100 // latent units
const SMALLEST_SHARE = 1e-12

// Wichura (1988), "Algorithm AS 241: The Percentage Points of the Normal Distribution", PPND16: highest power last
const MIDDLE = [
  [
    3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
    67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
  ],
  [
    1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
    28729.085735721942674, 5226.495278852545925,
  ],
]
const NEAR_TAIL = [
  [
    1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
    1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
  ],
  [
    1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
    0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
  ],
]
const FAR_TAIL = [
  [
    6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123,
    0.026532189526576123093, 0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
  ],
  [
    1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4,
    1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
  ],
]

/** Φ⁻¹, the quantile of N(0, 1) at p in (0, 1); relative error about 1e-16. */
export function normalQuantile(p) {
  const q = p - 0.5
  if (Math.abs(q) <= 0.425) return q * ratio(MIDDLE, 0.180625 - q * q)
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p))
  const found = r <= 5 ? ratio(NEAR_TAIL, r - 1.6) : ratio(FAR_TAIL, r - 5)
  return q < 0 ? -found : found
}

function ratio([above, below], r) {
  const value = (factors) => factors.reduceRight((sum, factor) => sum * r + factor, 0)
  return value(above) / value(below)
}

/** Φ, the distribution function of N(0, 1). */
export function normalShare(a) {
  if (a > 0) return 1 - normalShare(-a)
  if (a < -37) return 0 // smaller than any double
  // Press et al., Numerical Recipes, erfcc: relative error 1.2e-7; one step of Newton on Φ⁻¹ brings the rest
  const x = -a / Math.SQRT2
  const t = 1 / (1 + 0.5 * x)
  const factors = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ]
  const p = 0.5 * t * Math.exp(-x * x + factors.reduceRight((sum, factor) => sum * t + factor, 0))
  const density = Math.exp(-0.5 * a * a) / Math.sqrt(2 * Math.PI)
  return Math.max(0, p - (normalQuantile(p) - a) * density)
}

/** Equal areas of the screen hold equal probability under N(0, I); the square ends where the prior does. */
export function quantileScale() {
  const inside = (share) => Math.min(1 - SMALLEST_SHARE, Math.max(SMALLEST_SHARE, share))
  return {
    a: (x) => normalQuantile(inside(x)),
    b: (y) => -normalQuantile(inside(y)),
    x: (a) => normalShare(a),
    y: (b) => normalShare(-b),
    box: { left: 0, right: 1, top: 0, bottom: 1 },
  }
}

/** Linear in a and b; `home` is what a view of the size 1 shows. */
export function evenScale([lowA, highA, lowB, highB]) {
  const [wide, high] = [highA - lowA, highB - lowB]
  const scale = {
    a: (x) => lowA + x * wide,
    b: (y) => highB - y * high,
    x: (a) => (a - lowA) / wide,
    y: (b) => (highB - b) / high,
  }
  const box = { left: scale.x(-FARTHEST), right: scale.x(FARTHEST), top: scale.y(FARTHEST), bottom: scale.y(-FARTHEST) }
  return { ...scale, box }
}
