// The live decoder as a Streamlit component.

import { mount } from "../shared/mount.js"
import { Panel } from "./panel.js"

export default mount(Panel)
