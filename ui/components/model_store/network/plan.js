// A graph becomes a list of steps over one memory: what is computed when, and where each result lies.

import { Arena } from "./arena.js"
import { addressIn, countOf, eitherWay, indexOf } from "./values.js"

export class UnsupportedNodeError extends Error {}

const SLOPES = { Relu: () => 0, LeakyRelu: ({ alpha }) => alpha }

/** The steps of a graph. `kinds[op](plan, node, inputs, tensorOf)` adds those of one node and returns its value. */
export class Plan {
  constructor(graph, kinds, tensorOf) {
    this.arena = new Arena()
    this.steps = []
    this.nodes = graph.nodes
    this.readers = readersOf(graph.nodes)
    this.joined = new Set() // places of nodes that the one before them does on its way
    this.input = { ...this.value(graph.input), uses: this.readers.get(-1).length }
    const found = new Map([[-1, this.input]])
    graph.nodes.forEach((node, place) => {
      if (!this.readers.has(place)) return
      const inputs = node.inputs.map((i) => found.get(i))
      this.place = place
      const made = this.evaluate(node, inputs, kinds, (role) => tensorOf(place, role))
      found.set(place, { ...made, uses: this.readers.get(place).length })
      for (const value of inputs) this.letGo(value)
    })
    this.output = this.ordered(found.get(graph.nodes.length - 1), false)
  }

  evaluate(node, inputs, kinds, tensorOf) {
    if (this.joined.has(this.place)) return this.alias(inputs[0], inputs[0].shape, inputs[0].last)
    const kind = kinds[node.op]
    if (!kind) throw new UnsupportedNodeError(`The browser can't evaluate "${node.op}".`)
    return kind(this, node, inputs, tensorOf)
  }

  /** A new value, with a place of its own. */
  value(shape, last = false) {
    return { shape, last: last && !eitherWay(shape), place: this.arena.take(countOf(shape)) }
  }

  /** The same numbers as `value`, under another shape. */
  alias(value, shape, last = false) {
    value.place.holders += 1
    return { shape, last: last && !eitherWay(shape), place: value.place }
  }

  /** A value of the same shape and order that may take the place of `value`, where nobody else reads that. */
  over(value) {
    const own = value.place.holders === 1 && value.uses === 1
    return own ? this.alias(value, value.shape, value.last) : this.value(value.shape, value.last)
  }

  /** A reader of it is done. */
  letGo(value) {
    value.uses -= 1
    if (value.uses > 0) return
    if (value.turned) this.arena.letGo(value.turned.place)
    this.arena.letGo(value.place)
  }

  /** `value` with its channels last, or first. */
  ordered(value, last) {
    if (value.last === last || eitherWay(value.shape)) return value
    if (!value.turned) {
      value.turned = this.gathered({ shape: value.shape, last }, addressIn(value))
      value.turned.uses = value.uses
    }
    return value.turned
  }

  /** A new value whose numbers are found elsewhere: `from(coordinates)` is the address of each. */
  gathered({ shape, last }, from) {
    const made = this.value(shape, last)
    const index = indexOf(made, from)
    const to = made.place.at
    this.add(({ floats }) => {
      for (let i = 0; i < index.length; i++) floats[to + i] = floats[index[i]]
    })
    return made
  }

  add(step) {
    this.steps.push(step)
  }

  /** The slope below 0 of what reads the present node, if that is one node and can be done on the way; 1 otherwise. */
  slopeAfter() {
    const [reader, other] = this.readers.get(this.place)
    const next = this.nodes[reader]
    if (other !== undefined || !next || !SLOPES[next.op]) return 1
    this.joined.add(reader)
    return SLOPES[next.op](next)
  }
}

/** Who reads each node, as often as it does; the last one has a reader too. What nobody needs is not there. */
function readersOf(nodes) {
  const readers = new Map([[nodes.length - 1, [nodes.length]]])
  for (let place = nodes.length - 1; place >= 0; place--) {
    if (!readers.has(place)) continue
    for (const i of nodes[place].inputs) readers.set(i, [...(readers.get(i) ?? []), place])
  }
  return readers
}
