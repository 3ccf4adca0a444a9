// What Streamlit calls to show a component: a view of the component's own for every place on the page.

let events = 0

/**
 * The default export of a component. `View` is made once with the element it is shown in; `receive(data)` is called
 * whenever Python has sent something or the theme changes, `close()` at the end. A view calls `report(name, value)`
 * for an event that Python gets.
 */
export function mount(View) {
  const views = new WeakMap()
  return ({ data, parentElement, setStateValue }) => {
    let view = views.get(parentElement)
    if (!view) {
      view = new View(parentElement)
      views.set(parentElement, view)
    }
    // an event that Python has not seen must differ from all it has seen, also after a remount
    view.report = (name, value) => setStateValue(name, { ...value, id: `${Date.now()}-${++events}` })
    view.receive(data)
    return () => {
      views.get(parentElement)?.close?.()
      views.delete(parentElement)
    }
  }
}
