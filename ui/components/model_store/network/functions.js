// Functions of one number that networks use, with their settings a and b.

const sigmoid = (x) => 1 / (1 + Math.exp(-x))

/** Within 1.5e-7. Source: Abramowitz & Stegun 1964, 7.1.26. */
function errorFunction(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x))
  const sum = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
  const y = 1 - sum * Math.exp(-x * x)
  return x < 0 ? -y : y
}

const softplus = (x) => (x > 20 ? x : Math.log1p(Math.exp(x))) // as PyTorch has it

export const FUNCTIONS = {
  sigmoid,
  tanh: Math.tanh,
  silu: (x) => x * sigmoid(x),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  erf: errorFunction,
  elu: (x, a, b) => (x > 0 ? b * x : a * Math.expm1(x)),
  gelu: (x) => 0.5 * x * (1 + errorFunction(x * Math.SQRT1_2)),
  geluTanh: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
  mish: (x) => x * Math.tanh(softplus(x)),
  leaky: (x, a) => (x > 0 ? x : a * x),
  clip: (x, a, b) => (x < a ? a : x > b ? b : x),
  softplus,
  hardSigmoid: (x) => Math.min(1, Math.max(0, x / 6 + 0.5)),
  hardSwish: (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5)),
}
