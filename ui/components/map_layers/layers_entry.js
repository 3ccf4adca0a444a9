// The layers of the native map as a Streamlit component.

import { mount } from "../shared/mount.js"
import { MapLayers } from "./layers.js"

export default mount(MapLayers)
