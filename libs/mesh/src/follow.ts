/** Readers: the journal or the reports from the start (or from a sequence), then live. */
import { STREAMS } from "@baton/contracts";
import type { ConsumerMessages, JetStreamClient, JsMsg } from "@nats-io/jetstream";

/** What to read. */
export interface FollowOptions {
  readonly stream: keyof typeof STREAMS;
  /** Subject filter; everything if left out. */
  readonly filter?: string;
  /** Sequence to start at; the beginning if left out. */
  readonly from?: number;
  /** True: only subjects and headers, no payload. */
  readonly headersOnly?: boolean;
  readonly signal: AbortSignal;
  /** Called in order. */
  readonly onMessage: (message: JsMsg) => void;
  /** Called once, when everything that was there at the start has been read. */
  readonly onCaughtUp?: () => void;
}

/** Reads until the signal is aborted. Survives reconnects and a lost server-side consumer. */
export async function follow(js: JetStreamClient, options: FollowOptions): Promise<void> {
  const { signal } = options;
  if (signal.aborted) return;
  const consumer = await js.consumers.get(STREAMS[options.stream].name, {
    ...(options.filter !== undefined && { filter_subjects: options.filter }),
    ...(options.from !== undefined && {
      deliver_policy: "by_start_sequence" as const,
      opt_start_seq: options.from,
    }),
    ...(options.headersOnly === true && { headers_only: true }),
  });
  const { num_pending: waiting } = await consumer.info();
  const messages = await consumer.consume({ max_messages: 2000 });
  const stop = (): void => void messages.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    if (waiting === 0) options.onCaughtUp?.();
    await read(messages, waiting, options);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function read(
  messages: ConsumerMessages,
  waiting: number,
  options: FollowOptions,
): Promise<void> {
  let left = waiting;
  for await (const message of messages) {
    options.onMessage(message);
    if (left > 0) {
      left -= 1;
      if (left === 0) options.onCaughtUp?.();
    }
  }
}
