/** The mesh's controls: one chain, written only through its fence; the last entry is the state. */
import { CONTROL_SUBJECT, Controls, type StoredControls, STREAMS } from "@baton/contracts";
import type { JetStreamManager, StoredMsg } from "@nats-io/jetstream";

import { Unavailable } from "./connect.ts";
import { type Publisher, REFUSALS, Refused } from "./publisher.ts";

/** How an append ended. `fenced`: somebody else changed the controls since. */
export type ControlsAppended =
  | { readonly kind: "stored"; readonly sequence: number }
  | { readonly kind: "fenced" };

/** Something in CONTROLS that no coordinator wrote. */
export class ControlsCorrupt extends Error {
  override readonly name = "ControlsCorrupt";
  readonly code = "E_CONTROLS";
}

/** Reads and writes the controls. */
export interface MeshControls {
  /** The state, read from the stream's leader; undefined while there never was any. */
  last(): Promise<StoredControls | undefined>;
  /** The state stored under a sequence. */
  at(sequence: number): Promise<StoredControls | undefined>;
  /** Appends behind `controls.prev`. Throws `Unavailable` when the outcome stays unknown. */
  append(controls: Controls): Promise<ControlsAppended>;
}

const ATTEMPTS = 6;
const RETRY_MS = 500;

/** Opens the controls for reading alone. */
export function readControls(jsm: JetStreamManager): Pick<MeshControls, "last" | "at"> {
  const stream = STREAMS.controls.name;
  return {
    last: async () =>
      parse(await jsm.streams.getMessage(stream, { last_by_subj: CONTROL_SUBJECT })),
    at: async (sequence) => parse(await jsm.streams.getMessage(stream, { seq: sequence })),
  };
}

/** Opens the controls. */
export function openControls(
  jsm: JetStreamManager,
  publisher: Pick<Publisher, "publish">,
): MeshControls {
  return {
    ...readControls(jsm),
    append: async (controls) => {
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
    },
  };
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
  const parsed = Controls.safeParse(value);
  if (parsed.success) return { sequence, controls: parsed.data };
  const issue = parsed.error.issues[0];
  throw new ControlsCorrupt(
    `CONTROLS ${sequence} isn't a state: ${issue?.path.join(".")}: ${issue?.message}`,
  );
}
