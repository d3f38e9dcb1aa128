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
  /** Goes out some 30 ms later, together with others; until then a kill means a redelivery. */
  ack(): void;
  /** Asks for another delivery after a delay in milliseconds. */
  nak(delayMs: number): void;
  /** Sets it aside for good; the reason is recorded by the advisory that the server sends. */
  term(reason: string): void;
  /** Says that work goes on, so that it isn't redelivered. */
  working(): void;
}

/** The figures at the end of a reply subject. */
interface Figures {
  readonly deliveries: number;
  readonly sequence: number;
  readonly storedAt: number;
  readonly pending: number;
}

/**
 * Reads a pull message's reply subject. Both forms end alike:
 * `….<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<timestamp ns>.<pending>` (v1 has 9 tokens; v2 has 2 more
 * before the stream and may have one more at the end). `ack` gets the reply subject to acknowledge. Undefined for what isn't a delivery.
 */
export function toDelivery(message: Msg, ack: (reply: string) => void): Delivery | undefined {
  const { reply } = message;
  if (reply === undefined || !reply.startsWith("$JS.ACK.")) return undefined;
  return new PulledDelivery(message, figuresOf(reply), { reply, ack });
}

function figuresOf(reply: string): Figures {
  let dots = 0;
  for (let at = reply.indexOf("."); at >= 0; at = reply.indexOf(".", at + 1)) dots += 1;
  let from = 0;
  for (let left = dots >= 10 ? 6 : 4; left > 0; left -= 1) from = reply.indexOf(".", from) + 1;
  const second = reply.indexOf(".", from) + 1;
  const third = reply.indexOf(".", second) + 1;
  const time = reply.indexOf(".", third) + 1;
  const last = reply.indexOf(".", time) + 1;
  const end = reply.indexOf(".", last);
  return {
    deliveries: digits(reply, from, second - 1),
    sequence: digits(reply, second, third - 1),
    // Nanoseconds are more than a number holds.
    storedAt: digits(reply, time, last - 4) / 1000,
    pending: digits(reply, last, end < 0 ? reply.length : end),
  };
}

/** A whole number written between two places. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at += 1) number = number * 10 + text.charCodeAt(at) - 48;
  return number;
}

class PulledDelivery implements Delivery {
  readonly message: Msg;
  readonly sequence: number;
  readonly deliveries: number;
  readonly storedAt: number;
  readonly pending: number;
  readonly #settling: { readonly reply: string; readonly ack: (reply: string) => void };

  constructor(
    message: Msg,
    figures: Figures,
    settling: { readonly reply: string; readonly ack: (reply: string) => void },
  ) {
    this.message = message;
    this.sequence = figures.sequence;
    this.deliveries = figures.deliveries;
    this.storedAt = figures.storedAt;
    this.pending = figures.pending;
    this.#settling = settling;
  }

  get subject(): string {
    return this.message.subject;
  }

  get data(): Uint8Array {
    return this.message.data;
  }

  ack(): void {
    this.#settling.ack(this.#settling.reply);
  }

  nak(delayMs: number): void {
    this.message.respond(`-NAK {"delay":${Math.max(0, Math.round(delayMs * 1e6))}}`);
  }

  term(reason: string): void {
    this.message.respond(`+TERM ${reason.replaceAll(/[\r\n]+/g, " ").slice(0, 400)}`);
  }

  working(): void {
    this.message.respond(WORKING);
  }
}

const encoder = new TextEncoder();
/** What says that a delivery is settled. */
export const ACK = encoder.encode("+ACK");
const WORKING = encoder.encode("+WPI");
