// The legend of the native map as a Streamlit component.

import { mount } from "../shared/mount.js"
import { MapLegend } from "./legend.js"

export default mount(MapLegend)
