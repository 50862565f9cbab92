const PANES = [".topbar", ".palette", ".canvas", ".inspector", ".panel"];
const CONTROLS = "input, select, textarea, button, summary, [tabindex='0']:not([role=separator]), [contenteditable=true]";

/** Puts the cursor into the next part of the designer, or the one before, in the order of the page. */
export function goToPane(desk: HTMLElement, by: 1 | -1): void {
  const panes = PANES.flatMap((pane) => desk.querySelector<HTMLElement>(pane) ?? []);
  const { activeElement } = desk.getRootNode() as Document | ShadowRoot;
  const at = panes.findIndex((pane) => pane.contains(activeElement));
  for (let step = 1; step <= panes.length; step += 1) {
    const pane = panes[(at + by * step + panes.length * 2) % panes.length] as HTMLElement;
    const controls = pane.tabIndex === 0 ? [pane] : [...pane.querySelectorAll<HTMLElement>(CONTROLS)];
    const first = controls.find((control) => control.tabIndex >= 0 && !control.matches(":disabled") && control.checkVisibility());
    if (!first) continue;
    first.focus();
    return;
  }
}
