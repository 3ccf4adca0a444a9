// What Streamlit's theme means for an element of a component.

/** The value of one of the theme's variables, "" where there is none. */
export function themeValue(element, name) {
  return getComputedStyle(element).getPropertyValue(name).trim()
}

/** Have the browser draw its own controls inside an element as light or dark as the page. */
export function followTheme(element) {
  element.style.colorScheme = isDark(themeValue(element, "--st-background-color")) ? "dark" : "light"
}

/** Whether "#rrggbb" is nearer to black than to white. */
function isDark(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
  return 0.3 * red + 0.6 * green + 0.1 * blue < 128
}
