import { sha256 as digest } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { ArtifactRef } from "./artifact.ts";
import type { Feedback } from "./basis.ts";
import { Entry, type HashedEntry } from "./entry.ts";
import {
  BasisBroken,
  broughtBy,
  earlierOf,
  foldWhole,
  type StoredWhole,
  type WholeEntry,
  wholeOf,
  wireOf,
  withBasis,
} from "./whole.ts";

const STAGES = ["research", "build", "backtest", "gates", "ramp"];
const SPEC = { name: "long trend", grid: [{ fast: 40, slow: 160 }] };
const sha256 = (text: string) => bytesToHex(digest(utf8ToBytes(text)));

const runOf = (run: number) => `run-${String(run).padStart(6, "0")}`;
const ref = (stage: string, run: number, index: number): ArtifactRef => {
  const name = `${stage}/artifact-${index}.json`;
  return {
    name,
    sha256: sha256(`${name} ${run}`),
    bytes: 1000 + index,
    stage,
    runId: runOf(run),
  };
};

const first: WholeEntry = {
  v: 1,
  type: "entry",
  candidateId: "cand-000001",
  stage: "research",
  runId: "run-000000",
  time: "2026-01-02T03:04:05.678Z",
  trace: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
  n: 1,
  prev: 0,
  prevSha256: null,
  holder: "lane-a",
  reason: "SUBMITTED",
  about: { kind: "submitted" },
  cause: { kind: "deadline" },
  playbook: "ab".repeat(32),
  iteration: 0,
  loops: 0,
  author: "somebody",
  basis: {},
  visited: [],
  commands: [],
  awaits: 0,
  rule: null,
  deadline: null,
  approvals: [],
  attempt: 0,
  failures: {},
  failure: null,
  review: null,
  hold: null,
  kept: null,
  evidence: null,
  guard: null,
  spec: SPEC,
  artifacts: [],
  feedback: [],
};

/** A chain that grows as a coordinator makes it; what is read of an entry was written as bytes. */
class Chain {
  readonly stored: HashedEntry[] = [];
  readonly texts: string[] = [];
  readonly decided: WholeEntry[] = [];
  #last: StoredWhole | undefined;

  add(changes: Partial<WholeEntry> = {}): WholeEntry {
    const last = this.#last;
    const n = this.stored.length + 1;
    const before = last?.entry ?? first;
    const entry = withBasis(
      { ...before, evidence: null, ...changes, n, prev: last?.sequence ?? 0 },
      last,
    );
    const text = JSON.stringify(wireOf(entry));
    const sequence = n * 3;
    const read = { sequence, sha256: sha256(text), entry: Entry.parse(JSON.parse(text)) };
    this.stored.push(read);
    this.texts.push(text);
    this.decided.push(entry);
    const earlier = earlierOf(entry.basis, last);
    this.#last = { ...read, entry: wholeOf(read.entry, earlier), earlier };
    return this.#last.entry;
  }
}

const steps = fc.array(
  fc.record({
    stage: fc.constantFrom(...STAGES),
    does: fc.constantFrom("makes", "makes", "makes", "nothing", "loops", "runs again", "anything"),
    count: fc.nat(4),
  }),
  { maxLength: 60 },
);

test("a journal's entries give all that each of them rests on, whatever a candidate went through", () => {
  fc.assert(
    fc.property(steps, (story) => {
      const chain = new Chain();
      let now = chain.add();
      for (const [run, { stage, does, count }] of story.entries()) {
        const { artifacts, feedback } = now;
        const made = Array.from({ length: count }, (_, index) => ref(stage, run, index));
        const others = artifacts.filter((one) => one.stage !== stage);
        const said: Feedback = { runId: runOf(run), stage, reasons: [`because of ${run}`] };
        now = chain.add(
          {
            makes: {
              artifacts: [...others, ...made],
              evidence: {
                artifacts: Object.fromEntries(made.map(({ name }) => [name, "present" as const])),
                gate: null,
              },
            },
            nothing: {},
            loops: { artifacts: [], feedback: [...feedback, said].slice(-20) },
            "runs again": { artifacts: others },
            anything: {
              artifacts: [...artifacts, ...made].toReversed(),
              feedback: feedback.slice(1),
            },
          }[does],
        );
      }
      const whole = foldWhole(chain.stored);
      expect(whole.map(({ entry }) => entry)).toEqual(chain.decided);
      for (const [index, { entry }] of chain.stored.entries())
        expect(entry.prevSha256).toBe(chain.stored[index - 1]?.sha256 ?? null);
    }),
  );
});

test("an entry stays small however many iterations a candidate has had", () => {
  const chain = new Chain();
  chain.add();
  for (let run = 0; run < 300; run += 1) {
    for (const stage of STAGES) {
      const { artifacts } = chain.add();
      chain.add({
        artifacts: [...artifacts, ...[0, 1, 2, 3].map((index) => ref(stage, run, index))],
      });
    }
    const said = { runId: runOf(run), stage: "gates", reasons: ["x".repeat(300)] };
    const { feedback } = chain.add();
    chain.add({ artifacts: [], feedback: [...feedback, said].slice(-20) });
  }
  const sizes = chain.texts.map((text) => text.length);
  // What it says itself, and at most 26 sequences: one for the specification, five stages, twenty feedbacks.
  expect(Math.max(...sizes)).toBeLessThan(2100);
  expect(Math.max(...sizes.slice(-600))).toBeLessThanOrEqual(
    Math.max(...sizes.slice(600, 1200)) + 60,
  );
});

test("an entry that is missing, changed or another's in place of what is named is found out", () => {
  const chain = new Chain();
  chain.add();
  chain.add({ artifacts: [ref("research", 0, 0)] });
  chain.add({ artifacts: [ref("research", 0, 0), ref("build", 0, 0)] });
  const [one, two, three] = chain.stored;
  if (!one || !two || !three) throw new Error("three were added");
  const brought = [one, two].map(broughtBy);
  expect(wholeOf(three.entry, brought)).toEqual(chain.decided[2]);
  const missing = () => wholeOf(three.entry, brought.slice(0, 1));
  expect(missing).toThrow(BasisBroken);
  expect(missing).toThrow(/entry 3 of cand-000001 names JOURNAL 6, which isn't there/);
  const foreign = { ...broughtBy(two), sha256: "0".repeat(64) };
  expect(() => wholeOf(three.entry, [broughtBy(one), foreign])).toThrow(
    /names JOURNAL 3, 6, of which at least one isn't what it was decided on/,
  );
  const { spec: _, ...basis } = one.entry.basis;
  expect(() => wholeOf({ ...one.entry, basis }, [])).toThrow(/has no specification/);
  const unproven = { ...three.entry, basis: { ...three.entry.basis, sha256: undefined } };
  expect(() => wholeOf(unproven, brought)).toThrow(BasisBroken);
  expect(() => foldWhole([one, { ...two, sha256: "1".repeat(64) }, three])).toThrow(BasisBroken);
});
