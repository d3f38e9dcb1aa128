/** A span that is over, with ids of its own, and where such spans are sent. */
export interface FinishedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined for a root. */
  readonly parentId: string | undefined;
  readonly name: string;
  readonly kind: "internal" | "consumer" | "producer";
  /** The service that it is shown as. */
  readonly service: string;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | readonly string[]>>;
  /** Marks it as failed. */
  readonly error: string | undefined;
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    /** What the link leads to. */
    readonly to: string;
  }[];
}

/** Sends finished spans, one batch at a time. */
export interface SpanSender extends AsyncDisposable {
  /** Resolves when the receiver has taken them, or with why it hasn't; at most after 10 s. Never rejects. */
  send(spans: readonly FinishedSpan[]): Promise<string | undefined>;
}
