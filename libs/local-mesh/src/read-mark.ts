import { existsSync, readFileSync } from "node:fs";

import { HistoryMarks } from "@baton/contracts";

/** How far history had come, as the coordinator of this mesh kept it in the data folder; undefined before its first start. */
export function readMark(file: string): HistoryMarks | undefined {
  if (!existsSync(file)) return undefined;
  return HistoryMarks.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
}
