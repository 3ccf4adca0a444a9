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
