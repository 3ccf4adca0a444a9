// The button that plays and pauses.

const ICONS = {
  play: '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 2.5v11l9-5.5z"/></svg>',
  pause: '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 2.5h3v11h-3zm6 0h3v11h-3z"/></svg>',
}

/** Have a button, and the data of the element around it, say whether something plays. */
export function showPlaying(button, element, playing) {
  button.innerHTML = playing ? ICONS.pause : ICONS.play
  button.setAttribute("aria-label", playing ? "Pause" : "Play")
  element.dataset.playing = playing ? "yes" : "no"
}
