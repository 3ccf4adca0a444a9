// The points of a large map as a Streamlit component.

import { mount } from "../shared/mount.js"
import { PointCloud } from "./cloud.js"

export default mount(PointCloud)
