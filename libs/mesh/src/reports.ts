/** Reports: stored before anyone decides on them; the first result of a stage run wins for ever. */
import {
  conformanceTo,
  type Lane,
  type Reading,
  readWire,
  Report,
  reportSubject,
  type ResultReport,
  type StageRun,
  STREAMS,
} from "@baton/contracts";
import type { JetStreamManager } from "@nats-io/jetstream";

import { Unavailable } from "./connect.ts";
import type { GroupWriter } from "./group-writer.ts";
import { sampledOnly } from "./message-bytes.ts";
import { REFUSALS, Refused } from "./publisher.ts";

/** Reads and writes reports. */
export interface Reports {
  /** Stores a report; `exists` if one of that subject is there already, whatever it says. Retries unknown outcomes. */
  store(report: Report): Promise<"stored" | "exists">;
  /** The stored result of a stage run. */
  result(of: StageRun & { lane: Lane }): Promise<ResultReport | undefined>;
}

const ATTEMPTS = 20;
const RETRY_MS = 500;

/** Opens the reports. */
export function openReports(jsm: JetStreamManager, writer: GroupWriter): Reports {
  const stream = STREAMS.reports.name;
  return {
    store: (report) => store(writer, report),
    result: async (of) => {
      const subject = reportSubject({ ...of, part: "result" });
      const message = await jsm.streams.getMessage(stream, { last_by_subj: subject });
      const report = message ? parseReport(message.data) : undefined;
      return typeof report === "object" && report.type === "result" ? report : undefined;
    },
  };
}

async function store(writer: GroupWriter, report: Report): Promise<"stored" | "exists"> {
  const part = report.type === "result" ? "result" : report.attempt;
  const message = {
    subject: reportSubject({ ...report, part }),
    payload: JSON.stringify(report),
    headers: { traceparent: sampledOnly(report.trace) },
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const stored = await writer.write(report.candidateId, message);
      return stored.duplicate ? "exists" : "stored";
    } catch (error) {
      if (error instanceof Refused && error.code === REFUSALS.subjectTaken) return "exists";
      if (!(error instanceof Unavailable) || attempt >= ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

const decoder = new TextDecoder();
const isReport = conformanceTo(Report);

/** A report, or in words why the bytes aren't one for this release. */
export function parseReport(data: Uint8Array): Report | string {
  const read = readReport(data);
  return read.kind === "read" ? read.value : read.why;
}

/** Reads a report's bytes, and tells what a newer release wrote from what is no report. */
export function readReport(data: Uint8Array): Reading<Report> {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(data));
  } catch {
    return { kind: "malformed", why: `not JSON (${data.length} bytes)` };
  }
  return isReport(value) ? { kind: "read", value } : readWire(Report, value);
}
