/** Every kind of message on the wire, and what reads it: each has its samples in corpus/. */
import type { z } from "zod";

import { ArtifactContent } from "./artifact.ts";
import { Command, Receipt } from "./command.ts";
import { ControlCommand, Controls } from "./control.ts";
import { Entry } from "./entry.ts";
import { HistoryMarks } from "./history.ts";
import { MeshMatterRecord } from "./mesh-matter.ts";
import { Notice } from "./notice.ts";
import { Report } from "./report.ts";
import { ReviewRecord } from "./review-record.ts";
import { ServiceHealth } from "./service-health.ts";

/** By the name of its file in the corpus. */
export const WIRE = {
  entry: Entry,
  report: Report,
  command: Command,
  "control-command": ControlCommand,
  receipt: Receipt,
  controls: Controls,
  "review-record": ReviewRecord,
  "matter-record": MeshMatterRecord,
  notice: Notice,
  "service-health": ServiceHealth,
  "history-marks": HistoryMarks,
  "artifact-content": ArtifactContent,
} as const satisfies Record<string, z.ZodType>;
export type WireKind = keyof typeof WIRE;
