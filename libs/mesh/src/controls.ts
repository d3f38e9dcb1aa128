/** The mesh's controls: one chain, written only through its fence; the last entry is the state. */
import {
  CONTROL_SUBJECT,
  Controls,
  epochOf,
  readWire,
  type StoredControls,
  STREAMS,
} from "@baton/contracts";
import type { JetStreamManager, StoredMsg } from "@nats-io/jetstream";
import { z } from "zod";

import { Unavailable } from "./connect.ts";
import { type ControlMemory, forgetfulMemory, type MarkedControls } from "./control-memory.ts";
import { markAt, markDigest } from "./heads.ts";
import { missesSomething, UnreadableMessage } from "./older-release.ts";
import { type Publisher, REFUSALS, Refused } from "./publisher.ts";

/** How an append ended. `fenced`: somebody else changed the controls since. */
export type ControlsAppended =
  | { readonly kind: "stored"; readonly sequence: number }
  | { readonly kind: "fenced" };

/** Something in CONTROLS that no coordinator wrote. */
export class ControlsCorrupt extends UnreadableMessage {
  override readonly name = "ControlsCorrupt";
  readonly code = "E_CONTROLS";
}

/** Reads and writes the controls. */
export interface MeshControls {
  /** The state, read from the stream's leader. Throws `LogReset` if there is none, or an older one than was seen before. */
  last(): Promise<StoredControls>;
  /** The state stored under a sequence. */
  at(sequence: number): Promise<StoredControls | undefined>;
  /** Appends behind `controls.prev`. Throws `Unavailable` when the outcome stays unknown. */
  append(controls: Controls): Promise<ControlsAppended>;
}

const ATTEMPTS = 6;
const RETRY_MS = 500;

/** Opens the controls for reading alone. */
export function readControls(
  jsm: JetStreamManager,
  memory: ControlMemory = forgetfulMemory(),
): Pick<MeshControls, "last" | "at"> {
  const stream = STREAMS.controls.name;
  return {
    last: async () => {
      const before = memory.seen();
      const found = await lastMarked(jsm);
      return memory.check(found, before, (sequence) => markAt(jsm, stream, sequence));
    },
    at: async (sequence) => parse(await jsm.streams.getMessage(stream, { seq: sequence })),
  };
}

/** The last state as the stream has it, whatever was seen before. */
export async function lastMarked(
  jsm: JetStreamManager,
): Promise<MarkedControls | "empty" | "absent"> {
  try {
    const message = await jsm.streams.getMessage(STREAMS.controls.name, {
      last_by_subj: CONTROL_SUBJECT,
    });
    if (!message) return "empty";
    const sha256 = markDigest(message.subject, message.data);
    const stored = parseControls(message.data, message.seq);
    return { stored, mark: { sequence: message.seq, sha256 } };
  } catch (error) {
    if (error instanceof Error && error.name === "StreamNotFoundError") return "absent";
    throw error;
  }
}

/** Opens the controls. */
export function openControls(
  jsm: JetStreamManager,
  publisher: Pick<Publisher, "publish">,
  memory: ControlMemory = forgetfulMemory(),
): MeshControls {
  return {
    ...readControls(jsm, memory),
    append: async (controls) => {
      const appended = await appendControls(publisher, controls);
      if (appended.kind === "stored") {
        const data = new TextEncoder().encode(JSON.stringify(controls));
        const sha256 = markDigest(CONTROL_SUBJECT, data);
        await memory.learn({ sequence: appended.sequence, sha256, epoch: epochOf(controls) });
      }
      return appended;
    },
  };
}

async function appendControls(
  publisher: Pick<Publisher, "publish">,
  controls: Controls,
): Promise<ControlsAppended> {
  const message = {
    subject: CONTROL_SUBJECT,
    payload: JSON.stringify(controls),
    headers: { "Nats-Expected-Last-Subject-Sequence": controls.prev },
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { sequence } = await publisher.publish(message);
      return { kind: "stored", sequence };
    } catch (error) {
      if (error instanceof Refused && error.code === REFUSALS.wrongLastSequence)
        return { kind: "fenced" };
      if (!(error instanceof Unavailable) || attempt >= ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function parse(message: StoredMsg | null): StoredControls | undefined {
  return message ? parseControls(message.data, message.seq) : undefined;
}

/** Parses a message of CONTROLS; throws `ControlsCorrupt` naming the sequence and what is wrong. */
export function parseControls(data: Uint8Array, sequence: number): StoredControls {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(data));
  } catch (error) {
    throw new ControlsCorrupt(`CONTROLS ${sequence} isn't JSON`, { cause: error });
  }
  const read = readWire(Controls, value);
  if (read.kind === "read") return { sequence, controls: read.value };
  const isState = ControlsOfAnyRelease.safeParse(value).success;
  const olderRelease = read.kind === "malformed" && isState && missesSomething(value, Controls);
  const otherRelease = olderRelease || read.kind === "newer";
  const release = olderRelease ? "an older release's" : "a newer release's";
  const what = otherRelease ? `is ${release} state` : "isn't a state";
  throw new ControlsCorrupt(`CONTROLS ${sequence} ${what}: ${read.why}`, {
    otherRelease,
    olderRelease,
  });
}

/** What every release's state has: enough to tell one from what isn't any. */
const ControlsOfAnyRelease = z.object({
  v: z.int().positive(),
  type: z.literal("controls"),
  n: z.int().min(0),
  prev: z.int().min(0),
});
