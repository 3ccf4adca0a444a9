// What the panel says in words: about the selected image, and about the sliders. Pure text.

import { signed } from "../shared/text.js"
import { UNUSED_KL } from "./slider.js"

const KEYS = "Drag a slider, or focus it and use the arrow keys (Shift: ten times further). Double-click resets."
const NOTHING = "Click a point on the map or type its row to select an image; drag a slider to generate one."

/** {who, numbers, about}: class and file, numbers and where these come from, of the image of `row`. */
export function factsOf(model, row, classNames, fileName = "") {
  if (row === null || !model) return { who: "", numbers: NOTHING, about: "" }
  const value = (name) => model.tensors[name].data[row]
  // the sum is shown as the sum of what is shown: rounding each alone would let it look wrong
  const elbo = Number(value("elbo").toFixed(1))
  const kl = Number(value("kl").toFixed(1))
  const terms = `ELBO ${signed(elbo, 1)} = ${signed(elbo + kl, 1)} (reconstruction) − ${signed(kl, 1)} (KL) nats`
  return {
    who: `class ${classNames[value("labels")]}${fileName ? ` · ${fileName}` : ""}`,
    numbers: `${terms} · squared error ${value("squared_error").toFixed(2)}`,
    about:
      `Reconstruction: ${model.terms}, one posterior sample; KL in closed form. ` +
      "Squared error between the original and the reconstruction from the posterior mean, summed over pixels in [0, 1].",
  }
}

/** The line below the sliders; `model` may not be here yet. */
export function hintOf(dims, model) {
  const unused = dims.filter((dim) => dim.kl < UNUSED_KL).length
  const order = dims.length > 1 ? " The most informative dimension (largest KL) comes first." : ""
  const idle = unused
    ? ` ${unused} greyed ${unused === 1 ? "dimension carries" : "dimensions carry"} almost nothing.`
    : ""
  const protocol = model ? ` ELBO: ${model.terms}, one posterior sample; −ELBO is ${model.standing}.` : ""
  return KEYS + order + idle + protocol
}
