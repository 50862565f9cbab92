import { Copy } from "lucide-react";
import { cellText } from "./cells";
import { Dialog } from "../dialogs/Dialog";

interface Props {
  name: string;
  type: string;
  value: unknown;
  onClose: () => void;
}

/** One value in full, with lists and structs laid out. */
export function ValuePopover({ name, type, value, onClose }: Props) {
  const text = typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : cellText(value, type, name);
  const plain = typeof value === "string" || typeof value === "number" ? String(value) : text;
  return (
    <Dialog
      title={name}
      size="small"
      onClose={onClose}
      actions={
        <button type="button" className="button" onClick={() => void navigator.clipboard?.writeText(plain)}>
          <Copy size={14} aria-hidden="true" /> Copy
        </button>
      }
    >
      <p className="field-help">
        {type}
        {typeof value === "string" && ` · ${value.length.toLocaleString()} characters`}
      </p>
      <pre className="whole-value" tabIndex={0}>
        {text}
      </pre>
    </Dialog>
  );
}
