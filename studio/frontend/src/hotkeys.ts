const STREAMLITS = new Set(["r", "c"]);

/**
 * Keeps Streamlit's hot keys (r reruns the page, c clears its caches) from keys that are pressed in the designer, and
 * gives the canvas those that would get lost: when what had the focus is removed, the browser sends keys to the body.
 *
 * Gives back what ends it.
 */
export function guardKeys(host: HTMLElement): () => void {
  let wasHere = false;
  const onPresence = (event: Event) => {
    wasHere = event.composedPath().includes(host);
  };
  const onKeyHere = (event: KeyboardEvent) => {
    if (STREAMLITS.has(event.key.toLowerCase())) event.stopPropagation();
  };
  const onKeyAnywhere = (event: KeyboardEvent) => {
    if (!wasHere || event.target !== document.body) return;
    const canvas = host.querySelector<HTMLElement>("main.canvas");
    if (!canvas) return;
    event.stopImmediatePropagation();
    canvas.focus({ preventScroll: true });
    if (!canvas.dispatchEvent(new KeyboardEvent(event.type, event))) event.preventDefault();
  };
  window.addEventListener("pointerdown", onPresence, true);
  window.addEventListener("focusin", onPresence, true);
  window.addEventListener("keydown", onKeyAnywhere, true);
  host.addEventListener("keydown", onKeyHere);
  return () => {
    window.removeEventListener("pointerdown", onPresence, true);
    window.removeEventListener("focusin", onPresence, true);
    window.removeEventListener("keydown", onKeyAnywhere, true);
    host.removeEventListener("keydown", onKeyHere);
  };
}
