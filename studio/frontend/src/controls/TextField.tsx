import { useEffect, useState } from "react";

interface Props {
  id: string;
  value: string;
  /** Takes the text when the field is left or Enter is pressed; says why it can't be, or null. */
  onCommit: (text: string) => string | null;
  label?: string;
  placeholder?: string;
  className?: string;
  isInvalid?: boolean;
  describedBy?: string | undefined;
}

/** A text that counts once it is whole, such as a name that others refer to. Esc takes the change back. */
export function TextField(props: Props) {
  const [typed, setTyped] = useState<string | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  useEffect(() => {
    setTyped(null);
    setRefusal(null);
  }, [props.value]);

  function commit() {
    if (typed === null) return;
    if (typed === props.value) {
      setTyped(null);
      setRefusal(null);
      return;
    }
    const why = props.onCommit(typed);
    setRefusal(why);
    if (why === null) setTyped(null);
  }

  return (
    <span className="text-field">
      <input
        id={props.id}
        type="text"
        className={props.className}
        autoComplete="off"
        spellCheck={false}
        aria-label={props.label}
        aria-invalid={refusal !== null || props.isInvalid || undefined}
        aria-describedby={[props.describedBy, refusal !== null && `${props.id}-refusal`].filter(Boolean).join(" ") || undefined}
        placeholder={props.placeholder}
        value={typed ?? props.value}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          // What is being typed is in no undo list yet: the browser's own takes its letters back.
          const isUndo = (event.ctrlKey || event.metaKey) && /^[zy]$/i.test(event.key);
          if (isUndo && typed !== null && typed !== props.value) event.stopPropagation();
          if (event.key === "Enter") commit();
          if (event.key === "Escape" && typed !== null) {
            event.stopPropagation();
            setTyped(null);
            setRefusal(null);
          }
        }}
      />
      {refusal !== null && (
        <span id={`${props.id}-refusal`} className="field-message" data-severity="error" role="alert">
          {refusal}
        </span>
      )}
    </span>
  );
}
