/** Stored commands: what people sent, kept for ever, for whoever holds a signature against it. */
import { commandSubject, STREAMS } from "@baton/contracts";
import type { JetStreamManager } from "@nats-io/jetstream";

/** A command as it was sent. */
export interface StoredCommand {
  /** The JSON value; undefined if it is none. */
  readonly value: unknown;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
}

/** Reads commands. */
export interface Commands {
  /** The one with that id; undefined if none is stored. */
  find(of: { candidateId: string; commandId: string }): Promise<StoredCommand | undefined>;
}

/** Opens the commands for reading. */
export function openCommands(jsm: JetStreamManager): Commands {
  return {
    find: async (of) => {
      const subject = commandSubject(of);
      const found = await jsm.streams.getMessage(STREAMS.commands.name, { last_by_subj: subject });
      return found ? { value: jsonIn(found.data), storedAt: found.time.getTime() } : undefined;
    },
  };
}

function jsonIn(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(data));
  } catch {
    return undefined;
  }
}
