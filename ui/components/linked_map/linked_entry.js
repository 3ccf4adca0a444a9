// Another map of the same images as a Streamlit component that draws on it.

import { mount } from "../shared/mount.js"
import { LinkedMap } from "./linked_map.js"

export default mount(LinkedMap)
