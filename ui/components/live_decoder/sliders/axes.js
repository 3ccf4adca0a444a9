// What a slider moves along: a direction of latent space. No DOM.

/** One of the latent dimensions. */
export class LatentAxis {
  constructor(index) {
    this.index = index
  }

  /** The coordinate of z. */
  of(z) {
    return z[this.index]
  }

  /** Move z, in place, to where its coordinate is `value`. */
  put(z, value) {
    z[this.index] = value
  }

  /** z without its coordinate: what stays when only that moves. */
  rest(z) {
    const left = [...z]
    left[this.index] = 0
    return left
  }

  /** Standard deviation, along it, of a Gaussian whose dimensions are independent with these. */
  spread(sigma) {
    return sigma[this.index]
  }
}

const FARTHEST = 100 // as in latent_vector.py

/** A direction through the mean of all posterior means; its coordinate counts from there. */
export class PrincipalAxis {
  /** `vector` has length 1. */
  constructor(mean, vector) {
    this.mean = mean
    this.vector = vector
  }

  of(z) {
    let sum = 0
    for (let j = 0; j < z.length; j++) sum += (z[j] - this.mean[j]) * this.vector[j]
    return sum
  }

  put(z, value) {
    const step = value - this.of(z)
    for (let j = 0; j < z.length; j++) {
      z[j] = Math.min(FARTHEST, Math.max(-FARTHEST, z[j] + step * this.vector[j]))
    }
  }

  rest(z) {
    const value = this.of(z)
    return z.map((coordinate, j) => coordinate - value * this.vector[j])
  }

  spread(sigma) {
    return Math.hypot(...sigma.map((value, j) => value * this.vector[j]))
  }
}
