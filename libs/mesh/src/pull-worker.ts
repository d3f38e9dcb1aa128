/**
 * Takes messages from a durable consumer, never more at a time than there is room for.
 *
 * W1: at most `capacity` deliveries are held beside those that only wait (`widen`), counting those asked for; a freed place is asked for again at once (or in
 *     lots of a quarter where capacity is large). So a lane with one place never keeps a second dispatch from another replica.
 * W2: the server's heartbeats are watched: silence, a reconnect or a refused pull starts a new pull, for ever.
 * W3: a consumer that is gone is made again by `restore`, from the lowest sequence not yet acknowledged here.
 * W4: acknowledgements go out in groups 30 ms later: a write to the socket for each, and a read at the server, would cost as
 *     much as deciding; and where little goes on, they would wake the server in the middle of the next handoff.
 */
import { createInbox, type Msg, type NatsConnection } from "nats";

import { ACK, type Delivery, toDelivery } from "./delivery.ts";

/** What a pull worker needs. */
export interface PullOptions {
  readonly stream: string;
  readonly durable: string;
  readonly capacity: number;
  /** Called for each delivery, synchronously; it must settle it and then call `release` once. */
  readonly onDelivery: (delivery: Delivery, release: () => void) => void;
  /** Makes the consumer again; `from` is the sequence to start at, undefined for the beginning. */
  readonly restore: (from: number | undefined) => Promise<void>;
  /** Told about troubles in words, for the log. */
  readonly onTrouble: (what: string) => void;
}

/** A running pull worker. */
export interface PullWorker {
  readonly held: () => number;
  /** Milliseconds since the server was last heard of on this consumer; 0 where nothing is asked of it, as all places are taken. */
  readonly silentMs: () => number;
  /** Makes room for `by` more deliveries than the capacity, or for fewer again: what is held only waits. */
  widen(by: number): void;
  /** Stops asking; resolves when everything held was released, or after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

const EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 3000;
const RETRY_MS = 250;
const ACK_MS = 30;

interface Pull {
  left: number;
}

/** Starts taking messages. */
export function startPullWorker(nc: NatsConnection, options: PullOptions): PullWorker {
  return new Puller(nc, options);
}

class Puller implements PullWorker {
  readonly #nc: NatsConnection;
  readonly #options: PullOptions;
  readonly #inbox = createInbox();
  readonly #pulls = new Map<string, Pull>();
  readonly #unsettled = new Set<number>();
  readonly #watch: NodeJS.Timeout;
  readonly #subscription;
  #token = 0;
  #held = 0;
  #spare = 0;
  #stopped = false;
  #restoring = false;
  #acks: string[] = [];
  #ackTimer: NodeJS.Timeout | undefined;
  #heard = Date.now();
  #highest: number | undefined;
  #onIdle: (() => void) | undefined;

  constructor(nc: NatsConnection, options: PullOptions) {
    this.#nc = nc;
    this.#options = options;
    this.#subscription = nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (!error) this.#take(message);
      },
    });
    this.#watch = setInterval(() => this.#checkSilence(), HEARTBEAT_MS / 2);
    void this.#followStatus();
    this.#pull();
  }

  held(): number {
    return this.#held;
  }

  silentMs(): number {
    return this.#pulls.size === 0 && !this.#restoring ? 0 : Date.now() - this.#heard;
  }

  widen(by: number): void {
    this.#spare += by;
    this.#pull();
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#watch);
    if (this.#held > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        this.#onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#flushAcks();
    this.#subscription.unsubscribe();
  }

  readonly #acknowledge = (reply: string): void => {
    this.#acks.push(reply);
    this.#ackTimer ??= setTimeout(() => this.#flushAcks(), ACK_MS);
  };

  #flushAcks(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    const acks = this.#acks;
    this.#acks = [];
    if (this.#nc.isClosed()) return;
    for (const reply of acks) this.#nc.publish(reply, ACK);
  }

  #pull(): void {
    if (this.#stopped || this.#restoring) return;
    let asked = 0;
    for (const pull of this.#pulls.values()) asked += pull.left;
    const room = this.#options.capacity + this.#spare - this.#held - asked;
    if (room < Math.max(1, Math.floor(this.#options.capacity / 4))) return;
    // Silence is counted from when something is asked: until then nothing was to be heard.
    if (this.#pulls.size === 0) this.#heard = Date.now();
    this.#token += 1;
    const key = this.#token.toString(36);
    this.#pulls.set(key, { left: room });
    const { stream, durable } = this.#options;
    const body = `{"batch":${room},"expires":${EXPIRES_MS}000000,"idle_heartbeat":${HEARTBEAT_MS}000000}`;
    this.#nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, body, {
      reply: `${this.#inbox}.${key}`,
    });
  }

  #take(message: Msg): void {
    this.#heard = Date.now();
    const delivery = toDelivery(message, this.#acknowledge);
    if (!delivery) {
      this.#takeStatus(message.subject.slice(this.#inbox.length + 1), message);
      return;
    }
    this.#countDelivery();
    if (this.#stopped) {
      delivery.nak(0);
      return;
    }
    this.#held += 1;
    this.#unsettled.add(delivery.sequence);
    if (delivery.sequence > (this.#highest ?? 0)) this.#highest = delivery.sequence;
    let released = false;
    this.#options.onDelivery(delivery, () => {
      if (released) return;
      released = true;
      this.#release(delivery.sequence);
    });
  }

  /** A delivery bears its own subject, not the pull's inbox; the server serves the oldest pull first. */
  #countDelivery(): void {
    for (const [key, pull] of this.#pulls) {
      pull.left -= 1;
      if (pull.left === 0) this.#pulls.delete(key);
      return;
    }
  }

  #release(sequence: number): void {
    this.#held -= 1;
    this.#unsettled.delete(sequence);
    if (this.#held === 0) this.#onIdle?.();
    this.#pull();
  }

  /** 100 is a heartbeat; 408 and 409 end a pull; 503 means that nobody answers for the consumer. */
  #takeStatus(key: string, message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === 100) return;
    this.#pulls.delete(key);
    const gone = code === 503 || /consumer deleted/i.test(message.headers?.description ?? "");
    if (gone) void this.#restore(`nobody answers for it (${code})`);
    else if (code === 408) this.#pull();
    else setTimeout(() => this.#pull(), RETRY_MS);
  }

  #checkSilence(): void {
    if (this.#nc.isClosed() || this.silentMs() < HEARTBEAT_MS * 2.5) return;
    this.#pulls.clear();
    void this.#restore("its heartbeats stopped");
  }

  async #restore(why: string): Promise<void> {
    if (this.#restoring || this.#stopped) return;
    this.#restoring = true;
    const { stream, durable } = this.#options;
    try {
      await this.#options.restore(this.#resumeAt());
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      this.#options.onTrouble(
        `consumer ${durable} of ${stream}: ${why}; checking it failed: ${cause}`,
      );
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    } finally {
      this.#restoring = false;
      this.#pulls.clear();
      this.#heard = Date.now();
      this.#pull();
    }
  }

  /** The lowest sequence that was delivered here and not settled, or the one after the highest settled. */
  #resumeAt(): number | undefined {
    if (this.#unsettled.size > 0) return Math.min(...this.#unsettled);
    return this.#highest === undefined ? undefined : this.#highest + 1;
  }

  async #followStatus(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (status.type === "reconnect") {
        this.#pulls.clear();
        this.#heard = Date.now();
        this.#pull();
      }
    }
  }
}
