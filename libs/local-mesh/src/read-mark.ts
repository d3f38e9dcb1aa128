import { existsSync } from "node:fs";

import { HistoryMarks } from "@baton/contracts";

import { readObeyed } from "./read-obeyed.ts";

/** How far history had come, as the coordinator of this mesh kept it in the data folder; undefined before its first start. */
export function readMark(file: string): HistoryMarks | undefined {
  if (!existsSync(file)) return undefined;
  return HistoryMarks.safeParse(JSON.parse(readObeyed(file))).data;
}
