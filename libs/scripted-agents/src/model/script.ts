/** What a scripted model answers. */
export interface Answer {
  /** Says this; with tools, before them. */
  readonly text?: string;
  /** Has this shell command run. */
  readonly command?: string;
  /** Has this file written, by the agent's own tool where it has one. */
  readonly write?: { readonly path: string; readonly content: string };
  /** What it says that it took; 1000 and 50 otherwise. No usage at all with `null`. */
  readonly usage?: {
    readonly input: number;
    readonly cached?: number;
    readonly output: number;
  } | null;
  /** No answer but this status and error code. */
  readonly error?: {
    readonly status: number;
    readonly code?: string;
    readonly headers?: Record<string, string>;
  };
  /** After its beginning it says nothing more, or is cut off. */
  readonly breaks?: "hangs" | "cut";
  /** Waits before it answers. */
  readonly afterMs?: number;
}

/** A conversation: its first answer, the one after the first tool's result, and so on; the last one again after that. */
export interface Script {
  /** Only for calls with this text in them; the first script that fits counts. */
  readonly when?: string;
  readonly answers: readonly Answer[];
}

export interface Call {
  readonly dialect: "responses" | "messages";
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What comes after all answers, and for calls without tools: titles, summaries. */
const CLOSING: Answer = { text: "Done." };

/** The answer to a call: chosen by what is in it alone, so calls beside each other and repeated ones get theirs. */
export function answerTo({ body }: Call, text: string, scripts: readonly Script[]): Answer {
  const script = scripts.find(({ when }) => when === undefined || text.includes(when));
  const hasTools = Array.isArray(body["tools"]) && body["tools"].length > 0;
  if (!script || !hasTools) return CLOSING;
  return script.answers[resultsIn(body)] ?? script.answers.at(-1) ?? CLOSING;
}

/** How many tools' results the conversation holds. */
function resultsIn(body: Readonly<Record<string, unknown>>): number {
  const items = listOf(body["input"]).concat(
    listOf(body["messages"]).flatMap((message) => listOf(fieldOf(message, "content"))),
  );
  const kinds = new Set<unknown>([
    "function_call_output",
    "custom_tool_call_output",
    "tool_result",
  ]);
  return items.filter((item) => kinds.has(fieldOf(item, "type"))).length;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function fieldOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
