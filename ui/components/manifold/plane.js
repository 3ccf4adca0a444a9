// The plane z = base + a u + b v, and what Python sent about it, made safe to draw.

import { UNKNOWN } from "../shared/colours.js"
import { evenScale, FARTHEST, quantileScale } from "./scale.js"
import { HOME } from "./tiles/lattice.js"

const LIKED_COLOUR = /^#[0-9a-f]{6}$/i

/** Everything the component draws from, with odd values replaced; null where there is no plane to draw. */
export function settingsOf(data) {
  const { base, u, v } = data?.plane ?? {}
  const vectors = [base, u, v]
  const shape = data?.image_shape
  const whole = (side) => Number.isInteger(side) && side > 0 && side <= 1024
  if (!vectors.every((vector) => numbers(vector, base?.length))) return null
  if (!Array.isArray(shape) || shape.length !== 3 || !shape.every(whole)) return null
  const even = data.scale === "even"
  const home = even ? homeOf(data.home) : null // the quantile scale has a home of its own
  return {
    fingerprint: data.fingerprint,
    shape,
    socket: socketOf(data.socket),
    plane: { base, u, v },
    planeName: String(data.plane_name ?? ""),
    names: [0, 1].map((axis) => String(data.names?.[axis] ?? "ab"[axis])),
    n: Math.round(Math.min(40, Math.max(10, Number(data.tiles) || 20))),
    home,
    even,
    window: windowOf(data.window),
    measured: data.measured === "data" ? "data" : "prior",
    scale: even ? evenScale(home) : quantileScale(),
    here: numbers(data.here, 2) ? { a: data.here[0], b: data.here[1] } : null,
    points: data.show_points === true,
    colours: listOf(data.colours).map((colour) => (LIKED_COLOUR.test(colour) ? colour : UNKNOWN)),
    classNames: listOf(data.class_names).map(String),
    revision: data.revision,
  }
}

/** Where the server decodes; null where this page does. */
function socketOf(socket) {
  return typeof socket?.path === "string" && typeof socket.token === "string" && socket.together >= 1 ? socket : null
}

function numbers(vector, length) {
  return Array.isArray(vector) && vector.length > 0 && vector.length === length && vector.every(Number.isFinite)
}

function listOf(values) {
  return Array.isArray(values) ? values : []
}

/** The part shown at first, from [left, top, side]; the whole view at home for anything else. */
function windowOf(window) {
  if (!numbers(window, 3) || !(window[2] > 0)) return HOME
  return { x: window[0], y: window[1], span: window[2] }
}

/** [lowest a, highest a, lowest b, highest b] with a width to look at, inside what can be reached. */
function homeOf(home) {
  const known = numbers(home, 4) && home.every((value) => Math.abs(value) <= FARTHEST)
  return known && home[1] - home[0] >= 0.01 && home[3] - home[2] >= 0.01 ? home : [-3, 3, -3, 3]
}

/** The latent vector at (a, b). */
export function latentAt({ base, u, v }, a, b) {
  return base.map((value, k) => value + a * u[k] + b * v[k])
}

/** Screen coordinates of latent vectors (N · d numbers), each placed where it is nearest in the plane: {x, y}. */
export function placesOf({ base, u, v }, scale, mu) {
  const d = base.length
  const [along, across] = dual(u, v)
  const count = Math.floor(mu.length / d)
  const x = new Float64Array(count)
  const y = new Float64Array(count)
  for (let row = 0, at = 0; row < count; row++, at += d) {
    let a = 0,
      b = 0
    for (let k = 0; k < d; k++) {
      a += (mu[at + k] - base[k]) * along[k]
      b += (mu[at + k] - base[k]) * across[k]
    }
    x[row] = scale.x(a)
    y[row] = scale.y(b)
  }
  return { x, y }
}

/** The two vectors whose products with z - base are a and b (the pseudo-inverse of [u v]). */
function dual(u, v) {
  const dot = (one, other) => one.reduce((sum, value, k) => sum + value * other[k], 0)
  const [uu, uv, vv] = [dot(u, u), dot(u, v), dot(v, v)]
  const area = uu * vv - uv * uv
  if (!(area > 0)) return [u.map((value) => (uu ? value / uu : 0)), v.map((value) => (vv ? value / vv : 0))]
  return [u.map((value, k) => (vv * value - uv * v[k]) / area), v.map((value, k) => (uu * value - uv * u[k]) / area)]
}
