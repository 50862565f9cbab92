import { useDesigner } from "../store";
import { ConflictDialog } from "./ConflictDialog";
import { ExportDialog } from "./ExportDialog";
import { FileConflictDialog } from "./FileConflictDialog";
import { HistoryDialog } from "./HistoryDialog";
import { ImportDialog } from "./ImportDialog";
import { ParametersDialog } from "./ParametersDialog";
import { PinDialog } from "./PinDialog";
import { VersionDialog } from "./VersionDialog";

/** The dialog that is open, if any. */
export function Dialogs() {
  const dialog = useDesigner((state) => state.dialog);
  const save = useDesigner((state) => state.save);
  const conflict = useDesigner((state) => state.design.conflict);
  switch (dialog?.kind) {
    case "history":
      return <HistoryDialog />;
    case "diff":
      return <HistoryDialog key={`${dialog.before}-${dialog.after}`} before={dialog.before} after={dialog.after} />;
    case "version":
      return <VersionDialog />;
    case "export":
      return <ExportDialog form={dialog.form} />;
    case "import":
      return <ImportDialog />;
    case "parameters":
      return <ParametersDialog />;
    case "pin":
      return <PinDialog id={dialog.step} />;
    case "run":
      return <ParametersDialog wish={dialog.wish} />;
    default:
      if (save.kind === "conflict") return <ConflictDialog theirs={save.theirs} />;
      return conflict > 0 ? <FileConflictDialog /> : null;
  }
}
