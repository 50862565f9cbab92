"use strict";
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);

  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  all("time").forEach((time) => { time.textContent = local.format(new Date(time.dateTime)); });
  byId("zone").textContent = `your time zone (${local.resolvedOptions().timeZone})`;

  const cards = all(".card");
  const search = byId("search"), status = byId("status"), toggle = byId("toggle");
  let texts;
  const filter = () => {
    texts ??= cards.map((card) => card.textContent.toLowerCase());
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = new Set();
    cards.forEach((card, index) => {
      const fits = (!status.value || card.dataset.status === status.value)
        && words.every((word) => texts[index].includes(word));
      card.hidden = !fits;
      if (fits) shown.add(card.dataset.id);
    });
    all("[data-node]").forEach((node) => node.classList.toggle("dim", !shown.has(node.dataset.node)));
    byId("found").textContent = shown.size === cards.length ? "" : `${shown.size} of ${cards.length}`;
  };
  if (search) {
    search.addEventListener("input", filter);
    status.addEventListener("change", filter);
    toggle.addEventListener("click", () => {
      const open = toggle.getAttribute("aria-pressed") !== "true";
      toggle.setAttribute("aria-pressed", open);
      toggle.textContent = open ? "Close all" : "Open all";
      cards.forEach((card) => { card.open = open; });
    });
  }

  const reveal = () => {
    const body = /^#step-\d+$/.test(location.hash) && byId(location.hash.slice(1));
    if (!body) return;
    const card = body.closest("details");
    card.hidden = false;
    card.open = true;
    card.scrollIntoView({ block: "start" });
    card.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", reveal);
  reveal();

  all(".zoom").forEach((tools) => {
    const drawing = byId(tools.dataset.zooms);
    if (!drawing) return;
    const { width, height } = drawing.viewBox.baseVal;
    let scale = 1;
    const zoom = (to) => {
      scale = Math.min(2, Math.max(0.05, to));
      drawing.style.width = `${width * scale}px`;
      drawing.style.height = `${height * scale}px`;
    };
    const fit = (least) => zoom(Math.max(least, Math.min(1, (drawing.parentElement.clientWidth - 2) / width)));
    const actions = { in: () => zoom(scale * 1.25), out: () => zoom(scale / 1.25), fit: () => fit(0), full: () => zoom(1) };
    tools.addEventListener("click", (event) => actions[event.target.dataset.zoom]?.());
    if (drawing.id === "graph-drawing") fit(0.72);
    tools.hidden = false;
  });
  all(".tools").forEach((tools) => { tools.hidden = false; });

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    closed.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));
})();
