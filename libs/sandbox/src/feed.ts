import { Readable, type Writable } from "node:stream";

import type { SandboxPlan } from "./plan.ts";

/** Gives a process what it reads. */
export function feed(into: Writable | null, content: SandboxPlan["input"]): void {
  // It may end before it has read everything.
  into?.on("error", () => undefined);
  if (into && content instanceof Readable) content.pipe(into);
  else into?.end(content);
}
