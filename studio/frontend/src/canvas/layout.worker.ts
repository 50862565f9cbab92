import { layOut, type LayoutTask } from "../model/layout";

self.onmessage = ({ data }: MessageEvent<LayoutTask>) => self.postMessage(layOut(data));
