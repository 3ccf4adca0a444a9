// Evaluates a network in the page or in a worker: numbers in, numbers out. No DOM.
//
// A network is a graph as vae/graph/graph.py describes it; tensors are float32 in PyTorch's layout. What each kind of node
// does stands in the files beside this one, and how the graph becomes steps over one memory in plan.js.

import { ELEMENTWISE } from "./elementwise.js"
import { MOVING } from "./moving.js"
import { NORMALIZATION } from "./normalization.js"
import { PlainMachine } from "./plain_machine.js"
import { Plan, UnsupportedNodeError } from "./plan.js"
import { SAMPLING } from "./sampling.js"
import { WasmMachine, wasmWorks } from "./wasm_machine.js"
import { WEIGHTED } from "./weighted.js"

const KINDS = { ...WEIGHTED, ...NORMALIZATION, ...ELEMENTWISE, ...MOVING, ...SAMPLING }

/** Build a function that takes an input's numbers and returns a new Float32Array of the output's, both in PyTorch's
 * order. Node i owns the tensors `<prefix>.<i>.<role>`. Throws UnsupportedNodeError for a node that is not known. */
export function buildNetwork(graph, tensors, prefix, Machine = bestMachine()) {
  const plan = new Plan(graph, KINDS, (place, role) => tensors[`${prefix}.${place}.${role}`]?.data)
  const { arena, steps, input, output } = plan
  const machine = new Machine(arena.bytes)
  arena.fill(machine)
  const count = output.shape.reduce((product, side) => product * side, 1)
  return (values) => {
    machine.floats.set(values, input.place.at)
    for (const step of steps) step(machine)
    return machine.floats.slice(output.place.at, output.place.at + count)
  }
}

/** What can evaluate here; the results are equal but for rounding. */
export const machines = () => ({ javascript: PlainMachine, ...(wasmWorks() && { webassembly: WasmMachine }) })

const bestMachine = () => machines().webassembly ?? PlainMachine

const MEANS = {
  bernoulli: { op: "Sigmoid" },
  gaussian: { op: "Sigmoid" }, // its mean is a sigmoid too (vae/model/likelihoods.py)
  linear_gaussian: { op: "Clip", low: 0, high: 1 },
}

/** A decoder's graph, parameters of p(x|z), with one node more: E[x|z], what is shown. */
export function withMean(graph, likelihood) {
  if (!MEANS[likelihood]) throw new UnsupportedNodeError(`Unknown likelihood "${likelihood}".`)
  const end = graph.nodes.length - 1
  const mean = { ...MEANS[likelihood], inputs: [end], output: graph.nodes[end].output }
  return { ...graph, nodes: [...graph.nodes, mean] }
}

const ROW_BY_ROW = new Set(["Gemm", "LayerNormalization", "LeakyRelu", "Elu", "Clip", "Reshape"])
const IN_CHANNELS = new Set(["PRelu", "Add", "Sub", "Mul", "Div"])
const ROWS = 4

/** {rows, graph}: where nothing mixes several latent vectors laid one after another, a graph that takes four as rows, which
 * share what is read of the weights; elsewhere the same graph, for one. */
export function severalAtOnce(graph) {
  const alone = ({ op }) => ROW_BY_ROW.has(op) || (ELEMENTWISE[op] && !IN_CHANNELS.has(op))
  if (graph.input.length !== 1 || !graph.nodes.every(alone)) return { rows: 1, graph }
  const nodes = graph.nodes.map((node) => ({
    ...node,
    output: [ROWS, ...node.output],
    ...(node.shape && { shape: [ROWS, ...node.shape] }),
  }))
  return { rows: ROWS, graph: { input: [ROWS, ...graph.input], nodes } }
}
