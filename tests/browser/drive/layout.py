"""What is wrong with how a page is laid out, measured by the boxes of its texts. For tests: no pytest."""

from __future__ import annotations

from playwright.sync_api import Page

# Texts are lines of text nodes, also in shadow roots and in SVG. A text is clipped where a box around it hides what
# overflows, and overlaps where another text stands on the same pixels. What is hidden, or one pixel large for screen
# readers, is nothing to see; what lies in a box that scrolls can be scrolled to.
FAULTS = """() => {
    const HIDES = new Set(["hidden", "clip"])
    const faults = []
    const parentOf = (element) => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host ?? null
    const name = (text) => `"${text.trim().replace(/\\s+/g, " ").slice(0, 50)}"`
    const main = document.querySelector("[data-testid='stMain']")
    for (const box of [document.documentElement, main]) {
        const over = box.scrollWidth - box.clientWidth
        if (over > 1) faults.push(`scrolls sideways by ${over} px (${box.tagName})`)
    }
    function* textNodes(root) {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT)
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            if (node.shadowRoot) yield* textNodes(node.shadowRoot)
            if (node.nodeType === Node.TEXT_NODE && node.data.trim()) yield node
        }
    }
    const lines = []
    for (const node of textNodes(document.body)) {
        const element = node.parentElement ?? node.getRootNode().host
        if (!element || ["STYLE", "SCRIPT", "TITLE", "NOSCRIPT", "OPTION"].includes(element.tagName)) continue
        if (getComputedStyle(element).fontFamily.includes("Material")) continue // an icon's name, drawn as the icon
        if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue
        const range = document.createRange()
        range.selectNodeContents(node)
        let boxes = [...range.getClientRects()].filter((box) => box.width > 1 && box.height > 1)
        if (!boxes.length) continue
        let layer = "page"
        let scrolled = false // what a box that scrolls cuts off can be scrolled to
        for (let around = element; around; around = parentOf(around)) {
            const style = getComputedStyle(around)
            const box = around.getBoundingClientRect()
            if (box.width <= 1 || box.height <= 1 || style.clip === "rect(0px, 0px, 0px, 0px)") { boxes = []; break }
            if (["fixed", "sticky"].includes(style.position) || around.dataset?.testid === "stSidebar"
                || around.dataset?.testid === "stHeader") layer = around.dataset?.testid ?? around.className
            const scrolls = ["auto", "scroll"]
            if (scrolls.includes(style.overflowY) || scrolls.includes(style.overflowX)) {
                scrolled = true
                boxes = boxes.filter((line) => line.bottom > box.top + 2 && line.top < box.bottom - 2
                    && line.right > box.left + 2 && line.left < box.right - 2)
            } else if (!scrolled && (HIDES.has(style.overflowX) || HIDES.has(style.overflowY))) {
                // all of a text can be outside on purpose: a drawer that is shut
                boxes = boxes.filter((line) => line.right > box.left && line.left < box.right
                    && line.bottom > box.top && line.top < box.bottom)
                for (const line of boxes) {
                    const across = HIDES.has(style.overflowX)
                        ? Math.max(box.left - line.left, line.right - box.right) : 0
                    const down = HIDES.has(style.overflowY)
                        ? Math.max(box.top - line.top, line.bottom - box.bottom) - line.height * 0.2 : 0
                    if (Math.max(across, down) > 1.5) {
                        const by = Math.round(Math.max(across, down))
                        faults.push(`${name(node.data)} is clipped by ${by} px (${around.tagName}.${around.className})`)
                    }
                }
            }
            if (!boxes.length) break
        }
        for (const box of boxes) lines.push({ node, element, box, layer })
    }
    for (let i = 0; i < lines.length; i++) {
        for (let j = i + 1; j < lines.length; j++) {
            const [one, other] = [lines[i], lines[j]]
            if (one.node === other.node || one.layer !== other.layer) continue
            const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left)
            // lines of text are boxes with room above and below
            const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top)
            if (across > 2 && down > 0.35 * Math.min(one.box.height, other.box.height)) {
                faults.push(`${name(one.node.data)} and ${name(other.node.data)} overlap`)
            }
        }
    }
    return [...new Set(faults)]
}"""
IN_VIEW = """(element) => {
    const box = element.getBoundingClientRect()
    const middle = element.getRootNode().elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)
    return box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight + 1 && box.right <= innerWidth + 1
        && (middle === element || element.contains(middle) || middle?.contains(element))
}"""


def faults(page: Page) -> list[str]:
    """What scrolls sideways, is clipped or overlaps on the page as it is now."""
    found: list[str] = page.evaluate(FAULTS)
    return found


def in_view(page: Page, selector: str) -> bool:
    """Whether the first such element is in the window, nothing before it."""
    return bool(page.locator(selector).first.evaluate(IN_VIEW))
