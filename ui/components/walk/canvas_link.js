// The panel's part of a PointMap: as map_link.js of Streamlit's native chart.

import { MapPointer } from "../live_decoder/map_pointer.js"
import { MapRing } from "../native_map/map_ring.js"

export class CanvasLink {
  constructor(key, map, { over, leave, pin }) {
    this.key = key
    this.map = map
    this.ring = new MapRing()
    this.ring.over(map.container())
    this.pointer = new MapPointer(map, { over, leave, pin })
    this.attach()
  }

  attach() {
    this.pointer.attach()
    this.map.container().style.touchAction = "none" // two fingers enlarge the map, not the page
  }

  /** Move the ring to map coordinates. */
  show(place) {
    this.place = place
    this.draw()
  }

  draw() {
    this.ring.draw(this.map, this.place)
  }

  close() {
    this.pointer.detach()
    this.ring.remove()
  }
}
