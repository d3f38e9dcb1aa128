/** The candidates of the dry run: what each is there to show. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parseSpec } from "@baton/client";
import type { SpecDocument } from "@baton/contracts";
import { ROOT } from "@baton/local-mesh";
import { sha256Of } from "@baton/mesh";
import { candidateIdOf } from "@baton/playbook";
import { z } from "zod";

/** Names of the stories, in the order in which they are told. */
export const STORY_NAMES = [
  "trend",
  "incident",
  "curve-fitted",
  "flaky-source",
  "broken-spec",
  "duplicate",
  "interrupted",
  "steady-climb",
  "peeking",
] as const;
export type StoryName = (typeof STORY_NAMES)[number];

/** One candidate and what it shall show. */
export interface Story {
  readonly name: StoryName;
  readonly candidateId: string;
  readonly spec: SpecDocument;
  /** The strategy's source, where it brings one. */
  readonly source: Uint8Array | undefined;
  /** One sentence. */
  readonly expected: string;
}

const EXPECTED: Readonly<Record<StoryName, string>> = {
  trend:
    "passes every gate and asks for two approvals: its author's and one on other evidence are refused, people are reminded; the kill switch stops an order and its promotion until two people release it; then it goes live on the paper broker up to L3 and ends with an audit pack that verifies",
  incident:
    "is approved by one of two when people open an incident: recovery takes its strategy out of service and passes its five checks, the approval counts for nothing, the incident is closed",
  "curve-fitted":
    "fails gate 1, goes back to research once with the reasons attached, fails again and waits for a person",
  "flaky-source":
    "its data source fails twice and it is retried with a growing delay; later a person pauses and resumes it; it completes",
  "broken-spec": "isn't retried; waits for a person with a message that names what is wrong",
  duplicate: "the first one submitted again gets the original receipt, and nothing else happens",
  interrupted:
    "its lane is killed with SIGKILL in the middle of its backtest; the work is taken up again and it completes",
  "steady-climb":
    "brings a strategy of its own, which is run in the sandbox, passes every gate and completes",
  peeking:
    "brings one that asks for the next row: candidate-build refuses it, names the row and isn't tried again",
};

const Authored = z.looseObject({
  authored: z.looseObject({ source: z.object({ path: z.string() }) }),
});

/** As `submit` has it: the source by its digest. */
function submitted(document: SpecDocument, folder: string): Pick<Story, "spec" | "source"> {
  const strategy = Authored.safeParse(document["strategy"]).data;
  if (strategy === undefined) return { spec: document, source: undefined };
  const { path } = strategy.authored.source;
  const source = readFileSync(join(folder, path));
  const named = { sha256: sha256Of(source), bytes: source.length, name: path };
  const authored = { ...strategy.authored, source: named };
  return { spec: { ...document, strategy: { ...strategy, authored } }, source };
}

/** The stories with their specifications; `seed` replaces the one of each. */
export function loadStories(seed: number | undefined): readonly Story[] {
  return STORY_NAMES.map((name) => {
    const file = name === "duplicate" ? "trend.yaml" : `${name}.yaml`;
    const folder = join(ROOT, "examples/candidates");
    const document = parseSpec(readFileSync(join(folder, file)), `examples/candidates/${file}`);
    const seeded = seed === undefined ? document : { ...document, seed };
    const { spec, source } = submitted(seeded, folder);
    return { name, spec, source, candidateId: candidateIdOf(spec), expected: EXPECTED[name] };
  });
}
