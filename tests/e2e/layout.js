// Rows of a table and code scroll sideways on purpose; what is only spoken is not seen.
(root) => {
  const found = [];
  const TEXTS = "p, h1, h2, h3, span, strong, small, label, button, input, select, textarea, th, td, li, dt, dd, a, time";
  const SCROLLED = ".cm-scroller, .diff-graph, [role=grid], .grid, table.rows, .stDataFrame, pre";
  const name = (it) => `${it.tagName.toLowerCase()}.${[...it.classList].join(".")} “${(it.innerText || it.value || it.ariaLabel || "").trim().slice(0, 40)}”`;
  const all = [...root.querySelectorAll(TEXTS)].filter((it) => {
    const { width, height } = it.getBoundingClientRect();
    return width > 1 && height > 1 && it.checkVisibility({ visibilityProperty: true, opacityProperty: true })
      && !it.closest(".spoken, [aria-hidden=true], .cm-editor, svg") && (it.matches("button, input, select, textarea") || ownText(it));
  });
  function ownText(it) { return [...it.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()); }
  for (const it of all) {
    const box = it.getBoundingClientRect();
    const style = getComputedStyle(it);
    const isShortened = (at) => getComputedStyle(at).textOverflow === "ellipsis";
    if (!it.closest(SCROLLED) && (box.left < -1 || box.right > innerWidth + 1)) found.push(`${name(it)} is out of the window`);
    if (it.matches("button, label, th, h1, h2, h3") && it.scrollWidth > it.clientWidth + 1 && style.overflowX !== "visible" && !isShortened(it))
      found.push(`${name(it)} is cut off`);
    for (let at = it.parentElement; at && at !== root.parentElement; at = at.parentElement) {
      const around = getComputedStyle(at);
      const clips = around.overflowX !== "visible";
      if (!clips || at.matches(SCROLLED)) continue;
      const outer = at.getBoundingClientRect();
      const isScrolled = ["auto", "scroll"].includes(around.overflowX);
      if (isScrolled && at.scrollWidth > at.clientWidth + 1) found.push(`${name(at)} scrolls sideways`);
      else if (!isScrolled && (box.right > outer.right + 1.5 || box.left < outer.left - 1.5) && !isShortened(at) && !isShortened(it))
        found.push(`${name(it)} is cut off by ${name(at)}`);
    }
  }
  // What is scrolled out of its list lies behind what stands around the list, and nobody sees it there.
  function seen(it) {
    let { left, right, top, bottom } = it.getBoundingClientRect();
    for (let at = it.parentElement; at && at !== root.parentElement; at = at.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(at);
      if (overflowX === "visible" && overflowY === "visible") continue;
      const outer = at.getBoundingClientRect();
      [left, right] = [Math.max(left, outer.left), Math.min(right, outer.right)];
      [top, bottom] = [Math.max(top, outer.top), Math.min(bottom, outer.bottom)];
    }
    return { left, right, top, bottom };
  }
  const controls = all.filter((it) => it.matches("button, input, select, textarea"));
  for (const [place, one] of controls.entries()) {
    const a = seen(one);
    for (const other of controls.slice(place + 1)) {
      if (one.contains(other) || other.contains(one) || other.closest("[popover]") !== one.closest("[popover]")) continue;
      const b = seen(other);
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 2 && high > 2) found.push(`${name(one)} and ${name(other)} overlap`);
    }
  }
  return [...new Set(found)];
}
