// What each slider stands for, in words and numbers: a latent dimension, or a principal axis of the means.

import { grouped } from "../../shared/text.js"
import { LatentAxis, PrincipalAxis } from "./axes.js"

const UNUSED_KL = 0.01 // nats: below, a dimension carries almost nothing
const UNUSED_OF_LARGEST = 0.01 // of the largest variance of an autoencoder's codes, which have no scale of their own
const UNUSED_SHARE = 0.005 // of the variance

/** {dims, sayUnused(count), line} of what the panel was sent: each dim is {axis, bound, share, isUnused, name, shown, label,
 * known, about}, where `shown` stands beside its slider and `about` is {index, name, note} of what can be named, else null. */
export function dimsOf(data) {
  return data.along === "principal" ? principal(data) : latent(data)
}

function latent({ dims, terms }) {
  const one = dims.length === 1
  const hasKl = dims[0].kl !== null
  const [bars, help] = hasKl ? ["KL", terms.kl] : ["variance", `${terms.variance} ${terms.code}`]
  return {
    dims: dims.map(({ index, kl, variance, share, bound, name, note }) => {
      const label = name ? `${index}, ${name}` : `${index}`
      const isUnused = hasKl ? kl < UNUSED_KL : share < UNUSED_OF_LARGEST
      const idle = isUnused ? "; it carries almost nothing" : ""
      const told = hasKl
        ? `KL ${kl.toFixed(2)} nats per image, averaged over the test images`
        : `variance ${Number(variance.toPrecision(3))} of the test images’ codes`
      const known = `Dimension ${label}: ${told}${idle}`
      return {
        axis: new LatentAxis(index),
        bound,
        share,
        isUnused,
        name: name || `z${index}`,
        shown: name || `z${index}`,
        label: `Latent dimension ${label}`,
        known: note ? `${known}. ${note}` : known,
        about: { index, name, note },
      }
    }),
    sayUnused: (count) => (count === 1 ? "1 dimension carries" : `${count} dimensions carry`) + " almost nothing",
    line: one
      ? ["Latent dimension", { help: terms.latent_dimension }, ` · bar: ${bars}`, { help }]
      : [` bars: ${bars}`, { help: `${terms.latent_dimension} ${help}` }],
  }
}

function principal({ principal, terms }) {
  const { mean, axes, of } = principal
  const largest = Math.max(axes[0].share, Number.MIN_VALUE)
  const left = of > axes.length ? ` · the first ${axes.length} of ${grouped(of, 0)}` : ""
  return {
    dims: axes.map(({ vector, share, bound }, k) => ({
      axis: new PrincipalAxis(mean, vector),
      bound,
      share: share / largest,
      isUnused: share < UNUSED_SHARE,
      name: `PC ${k + 1}`,
      shown: `PC ${k + 1} · ${(100 * share).toFixed(0)}%`,
      label: `Principal axis ${k + 1}`,
      known: `PC ${k + 1}: ${(100 * share).toFixed(1)} % of the variance of the test images’ posterior means`,
      about: null,
    })),
    sayUnused: (count) => (count === 1 ? "1 axis has" : `${count} axes have`) + " less than 0.5 % of the variance each",
    line: [" bars: variance", { help: terms.principal_axis }, left],
  }
}
