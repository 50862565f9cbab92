import type { FrontendRenderer } from "@streamlit/component-v2-lib";
import { createRoot, type Root } from "react-dom/client";
import queryCss from "./query.css?inline";
import { QueryEditor, type Said, type Told } from "./QueryEditor";

interface Mounted {
  readonly root: Root;
  readonly host: HTMLElement;
  generation: number;
}

// Streamlit calls the renderer at each rerun, and the cleanup of the call before with it: what is mounted outlives
// both, or a rerun would take away what somebody is typing.
const mounted = new WeakMap<HTMLElement | ShadowRoot, Mounted>();

const render: FrontendRenderer<Said, Told> = ({ data, parentElement, setStateValue, setTriggerValue }) => {
  const current = mounted.get(parentElement) ?? mount(parentElement);
  current.generation += 1;
  const { generation, host } = current;
  current.root.render(
    <QueryEditor
      told={data}
      host={host}
      onText={(sql) => setStateValue("sql", sql)}
      onRun={(sql) => setTriggerValue("run", sql)}
    />,
  );
  return () => {
    setTimeout(() => {
      if (current.generation !== generation || host.isConnected) return;
      mounted.delete(parentElement);
      current.root.unmount();
    }, 0);
  };
};

function mount(parentElement: HTMLElement | ShadowRoot): Mounted {
  const style = document.createElement("style");
  style.textContent = queryCss;
  const host = document.createElement("div");
  host.className = "odibi query";
  // Keys that are typed here are none of the page's: its own Ctrl-Enter would run the query a second time.
  host.addEventListener("keydown", (event) => event.stopPropagation());
  parentElement.append(style, host);
  const current = { root: createRoot(host), host, generation: 0 };
  mounted.set(parentElement, current);
  return current;
}

export default render;
