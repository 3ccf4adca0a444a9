// The tools that select images on the native map as a Streamlit component.

import { mount } from "../shared/mount.js"
import { MapSelection } from "./tools.js"

export default mount(MapSelection)
