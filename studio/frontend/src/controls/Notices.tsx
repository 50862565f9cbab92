import { X } from "lucide-react";
import { useDesigner } from "../store";

/** Short words to the person, for a moment. */
export function Notices() {
  const notices = useDesigner((state) => state.notices);
  const dismiss = useDesigner((state) => state.dismiss);
  return (
    <div className="notices" aria-live="polite">
      {notices.map(({ id, text, tone }) => (
        <div key={id} className={`notice is-${tone}`}>
          <span>{text}</span>
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <X size={14} aria-hidden />
          </button>
        </div>
      ))}
    </div>
  );
}
