/** Spans for a tracing UI as plain data. docs/tracing.md lists names and attributes. */
/** Where a span is. */
export interface SpanPlace {
  readonly traceId: string;
  readonly spanId: string;
}

/** What is said of a span. */
export type SpanAttributes = Readonly<Record<string, string | number | readonly string[]>>;

/** One span, complete: it is never sent in another form. Times in milliseconds since 1970. */
export interface SpanData extends SpanPlace {
  /** Undefined for the root. */
  readonly parentId: string | undefined;
  readonly name: string;
  readonly kind: "internal" | "consumer" | "producer";
  /** Who had the time: a lane, `coordinator`, or `baton` for what is nobody's. */
  readonly service: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: SpanAttributes;
  /** Class of the failure that it ended in, or the reason's code where there is no class; undefined: it's no error. */
  readonly error: string | undefined;
  readonly links: readonly (SpanPlace & { readonly to: LinkTarget })[];
  /** Sequence of the journal entry that made it complete. */
  readonly since: number;
}

/** What a link leads to. */
type LinkTarget = "run before" | "first delivery" | "command";

/** The names of all spans but those that end with a stage or a reason. */
export const SPAN_NAMES = {
  run: "run",
  soFar: "run so far",
  queue: "queue",
  retry: "retry",
  attempt: "attempt",
  work: "work",
  decide: "decide",
  verify: "verify",
  append: "append",
  command: "command",
} as const;

/** The names that end with a stage of the playbook, or a code of the catalogue. */
export const stageSpanName = (stage: string): string => `stage ${stage}`;
export const waitSpanName = (reason: string): string => `wait ${reason}`;
