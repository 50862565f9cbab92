/** Brings a field of a step's form into view and puts the cursor into it; what folds it away is opened. */
export function focusField(root: ParentNode, field: string): void {
  const found = fieldOf(root, field);
  if (!found) return;
  for (let fold = found.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
  const control = found.matches(FOCUSABLE) ? found : found.querySelector<HTMLElement>(FOCUSABLE);
  found.scrollIntoView({ block: "center" });
  control?.focus({ preventScroll: true });
}

const FOCUSABLE = "input, select, textarea, button, [contenteditable=true]";

/** The element of a field, or of the nearest one that it is inside of: `params.keys[0].name` may be one of `params.keys`. */
function fieldOf(root: ParentNode, field: string): HTMLElement | null {
  const parts = field.replaceAll("[", ".").replaceAll(/['"\]]/g, "").split(".");
  for (let many = parts.length; many > 0; many -= 1) {
    const found = root.querySelector<HTMLElement>(`#${CSS.escape(`step.${parts.slice(0, many).join(".")}`)}`);
    if (found) return found;
  }
  return null;
}
