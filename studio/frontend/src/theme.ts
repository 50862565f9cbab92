import { useEffect, useState } from "react";

/** Whether Streamlit's theme is dark; follows it when it is changed. */
export function useIsDark(host: HTMLElement): boolean {
  const [isDark, setIsDark] = useState(() => looksDark(host));
  useEffect(() => {
    const look = () => setIsDark(looksDark(host));
    look();
    // The theme arrives as CSS variables on elements around the component: a transition tells when one changes.
    host.addEventListener("transitionrun", look);
    return () => host.removeEventListener("transitionrun", look);
  }, [host]);
  return isDark;
}

function looksDark(host: HTMLElement): boolean {
  const parts = getComputedStyle(host).backgroundColor.match(/[\d.]+/g);
  if (!parts) return false;
  const [red = 255, green = 255, blue = 255] = parts.map(Number);
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}
