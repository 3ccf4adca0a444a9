// Nodes that change each number for itself, and arithmetic of two values.

import { countOf, eitherWay, indexOf, stridesOf } from "./values.js"

// Klambauer et al. 2017, "Self-Normalizing Neural Networks"
const SELU_SCALE = 1.0507009873554805
const SELU_ALPHA = 1.6732632423543772

const plain = (name) => activation(() => ({ name }))

function activation(settingsOf) {
  return (plan, node, [x], tensorOf) => {
    const made = plan.over(x)
    const task = {
      a: 0,
      b: 0,
      ...settingsOf(node, tensorOf),
      input: x.place.at,
      output: made.place.at,
      count: countOf(x.shape),
    }
    plan.add((machine) => machine.activate(task))
    return made
  }
}

/** One slope for all, or one for each channel. */
function prelu(plan, node, [x], tensorOf) {
  const slopes = tensorOf("weight")
  if (slopes.length === 1) return activation(() => ({ name: "leaky", a: slopes[0] }))(plan, node, [x], tensorOf)
  const made = plan.over(x)
  const [from, to] = [x.place.at, made.place.at]
  const slopeOf = indexOf(made, ([channel]) => channel)
  plan.add(({ floats }) => {
    for (let i = 0; i < slopeOf.length; i++) {
      const v = floats[from + i]
      floats[to + i] = v > 0 ? v : slopes[slopeOf[i]] * v
    }
  })
  return made
}

// Each has a loop of its own: one loop that calls any of four functions takes several times as long. `ia` and `ib` say
// where each number is found; without them they lie one after another.
const LOOPS = {
  Add: ({ to, count, a, ia, b, ib }, floats) => {
    for (let i = 0; i < count; i++) floats[to + i] = floats[ia ? ia[i] : a + i] + floats[ib ? ib[i] : b + i]
  },
  Sub: ({ to, count, a, ia, b, ib }, floats) => {
    for (let i = 0; i < count; i++) floats[to + i] = floats[ia ? ia[i] : a + i] - floats[ib ? ib[i] : b + i]
  },
  Mul: ({ to, count, a, ia, b, ib }, floats) => {
    for (let i = 0; i < count; i++) floats[to + i] = floats[ia ? ia[i] : a + i] * floats[ib ? ib[i] : b + i]
  },
  Div: ({ to, count, a, ia, b, ib }, floats) => {
    for (let i = 0; i < count; i++) floats[to + i] = floats[ia ? ia[i] : a + i] / floats[ib ? ib[i] : b + i]
  },
}

/** Two values, or one and a constant; the smaller one is repeated as numpy does. */
function arithmetic(plan, node, inputs, tensorOf) {
  const both = node.constant === null ? inputs : [inputs[0], constantOf(plan, node.constant, tensorOf("constant"))]
  const [first, second] = node.reversed ? [both[1], both[0]] : both
  const made = plan.value(
    node.output,
    both.some(({ last }) => last),
  )
  const [ia, ib] = [first, second].map((value) =>
    sameOrder(value, made) ? null : indexOf(made, repeatedIn(value, made)),
  )
  const task = { to: made.place.at, count: countOf(made.shape), a: first.place.at, ia, b: second.place.at, ib }
  const run = LOOPS[node.op]
  plan.add(({ floats }) => run(task, floats))
  return made
}

const constantOf = (plan, shape, numbers) => ({ shape, last: false, place: { at: plan.arena.keep(numbers) } })

function sameOrder(value, made) {
  const same = value.shape.length === made.shape.length && value.shape.every((side, axis) => side === made.shape[axis])
  return same && (value.last === made.last || eitherWay(value.shape))
}

/** Where the number of `value` lies that meets the one at some coordinates of the result. */
function repeatedIn(value, made) {
  const strides = stridesOf(value).map((step, axis) => (value.shape[axis] === 1 ? 0 : step))
  const more = made.shape.length - value.shape.length
  return (at) => strides.reduce((address, step, axis) => address + step * at[axis + more], value.place.at)
}

export const ELEMENTWISE = {
  Relu: activation(() => ({ name: "leaky", a: 0 })),
  LeakyRelu: activation(({ alpha }) => ({ name: "leaky", a: alpha })),
  Elu: activation(({ alpha }) => ({ name: "elu", a: alpha, b: 1 })),
  Selu: activation(() => ({ name: "elu", a: SELU_SCALE * SELU_ALPHA, b: SELU_SCALE })),
  Clip: activation(({ low, high }) => ({ name: "clip", a: low, b: high })),
  Gelu: plain("gelu"),
  GeluTanh: plain("geluTanh"),
  Silu: plain("silu"),
  Softplus: plain("softplus"),
  Tanh: plain("tanh"),
  Sigmoid: plain("sigmoid"),
  HardSwish: plain("hardSwish"),
  HardSigmoid: plain("hardSigmoid"),
  Mish: plain("mish"),
  Exp: plain("exp"),
  Log: plain("log"),
  Sqrt: plain("sqrt"),
  Erf: plain("erf"),
  Identity: (plan, _node, [x]) => plan.alias(x, x.shape, x.last),
  PRelu: prelu,
  Add: arithmetic,
  Sub: arithmetic,
  Mul: arithmetic,
  Div: arithmetic,
}
