// What the layers of one map are drawn from: each is worked out once it is first shown.

import { MapInverse } from "../model_store/inverse.js"
import { pointsOnMap } from "../model_store/store.js"
import { whereabouts } from "../model_store/whereabouts.js"
import { DecodedGrid } from "../point_map/decoded_grid.js"
import { haveRoom } from "../point_map/thumbnails.js"
import { drawNames, medoids } from "./class_names.js"
import { Density } from "./density.js"
import { NeighbourVote } from "./neighbour_vote.js"
import { Regions } from "./regions.js"
import { shownRows } from "./shown_rows.js"

export class LayeredMap {
  /** `data` is what Python said (MapLayersData) of this model's map. */
  constructor(
    model,
    { fingerprint, map, rows, labels, image_shape: shape, class_names: names, class_colours: colours },
  ) {
    const xy = pointsOnMap(model, map)
    this.points = { xy, rows: shownRows(model, xy, rows, labels), labels: model.tensors.labels.data }
    this.names = names
    this.rgbOf = (label) => rgbOf(colours[label % colours.length])
    this.inverse = new MapInverse(model, map)
    const origin = new Array(model.latent_dim).fill(0)
    this.grid =
      model.decode &&
      new DecodedGrid({
        latentAt: (x, y) => this.inverse.at({ x, y }, whereabouts(fingerprint) ?? origin),
        decode: model.decode,
        shape,
      })
  }

  /** Somebody is elsewhere: linear maps leave the dimensions that they don't show as they are there. */
  moved() {
    if (this.inverse.isExact) this.grid?.clear()
  }

  hasPictures(view) {
    return haveRoom(view, this.points.rows.length)
  }

  /** Returns how many pictures are missing yet. */
  drawGrid(context, view, look) {
    context.fillStyle = look.page // in place of the points
    context.fillRect(0, 0, view.size.width, view.size.height)
    return this.grid.draw(context, view)
  }

  /** Returns how many images there are. */
  drawPictures(context, view, thumbnails, colourOf) {
    return thumbnails.draw(context, view, this.points.rows, this.points.xy, colourOf)
  }

  /** Returns how many pieces are missing yet. */
  drawRegions(context, view, look) {
    this.regions ??= new Regions(new NeighbourVote(this.points), this.rgbOf)
    return this.regions.draw(context, view, look.text)
  }

  drawDensity(context, view, look) {
    this.density ??= new Density(this.points)
    this.density.draw(context, view, look.text)
  }

  drawNames(context, view, look) {
    this.medoids ??= medoids(this.points)
    return drawNames(context, view, this.medoids, this.points.xy, this.names, look)
  }
}

/** "#rrggbb" as [red, green, blue]. */
function rgbOf(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
}
