import type { FrontendRenderer } from "@streamlit/component-v2-lib";
import { createRoot, type Root } from "react-dom/client";
import flowCss from "@xyflow/react/dist/style.css?inline";
import { type Access, createApi } from "./api";
import { Designer } from "./Designer";
import partsCss from "./parts.css?inline";
import { guardKeys } from "./hotkeys";
import { createDesigner, DesignerProvider, type DesignerStore } from "./store";
import themeCss from "./theme.css?inline";

interface Given extends Access {
  design_id: string;
  /** A run that is shown on the canvas; empty: the newest that goes on. */
  run_id?: string;
}

interface Mounted {
  readonly root: Root;
  readonly host: HTMLElement;
  readonly store: DesignerStore;
  readonly given: Given;
  readonly unguard: () => void;
  generation: number;
}

// Streamlit calls the renderer at each rerun of the page, and the cleanup of the call before with it: what is
// mounted outlives both, or a rerun would take away what the person is looking at.
const mounted = new WeakMap<HTMLElement | ShadowRoot, Mounted>();

const render: FrontendRenderer<Record<string, unknown>, Given> = ({ data, parentElement }) => {
  const before = mounted.get(parentElement);
  const isSame = before && before.given.design_id === data.design_id && before.given.token === data.token && before.given.run_id === data.run_id;
  if (before && !isSame) unmount(parentElement, before);
  const current = before && isSame ? before : mount(parentElement, data);
  current.generation += 1;
  const { generation } = current;
  return () => {
    setTimeout(() => {
      const isLeft = current.generation === generation && !current.host.isConnected;
      if (isLeft && mounted.get(parentElement) === current) unmount(parentElement, current);
    }, 0);
  };
};

function mount(parentElement: HTMLElement | ShadowRoot, given: Given): Mounted {
  const host = document.createElement("div");
  host.className = "odibi";
  // The styles stand before what they style: React Flow measures as it renders.
  const style = document.createElement("style");
  style.textContent = `${flowCss}\n${themeCss}\n${partsCss}`;
  parentElement.append(style, host);
  const store = createDesigner(createApi(given), given.design_id, given.run_id);
  const unguard = guardKeys(host);
  const root = createRoot(host);
  root.render(
    <DesignerProvider store={store}>
      <Designer host={host} />
    </DesignerProvider>,
  );
  const current = { root, host, store, given, unguard, generation: 0 };
  mounted.set(parentElement, current);
  return current;
}

function unmount(parentElement: HTMLElement | ShadowRoot, current: Mounted): void {
  mounted.delete(parentElement);
  current.store.getState().close();
  current.unguard();
  current.root.unmount();
  current.host.previousElementSibling?.remove();
  current.host.remove();
}

export default render;
