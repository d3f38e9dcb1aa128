/** The tracing UI that a dry run may be watched in. */
import { join } from "node:path";

import { startTracingUi, traceLink, type TracingUi } from "@baton/tracing-ui";
import { traceIdOf } from "@baton/views";

import type { Evidence } from "./gather-evidence.ts";

/** Starts it if it was asked for. */
export async function openTraces(
  wanted: boolean,
  on: {
    readonly folder: string;
    readonly signal: AbortSignal;
    readonly log: (line: string) => void;
  },
): Promise<TracingUi | undefined> {
  return wanted ? startTracingUi({ ...on, folder: join(on.folder, "traces") }) : undefined;
}

/** The page of a candidate's first run. */
export function linkTo(ui: TracingUi | undefined, first: Evidence | undefined): string | null {
  const entry = first?.entries[0]?.entry;
  return ui && entry ? traceLink(ui.link, traceIdOf(entry)) : null;
}

/** Quick enough to be looked at as soon as it is over. */
export const QUICK = { BATON_METRICS_REFRESH_MS: "200" } as const;
