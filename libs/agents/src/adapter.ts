/** A command line that works on a job: how it is called, and what its events say. Pure. */
import type { Reached } from "@baton/model-gateway";

/** One call of it. */
interface AgentCall {
  readonly prompt: string;
  readonly model: string | undefined;
  /** Of an earlier call that is gone on with; undefined: a new one. */
  readonly resumes: string | undefined;
  /** For a new one, where the caller chooses its name. */
  readonly sessionId: string;
  /** Its home, as it sees it. */
  readonly home: string;
  /** The model's gateway; undefined: it has its own way. */
  readonly reached: Reached | undefined;
}

interface AgentCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What one event says, in our words; what isn't known says nothing. */
export interface Told {
  readonly session?: string;
  readonly model?: string;
  /** What it does now, for people who watch. */
  readonly step?: "thinking" | "running a command" | "writing files" | "asking the model again";
  /** A terminal event; the last counts. */
  readonly end?: "success" | "failure";
  /** Text or value in which its result stands; the last counts. */
  readonly result?: unknown;
}

export interface Adapter {
  readonly agent: "codex" | "claude" | "plain";
  /** Ends with a terminal event and a result by the schema; `plain` has neither. */
  readonly speaks: boolean;
  command(this: void, call: AgentCall): AgentCommand;
  /** Of one line that is JSON. */
  told(this: void, event: Readonly<Record<string, unknown>>): Told;
}

/** What it says of its own work at the end. It is shown to people; nothing is decided on it but whether it is there. */
export const RESULT_SCHEMA = {
  type: "object",
  properties: {
    done: { type: "boolean", description: "true if all that was asked for is written" },
    note: { type: "string", description: "one sentence: what was written, or why it wasn't" },
  },
  required: ["done", "note"],
  additionalProperties: false,
} as const;

/** In its home, for command lines that take the schema as a file. */
export const RESULT_SCHEMA_FILE = "result-schema.json";

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function fieldOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
