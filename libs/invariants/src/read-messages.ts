/** Reads whole streams, from the first message to the one that was last when reading began, without making a consumer. */
import type { JetStreamManager } from "@nats-io/jetstream";

import type { StoredMessage } from "./read-journal.ts";

/** Most messages read from one stream: what is checked here fits into memory. */
const MAX_MESSAGES = 200_000;
const PAGE = 500;

/** A stream too large to be checked as a whole. */
class TooMuch extends Error {
  override readonly name = "TooMuch";
}

/** Gives every message of `stream` to `onMessage`, in order. Throws `TooMuch`. */
export async function readMessages(
  jsm: JetStreamManager,
  stream: string,
  onMessage: (message: StoredMessage & { readonly data: Uint8Array }) => void,
): Promise<void> {
  const { state } = await jsm.streams.info(stream);
  if (state.messages > MAX_MESSAGES)
    throw new TooMuch(
      `${stream} holds ${state.messages} messages; at most ${MAX_MESSAGES} are read`,
    );
  let next = state.messages === 0 ? state.last_seq + 1 : state.first_seq;
  while (next <= state.last_seq) {
    const before = next;
    for await (const message of await jsm.direct.getBatch(stream, { seq: next, batch: PAGE })) {
      if (message.seq > state.last_seq) return;
      onMessage(message);
      next = message.seq + 1;
    }
    if (next === before) throw new Error(`${stream} ${next} can't be read`);
  }
}
