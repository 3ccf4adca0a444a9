// The invisible component that brings some frames into the page.

export default function ({ data }) {
  if (data) keepReel(data)
}
