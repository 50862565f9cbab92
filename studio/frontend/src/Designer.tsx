import { ReactFlowProvider } from "@xyflow/react";
import { type KeyboardEvent, lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { Canvas } from "./canvas/Canvas";
import { type Choosing, OpenChooser } from "./canvas/choosers";
import { useFirstLayout } from "./canvas/firstLayout";
import { hasOwnUndo, isTyping } from "./canvas/keys";
import { PortTip } from "./canvas/PortTip";
import { Shortcuts } from "./canvas/Shortcuts";
import { Boundary } from "./controls/Boundary";
import { Notices } from "./controls/Notices";
import { Tooltip } from "./controls/Tooltip";
import { RunHealth } from "./health/RunHealth";
import { InspectorEdge } from "./inspector/InspectorEdge";
import { Palette } from "./palette/Palette";
import { PanelSpace } from "./panel/PanelSpace";
import { goToPane } from "./panes";
import { useDesigner, useDesignerStore } from "./store";
import { useIsDark } from "./theme";
import { TopBar } from "./topbar/TopBar";

// The canvas is there first; forms and the SQL editor, twice its size, come right behind it.
const Inspector = lazy(async () => ({ default: (await import("./inspector/Inspector")).Inspector }));
const BottomPanel = lazy(async () => ({ default: (await import("./panel/BottomPanel")).BottomPanel }));
const Dialogs = lazy(async () => ({ default: (await import("./dialogs/Dialogs")).Dialogs }));

/** The whole designer: top bar, palette, canvas, inspector and bottom panel. */
export function Designer({ host }: { host: HTMLElement }) {
  const opening = useDesigner((state) => state.opening);
  const isDark = useIsDark(host);
  useEffect(() => {
    host.dataset["theme"] = isDark ? "dark" : "light";
  }, [host, isDark]);
  if (opening.kind === "failed") {
    return (
      <div className="designer-failed" role="alert">
        <strong>{opening.why.what}</strong>
        <p>{opening.why.fix}</p>
      </div>
    );
  }
  if (opening.kind === "busy") return <div className="designer-busy" role="status" aria-label="Opening the pipeline" />;
  return (
    <ReactFlowProvider>
      <Desk isDark={isDark} />
    </ReactFlowProvider>
  );
}

function Desk({ isDark }: { isDark: boolean }) {
  const store = useDesignerStore();
  const [choosing, setChoosing] = useState<Choosing | null>(null);
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  const desk = useRef<HTMLDivElement>(null);
  const isPlaced = useFirstLayout();
  const isReading = useDesigner((state) => state.isReading);
  useLeaving();

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented) return;
    const { undo, redo, showDialog } = store.getState();
    const key = event.key.toLowerCase();
    const isCommand = event.ctrlKey || event.metaKey;
    const isText = hasOwnUndo(event);
    const commands: Readonly<Record<string, (() => void) | false>> = {
      z: !isText && (event.shiftKey ? redo : undo),
      y: !isText && redo,
      f: () => setChoosing({ kind: "search" }),
      s: !isReading && (() => showDialog({ kind: "version" })),
    };
    const plain: Readonly<Record<string, (() => void) | false>> = {
      "?": !isTyping(event) && (() => setIsHelpOpen(true)),
      escape: !hasOwnEscape(event) && backToCanvas,
      f6: () => desk.current && goToPane(desk.current, event.shiftKey ? -1 : 1),
    };
    const act = (isCommand ? commands : plain)[key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  const openHelp = useCallback(() => setIsHelpOpen(true), []);
  const portTip = useCallback((port: string) => <PortTip port={port} />, []);
  const backToCanvas = () => {
    setChoosing(null);
    desk.current?.querySelector<HTMLElement>(".canvas")?.focus({ preventScroll: true });
  };

  return (
    <div ref={desk} className="desk-host" onKeyDown={onKeyDown}>
      <Tooltip className={isReading ? "designer is-reading" : "designer"} portTip={portTip}>
        <TopBar />
        {!isReading && <Palette />}
        {isPlaced ? (
          <Boundary name="The canvas" className="canvas">
            <Canvas isDark={isDark} onChoose={setChoosing} onHelp={openHelp} />
          </Boundary>
        ) : (
          <main className="canvas" aria-busy />
        )}
        <InspectorEdge />
        <Boundary name="The inspector" className="inspector">
          <Suspense fallback={<aside className="inspector" aria-busy />}>
            <fieldset className="inspector-guard" disabled={isReading}>
              <Inspector />
            </fieldset>
          </Suspense>
        </Boundary>
        <Boundary name="The panel" className="panel">
          <Suspense fallback={<PanelSpace />}>
            <BottomPanel />
          </Suspense>
        </Boundary>
        {choosing && <OpenChooser choosing={choosing} onClose={backToCanvas} />}
        {isHelpOpen && <Shortcuts onClose={() => setIsHelpOpen(false)} />}
        <Boundary name="The dialog">
          <Suspense fallback={null}>
            <Dialogs />
          </Suspense>
        </Boundary>
        <Notices />
        <RunHealth />
      </Tooltip>
    </div>
  );
}

/** Whether Escape means something of its own there: in the SQL editor it lets Tab leave. */
function hasOwnEscape(event: KeyboardEvent): boolean {
  return (event.target as HTMLElement).closest(".cm-editor") !== null;
}

/** Sends what is unsaved when the page is hidden or left. */
function useLeaving(): void {
  const store = useDesignerStore();
  useEffect(() => {
    const save = () => void store.getState().saveNow(true);
    const onVisibility = () => document.visibilityState === "hidden" && save();
    const onOnline = () => store.getState().retrySave();
    window.addEventListener("pagehide", save);
    document.addEventListener("visibilitychange", onVisibility);
    window.addEventListener("online", onOnline);
    return () => {
      window.removeEventListener("pagehide", save);
      document.removeEventListener("visibilitychange", onVisibility);
      window.removeEventListener("online", onOnline);
    };
  }, [store]);
}
