/** What differs between the two ways of asking a model. Pure. */
import type { Usage } from "./budget.ts";
import type { DialectName } from "./call-fact.ts";
import type { JsonObject } from "./json.ts";

/** An answer of the gateway's own. */
export interface OwnAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** Something in a call that the provider would fetch, look up or charge more for. */
export interface Objection {
  /** Where, in the call's JSON. */
  readonly where: string;
  readonly rule: string;
}

/** Pictures in a call: their bytes say nothing about their tokens. */
export interface Pictures {
  count: number;
  bytes: number;
}

export interface Dialect {
  readonly name: DialectName;
  /** Where calls are made, and where else it is asked without cost. */
  readonly path: string;
  readonly freePaths: readonly string[];
  /** The field that bounds a call's output. */
  readonly outputField: string;
  /** What in the body can't be forwarded; counts the pictures on the way. */
  object(body: JsonObject, pictures: Pictures): Objection | undefined;
  /** Takes out the tools that the provider itself would run, and says how many those were. */
  removeHostedTools(body: JsonObject): number;
  /** Sets the most output, and what must be smaller than it. */
  cap(body: JsonObject, output: number): void;
  /** The provider's key, as a header. */
  keyHeader(key: string): Readonly<Record<string, string>>;
  /** What one event of a stream, or a whole body, adds to what is known of the usage. */
  usageIn(event: JsonObject, known: Usage | undefined): Usage | undefined;
  /** True for the event after which the usage is final. */
  isLast(event: JsonObject): boolean;
  /** Makes the command line end at once, without asking again. */
  stop(message: string): OwnAnswer;
  /** The call itself is wrong, or the provider is away. */
  fault(status: number, message: string): OwnAnswer;
}
