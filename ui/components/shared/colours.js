// Colours that a canvas is drawn with and that are neither the theme's (theme.js) nor the data's, which Python sends
// (ui/palette.py).

export const UNKNOWN = "#8a9299" // of no class
export const GAP = "#7d8988" // neither the black nor the white of a picture
export const WHITE = "#ffffff"
export const SHADE = "#0009"
