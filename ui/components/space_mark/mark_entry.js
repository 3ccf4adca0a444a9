// The mark on a native map in three dimensions as a Streamlit component.

import { mount } from "../shared/mount.js"
import { SpaceMark } from "./mark.js"

export default mount(SpaceMark)
