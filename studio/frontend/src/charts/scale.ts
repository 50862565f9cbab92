import type { Range } from "./range";

/** How moments lie in the pictures: the same for all of them. */
export interface Scale {
  readonly shown: Range;
  /** In pixels. */
  readonly width: number;
  readonly marks: readonly { readonly moment: number; readonly x: number }[];
  /** The moment under the pointer. */
  readonly pointed: number | null;
}
