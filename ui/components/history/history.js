// The browser's history. Installed once a window; every page mounts it with the address of what it shows.
//
// Streamlit makes a history entry for every change of the address, and tells Python nothing of who changed it. So:
// - Back and Forward are counted. The address that they lead to is marked while Streamlit reads it, and Streamlit sends
//   the mark with every request until the address changes again: no speed and no interrupted run can hide it.
// - The address is made to be what Python shows, without a new entry, when a page is opened.
// - Back that came before the entry of the last choice went one entry too far: Python says so, and it goes forward one.

const MARK = "visit" // as in __init__.py
const MOST = 20 // visits that are told together
const EMBED = ["embed", "embed_options"] // Streamlit's own, which Python never sees

const install = () => {
  const pushState = history.pushState.bind(history)
  const replaceState = history.replaceState.bind(history)
  // number: visits so far; untold: those that no answer of Python's has followed yet; entry: which one we are at
  const now = { session: null, serial: 0, number: 0, untold: [], entry: history.state?.entry ?? 0, path: "", search: "" }
  const note = () => Object.assign(now, { path: location.pathname, search: location.search })
  replaceState({ ...history.state, entry: now.entry }, "")
  note()

  history.pushState = (state, title, url) => {
    const to = new URL(url ?? "", location.href)
    if (to.searchParams.has(MARK)) return // the beginning of another page's run, from before Back
    // st.switch_page clears the address of the page that is left: no place to go back to
    if (to.pathname === location.pathname && !to.search && location.search) return
    pushState({ ...state, entry: ++now.entry }, title, url)
    note()
  }
  history.replaceState = (state, title, url) => {
    if (now.untold.length) return // an answer from before Back: it is not about this entry
    replaceState({ ...state, entry: now.entry }, title, url)
    note()
  }

  let restore = null
  // popstate reaches listeners in the order in which they were added, so Streamlit's first; this comes before it
  window.navigation?.addEventListener("currententrychange", ({ navigationType }) => {
    if (navigationType !== "traverse") return
    const entry = history.state?.entry ?? now.entry
    const left = location.pathname === now.path ? now.search : null
    now.untold = [...now.untold, { number: ++now.number, moved: entry - now.entry, left }].slice(-MOST)
    now.entry = entry
    note()
    const [state, clean] = [history.state, location.href]
    const marked = new URL(clean)
    marked.searchParams.set(MARK, JSON.stringify(now.untold))
    replaceState(state, "", marked)
    restore = () => replaceState(state, "", clean)
  })
  window.addEventListener("popstate", () => {
    restore?.()
    restore = null
  })
  now.replace = (url) => {
    replaceState(history.state, "", url)
    note()
  }
  return now
}

const same = (one, other) => {
  const texts = [one, other].map((search) => {
    const values = new URLSearchParams(search)
    for (const name of EMBED) values.delete(name)
    return values.toString()
  })
  return texts[0] === texts[1]
}

const withEmbedding = (search) => {
  const values = new URLSearchParams(location.search)
  const kept = new URLSearchParams(EMBED.flatMap((name) => values.getAll(name).map((value) => [name, value])))
  return [search, kept.toString()].filter(Boolean).join("&")
}

export default function ({ data }) {
  const now = (window.latentHistory ??= install())
  if (data.session !== now.session) Object.assign(now, { session: data.session, serial: 0, number: data.visit })
  if (data.serial <= now.serial || data.visit !== now.number) return // old, or Back came since: its answer follows
  now.serial = data.serial
  now.untold = []
  if (data.forward) history.go(1)
  else if (!same(location.search, data.search)) {
    const search = withEmbedding(data.search)
    now.replace(location.pathname + (search && `?${search}`) + location.hash)
  }
}
