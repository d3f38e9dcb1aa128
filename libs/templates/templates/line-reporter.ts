/** A test reporter that writes one JSON line per test: name, result, message. Without durations. */

interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name: string;
    readonly nesting: number;
    readonly skip?: string | boolean;
    readonly details?: { readonly error?: Error };
  };
}

/** The runner wraps what a test threw. */
function messageOf(error: Error | undefined): string | null {
  if (error === undefined) return null;
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.message.slice(0, 2000);
}

/** The reporter; its lines are read by lane B. */
export default async function* lineReporter(source: AsyncIterable<TestEvent>) {
  for await (const { type, data } of source) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.nesting > 0 || data.skip !== undefined) continue;
    const result = type === "test:pass" ? "pass" : "fail";
    const message = result === "pass" ? null : messageOf(data.details?.error);
    yield `${JSON.stringify({ name: data.name, result, message })}\n`;
  }
}
