import { type Entry, type Report, reportSubject } from "@baton/contracts";
import type { Mesh } from "@baton/mesh";
/** A candidate's way as coordinator and lanes write it: dispatches, reports, and the entries that take them. */
import type { SampleChanges } from "@baton/testkit";

import { entry, report } from "./records.ts";

interface Stored {
  readonly report: Report;
  readonly sequence: number;
  readonly storedAt: string;
}

/** One candidate on its way. */
export class Journey {
  readonly #mesh: Mesh;
  readonly #candidateId: string;
  readonly #always: Partial<Entry>;
  #last = 0;
  #dispatch = 0;

  /** `always`: what each of its entries has. */
  constructor(mesh: Mesh, candidateId: string, always: Partial<Entry> = {}) {
    this.#mesh = mesh;
    this.#candidateId = candidateId;
    this.#always = always;
  }

  /** Appends an entry. */
  async append(changes: SampleChanges): Promise<void> {
    const appended = await this.#mesh.journal.append(
      entry(this.#candidateId, { ...this.#always, ...changes, prev: this.#last }),
    );
    if (appended.kind !== "stored") throw new Error(`not stored: ${appended.kind}`);
    this.#last = appended.sequence;
    if (changes.awaits === undefined) this.#dispatch = appended.sequence;
  }

  /** Hands the stage to its lane; `after` is the report that led to it. */
  dispatch(stage: string, holder: "lane-a" | "lane-b", after?: Stored): Promise<void> {
    return this.append({
      stage,
      holder,
      ...(after && { reason: "STAGE_PASSED", cause: causeOf(after) }),
    });
  }

  /** Stores a report that answers the dispatch, or what `changes` say; nobody has taken it yet. */
  async report(changes: Readonly<Record<string, unknown>>): Promise<Stored> {
    const said = report(this.#candidateId, { answers: this.#dispatch, ...changes });
    const part = said.type === "result" ? "result" : said.attempt;
    const { sequence } = await this.#mesh.publisher.publish({
      subject: reportSubject({ ...said, part }),
      payload: JSON.stringify(said),
      headers: {},
    });
    return { report: said, sequence, storedAt: new Date().toISOString().replace("Z", "000Z") };
  }

  /** Appends that an attempt was noted. */
  retry(stored: Stored): Promise<void> {
    const { stage, lane } = stored.report;
    const awaits = this.#dispatch;
    return this.append({
      stage,
      holder: lane,
      reason: "RETRY_BACKOFF",
      awaits,
      cause: causeOf(stored),
    });
  }

  /** Appends that a result was taken, and that it was the end. */
  close(stored: Stored): Promise<void> {
    const { stage } = stored.report;
    return this.append({
      stage,
      holder: "closed",
      reason: "COMPLETED",
      awaits: null,
      cause: causeOf(stored),
    });
  }
}

function causeOf({ report: { attempt, stage: from }, sequence, storedAt }: Stored): Entry["cause"] {
  return { kind: "report", sequence, attempt, storedAt, from };
}
