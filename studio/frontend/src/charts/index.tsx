import type { FrontendRenderer } from "@streamlit/component-v2-lib";
import { createRoot, type Root } from "react-dom/client";
import { Charts } from "./Charts";
import chartsCss from "./charts.css?inline";
import type { Told } from "./told";

interface Mounted {
  readonly root: Root;
  readonly parts: readonly HTMLElement[];
  generation: number;
}

// Streamlit calls the renderer at each refresh, and the cleanup of the call before with it: what is mounted
// outlives both, and takes in what is new.
const mounted = new WeakMap<HTMLElement | ShadowRoot, Mounted>();

const render: FrontendRenderer<Record<string, unknown>, Told> = ({ data, parentElement }) => {
  const current = mounted.get(parentElement) ?? mount(parentElement);
  current.generation += 1;
  const { generation } = current;
  current.root.render(<Charts key={data.run_id} told={data} />);
  return () => {
    setTimeout(() => {
      if (current.generation !== generation || current.parts.some((part) => part.isConnected)) return;
      mounted.delete(parentElement);
      current.root.unmount();
    }, 0);
  };
};

function mount(parentElement: HTMLElement | ShadowRoot): Mounted {
  const style = document.createElement("style");
  style.textContent = chartsCss;
  const host = document.createElement("div");
  parentElement.append(style, host);
  const current = { root: createRoot(host), parts: [style, host], generation: 0 };
  mounted.set(parentElement, current);
  return current;
}

export default render;
