import { type Ref, useEffect, useRef, useState } from "react";

interface Props {
  className: string;
  label: string;
  value: string;
  /** In letters; the field is as wide as its text. */
  minWidth: number;
  ref?: Ref<HTMLInputElement>;
  /** Takes another text than before, once the field is left or Enter is pressed; an empty one is given up. */
  onCommit: (text: string) => void;
}

/** A title that is changed where it stands. Esc takes the change back. */
export function TitleField({ className, label, value, minWidth, ref, onCommit }: Props) {
  const [text, setText] = useState(value);
  // Escape leaves the field at once, before what it set is drawn.
  const isGivenUp = useRef(false);
  useEffect(() => setText(value), [value]);

  function leave() {
    const wanted = isGivenUp.current ? "" : text.trim();
    isGivenUp.current = false;
    if (wanted && wanted !== value) onCommit(wanted);
    else setText(value);
  }

  return (
    <input
      ref={ref}
      className={className}
      aria-label={label}
      value={text}
      size={Math.max(minWidth, text.length)}
      onChange={(event) => setText(event.target.value)}
      onBlur={leave}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== "Escape") return;
        isGivenUp.current = event.key === "Escape";
        event.currentTarget.blur();
      }}
    />
  );
}
