import { type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";

interface Shown {
  readonly text: ReactNode;
  readonly box: DOMRect;
}

interface TooltipProps {
  readonly children: ReactNode;
  readonly className?: string;
  /** What to show for an element with `data-port`; null shows nothing. */
  readonly portTip: (port: string) => ReactNode;
}

const DELAY_MS = 300;

/** Shows the `data-tip` text of whatever lies under the pointer or has the focus, one tip for the whole designer. */
export function Tooltip({ children, className = "", portTip }: TooltipProps) {
  const [shown, setShown] = useState<Shown | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const over = useRef<Element | null>(null);
  useEffect(() => () => clearTimeout(timer.current), []);

  const hide = () => {
    clearTimeout(timer.current);
    over.current = null;
    setShown(null);
  };
  const look = (target: EventTarget, delayMs: number) => {
    const element = (target as Element).closest?.("[data-tip], [data-port]") ?? null;
    if (element === over.current) return;
    hide();
    over.current = element;
    if (!element) return;
    timer.current = setTimeout(() => {
      const port = element.getAttribute("data-port");
      const text = port ? portTip(port) : element.getAttribute("data-tip");
      if (text && element.isConnected) setShown({ text, box: element.getBoundingClientRect() });
    }, delayMs);
  };

  return (
    <div
      className={className}
      onPointerOver={(event: PointerEvent) => event.buttons === 0 && look(event.target, DELAY_MS)}
      onPointerDownCapture={hide}
      onPointerLeave={hide}
      onFocus={(event) => event.target.matches(":focus-visible[data-tip]") && look(event.target, DELAY_MS)}
      onBlur={hide}
      onKeyDownCapture={hide}
    >
      {children}
      {shown && <Bubble {...shown} />}
    </div>
  );
}

function Bubble({ text, box }: Shown) {
  const element = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number } | null>(null);
  useEffect(() => {
    const own = element.current?.getBoundingClientRect();
    if (!own) return;
    const left = Math.max(8, Math.min(box.left + box.width / 2 - own.width / 2, window.innerWidth - own.width - 8));
    const below = box.bottom + 8;
    setPlace({ left, top: below + own.height < window.innerHeight ? below : box.top - own.height - 8 });
  }, [box]);
  return (
    <div ref={element} className="tooltip" role="tooltip" style={place ?? { left: 0, top: 0, visibility: "hidden" }}>
      {text}
    </div>
  );
}
