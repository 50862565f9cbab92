import { GitFork, Replace } from "lucide-react";
import { useState } from "react";
import { describe } from "../api";
import { Menu } from "../controls/Menu";
import { isGoing } from "../model/running";
import { useDesigner, useDesignerStore } from "../store";
import { RunMark } from "./RunMark";
import { useRepeatItems } from "./useRepeatItems";

/** The top bar over a pipeline as it ran: what can be done with the run, and the way to a draft of it. */
export function ReadingBar() {
  const name = useDesigner((state) => state.draft.head.name);
  const summary = useDesigner((state) => state.run.summary);
  const repeatRun = useDesigner((state) => state.repeatRun);
  const repeatItems = useRepeatItems();
  const refusal = summary && isGoing(summary) ? "It is running already" : null;
  return (
    <header className="topbar">
      <strong className="reading-name">{name}</strong>
      <span className="badge" data-tip="The pipeline as it was in this run. Nothing here can be changed.">
        As it ran
      </span>
      <span className="spacer" />
      <RunMark />
      <Menu
        label="Run"
        icon={<Replace size={14} aria-hidden />}
        items={[{ title: "Run again", detail: "the same version and values", onChoose: () => void repeatRun("start"), refusal }, ...repeatItems]}
      />
      <DraftButton />
    </header>
  );
}

function DraftButton() {
  const store = useDesignerStore();
  const [isBusy, setBusy] = useState(false);
  const runId = useDesigner((state) => state.run.summary?.run_id);
  const open = async () => {
    if (!runId) return;
    setBusy(true);
    try {
      const { id } = await store.getState().api.forkRun(runId);
      location.assign(`designer?design=${encodeURIComponent(id)}&run=${encodeURIComponent(runId)}`);
    } catch (error) {
      store.getState().notify(describe(error).what, "error");
      setBusy(false);
    }
  };
  return (
    <button type="button" className="button is-primary" disabled={isBusy || !runId} onClick={() => void open()} data-tip="A new pipeline of what ran, to change a step and go on from there">
      <GitFork size={15} strokeWidth={1.75} aria-hidden />
      Open as a draft
    </button>
  );
}
