// The invisible component that brings a checkpoint into the page.

export default function ({ data }) {
  if (data) keepModel(data)
}
