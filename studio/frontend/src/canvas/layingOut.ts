import type { Point } from "../messages";
import type { LayoutTask } from "../model/layout";

/** Places for boxes, computed beside the page: 1,000 steps take seconds. */
export function layOutBeside(task: LayoutTask): Promise<Record<string, Point>> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Record<string, Point>>) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = (event) => {
      worker.terminate();
      reject(new Error(event.message || "the layout could not be computed"));
    };
    worker.postMessage(task);
  });
}
