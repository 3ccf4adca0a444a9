// The browser's history. Installed once a window; every page mounts it with the address of what it shows.
//
// Streamlit makes a history entry for every change of the address, and tells Python nothing of who changed it. So:
// - Entries and addresses of choices are made here alone, from what Python last said, whatever runs were interrupted.
//   Streamlit only makes those of pages that are opened.
// - Back and Forward are counted. The address that they lead to is marked while Streamlit reads it, and Streamlit sends
//   the mark with every request until the address changes again: no speed and no interrupted run can hide it.
// - Back that came before the entry of the last choice went one entry too far: Python says so, and it goes forward one.
// - sending.js keeps a choice and Back in their order. A choice that was sent after Back though it came before it, and an
//   entry that the browser had not heard of when Back was pressed, are known here alone: Back went one too far, too.

import { Sending } from "./sending.js"

const MARK = "visit" // as in __init__.py
const MOST = 20 // visits that are told together
const NEWS_MS = 1_000 // nobody goes back by two entries at once so soon
const EMBED = ["embed", "embed_options"] // Streamlit's own, which Python never sees

/**
 * Whether the browser had not heard of the newest entry when Back was pressed. Such Back goes from the entry before that,
 * so one press goes by two. The browser still tells the old length of the history then, unless the entry took the place of
 * just one other; so two at once right after the entry was made are one press, too.
 */
const newestEntry = () => {
  let length = null
  let made = 0
  return {
    made: () => {
      length = history.length
      made = performance.now()
    },
    isNews: () => length !== null && (length !== history.length || performance.now() - made < NEWS_MS),
    forget: () => {
      length = null
    },
  }
}

const install = () => {
  const pushState = history.pushState.bind(history)
  const replaceState = history.replaceState.bind(history)
  const sending = new Sending()
  const newest = newestEntry()
  const now = {
    sending,
    session: null,
    serial: 0, // of Python's last answer
    step: 0, // how many steps have entries
    visit: 0, // how many there were
    untold: [], // visits that no answer of Python's has followed yet
    forwarded: 0, // the last visit that was too far
    opened: true, // a page, and its address is not complete yet
    entry: history.state?.entry ?? 0, // which one we are at
    push: (url) => {
      pushState({ entry: ++now.entry }, "", url)
      newest.made()
    },
    replace: (url) => replaceState(history.state, "", url),
  }
  replaceState({ ...history.state, entry: now.entry }, "")

  const opensPage = (url) => {
    const to = new URL(url ?? "", location.href)
    // with the mark it is the beginning of another page's run, from before Back
    return to.pathname !== location.pathname && !to.searchParams.has(MARK)
  }
  history.pushState = (state, title, url) => {
    if (!opensPage(url)) return
    now.opened = true
    pushState({ ...state, entry: ++now.entry }, title, url)
    newest.made()
  }
  history.replaceState = (state, title, url) => {
    if (opensPage(url)) replaceState({ ...state, entry: now.entry }, title, url)
  }

  let restore = null
  // this window's listeners of popstate are called in the order in which they were added, so Streamlit's first, even
  // before capturing ones (Chromium); this comes before it
  window.navigation?.addEventListener("currententrychange", ({ navigationType }) => {
    if (navigationType !== "traverse") return
    const entry = history.state?.entry ?? now.entry // none: a link to a place on this page
    const moved = entry - now.entry
    now.untold = [...now.untold, { number: ++now.visit, moved, step: now.step }].slice(-MOST)
    now.entry = entry
    const passed = moved < -1 && newest.isNews()
    newest.forget()
    sending.traversed(moved < 0, passed)
    if (passed) history.go(1)
    const clean = location.href
    const marked = new URL(clean)
    marked.searchParams.set(MARK, JSON.stringify(now.untold))
    now.replace(marked)
    restore = () => now.replace(clean)
  })
  window.addEventListener("popstate", () => {
    restore?.()
    restore = null
  })
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
  window.backForward ??= install()
  const now = window.backForward
  if (data.session !== now.session) {
    Object.assign(now, { session: data.session, serial: 0, visit: data.visit, opened: true })
  }
  if (data.serial <= now.serial) return // old
  const answers = data.visit === now.visit
  if (answers) follow(now, data) // else Back came since: its answer follows
  now.sending.answered()
}

function follow(now, data) {
  const step = data.step > now.step && !now.opened
  Object.assign(now, { serial: data.serial, step: data.step, untold: [], opened: false })
  if (data.forward || (step && now.sending.late)) {
    now.sending.forget()
    if (now.forwarded !== data.visit) history.go(1)
    now.forwarded = data.visit
  } else if (!same(location.search, data.search)) {
    const search = withEmbedding(data.search)
    const change = step ? now.push : now.replace
    change(location.pathname + (search && `?${search}`) + location.hash)
  }
}
