// Marks of named places on a native map as a Streamlit component.

import { mount } from "../shared/mount.js"
import { PlaceMarks } from "./marks.js"

export default mount(PlaceMarks)
