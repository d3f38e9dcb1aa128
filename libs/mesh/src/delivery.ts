import type { Msg } from "nats";

/** One delivery of a stored message by a durable consumer. Acknowledgements don't fence: only the journal's fence does. */
export interface Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly message: Msg;
  /** Sequence in the stream. */
  readonly sequence: number;
  /** How often it was delivered, from 1. */
  readonly deliveries: number;
  /** When the stream stored it, in milliseconds since 1970 with microseconds as fraction. */
  readonly storedAt: number;
  /** Messages still waiting in the consumer. */
  readonly pending: number;
  /** Goes out a few milliseconds later, together with others; until then a kill means a redelivery. */
  ack(): void;
  /** Asks for another delivery after a delay in milliseconds. */
  nak(delayMs: number): void;
  /** Sets it aside for good; the reason is recorded by the advisory that the server sends. */
  term(reason: string): void;
  /** Says that work goes on, so that it isn't redelivered. */
  working(): void;
}

/**
 * Reads a pull message's reply subject. Both forms end alike:
 * `….<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<timestamp ns>.<pending>` (v1 has 9 tokens; v2 has 2 more
 * before the stream and may have one more at the end). `ack` gets the reply subject to acknowledge. Undefined for what isn't a delivery.
 */
export function toDelivery(message: Msg, ack: (reply: string) => void): Delivery | undefined {
  const { reply } = message;
  if (reply === undefined || !reply.startsWith("$JS.ACK.")) return undefined;
  const tokens = reply.split(".");
  const first = tokens.length >= 11 ? 6 : 4;
  const [deliveries, sequence, , nanos = "", pending] = tokens.slice(first);
  const storedAt = Number(nanos.slice(0, -3)) / 1000;
  return {
    subject: message.subject,
    data: message.data,
    message,
    sequence: Number(sequence),
    deliveries: Number(deliveries),
    storedAt,
    pending: Number(pending),
    ack: () => ack(reply),
    nak: (delayMs) =>
      void message.respond(`-NAK {"delay":${Math.max(0, Math.round(delayMs * 1e6))}}`),
    term: (reason) =>
      void message.respond(`+TERM ${reason.replaceAll(/[\r\n]+/g, " ").slice(0, 400)}`),
    working: () => void message.respond(WORKING),
  };
}

const encoder = new TextEncoder();
/** What says that a delivery is settled. */
export const ACK = encoder.encode("+ACK");
const WORKING = encoder.encode("+WPI");
