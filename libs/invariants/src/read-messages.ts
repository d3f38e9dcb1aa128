/** Reads whole streams, from the first message to the one that was last when reading began. */
import type { JetStreamClient, JetStreamManager, JsMsg } from "@nats-io/jetstream";

/** Most messages read from one stream: what is checked here fits into memory. */
const MAX_MESSAGES = 200_000;

/** A stream too large to be checked as a whole. */
class TooMuch extends Error {
  override readonly name = "TooMuch";
}

/** Gives every message of `stream` to `onMessage`, in order. Throws `TooMuch`. */
export async function readMessages(
  { js, jsm }: { js: JetStreamClient; jsm: JetStreamManager },
  stream: string,
  onMessage: (message: JsMsg) => void,
): Promise<void> {
  const { state } = await jsm.streams.info(stream);
  if (state.messages === 0) return;
  if (state.messages > MAX_MESSAGES)
    throw new TooMuch(
      `${stream} holds ${state.messages} messages; at most ${MAX_MESSAGES} are read`,
    );
  const consumer = await js.consumers.get(stream);
  const messages = await consumer.consume({ max_messages: 1000 });
  for await (const message of messages) {
    onMessage(message);
    if (message.seq >= state.last_seq) break;
  }
}
