import { readFile } from "node:fs/promises";

import { jetstreamManager } from "@nats-io/jetstream";
import { connect, nkeyAuthenticator } from "nats";

import { guardHeaders } from "./guard-headers.ts";
import type { Input } from "./input.ts";
import { readActions } from "./read-actions.ts";
import { readBrokerLog } from "./read-broker-log.ts";
import { readChanges } from "./read-changes.ts";
import { readControlState } from "./read-controls.ts";
import { readEntry, readReport, readSubmission } from "./read-journal.ts";
import { readMessages } from "./read-messages.ts";
import { objectReader } from "./read-objects.ts";
import type { ControlState, Foreign, JournalEntry, MeshRecord, Report } from "./record.ts";

const BUCKET = "ARTIFACTS";
const CONNECT_WITHIN_MS = 5000;
/** Where those who sign in find JetStream's API. */
const API_PREFIX = "baton.api";

async function openServer({ natsUrl, natsSeedFile }: Input) {
  const seed = natsSeedFile === null ? undefined : (await readFile(natsSeedFile, "utf8")).trim();
  guardHeaders();
  const nc = await connect({
    servers: natsUrl,
    // Otherwise the client goes on in plain text where a server has no TLS.
    ...(natsUrl.startsWith("tls://") && { tls: {} }),
    name: "baton-invariants",
    timeout: CONNECT_WITHIN_MS,
    maxReconnectAttempts: 0,
    ...(seed !== undefined && {
      authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
    }),
  });
  const jsm = await jetstreamManager(nc, {
    checkAPI: false,
    ...(seed !== undefined && { apiPrefix: API_PREFIX }),
  });
  return { nc, jsm };
}

/** Reads everything that the invariants are about. Only reads: nothing is written, acknowledged or moved. */
export async function gather(input: Input): Promise<MeshRecord> {
  const { nc, jsm } = await openServer(input);
  try {
    // What rests on a dispatch is read before the journal, what the journal rests on is read after it.
    const actions = await Promise.all(input.remotes.map(readActions));
    const changes = await Promise.all(input.remotes.map(readChanges));
    const broker = input.brokerLog === null ? [] : await readBrokerLog(input.brokerLog);
    const submissions: string[] = [];
    await readMessages(jsm, "COMMANDS", (message) => {
      const candidateId = readSubmission(message);
      if (candidateId !== undefined) submissions.push(candidateId);
    });
    const entries: JournalEntry[] = [];
    const foreign: Foreign[] = [];
    await readMessages(jsm, "JOURNAL", (message) => {
      const entry = readEntry(message);
      if ("what" in entry) foreign.push(entry);
      else entries.push(entry);
    });
    const last = entries.at(-1)?.sequence ?? 0;
    const controls: ControlState[] = [];
    await readMessages(jsm, "CONTROLS", (message) => {
      controls.push(readControlState(message));
    });
    const reports: Report[] = [];
    await readMessages(jsm, "REPORTS", (message) => {
      const report = readReport(message);
      if (report && report.answers <= last) reports.push(report);
    });
    const reader = objectReader(BUCKET);
    await readMessages(jsm, `OBJ_${BUCKET}`, reader.take);
    return {
      entries,
      foreign,
      reports,
      submissions,
      objects: reader.objects(),
      actions: actions.flat(),
      changes: changes.flat(),
      broker,
      controls,
      receipts: input.receipts,
      gates: input.gates,
      promoting: input.promoting,
      recovery: input.recovery,
      settled: input.settled,
    };
  } finally {
    await nc.close();
  }
}
