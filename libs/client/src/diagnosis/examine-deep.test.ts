/** What `doctor --deep` says of each kind of damage, about entries that the core itself decided. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Entry } from "@baton/contracts";
import type { Damage } from "@baton/mesh";
import { arrivedAt, loaded, type Story } from "@baton/playbook";
import { expect, test } from "vitest";
import { parse } from "yaml";

import { damageFinding, misreadFinding } from "./examine-deep.ts";

const root = join(import.meta.dirname, "../../../..");
const playbook = loaded(parse(readFileSync(join(root, "playbooks/baton.yaml"), "utf8")));
const sha256 = "0".repeat(64);

function repairOf(damage: Damage, ...standing: readonly Entry[]): string {
  const map = new Map(standing.map((entry) => [entry.candidateId, entry]));
  const { level, repair = "" } = damageFinding(damage, map);
  expect(level).toBe("fault");
  return repair;
}

const lostArtifact = (stage: string, name: string, candidateId = "cand-1"): Damage => ({
  kind: "artifact",
  how: "missing",
  candidateId,
  named: { as: "artifact", name, stage, runId: "run-1", sha256, bytes: 5 },
});

test("an open candidate's artifact is made again by what its question takes", () => {
  const asked = (story: Story): Entry => {
    story.result({ failure: "deterministic" });
    return story.entry();
  };
  const entry = asked(arrivedAt(playbook, "backtest-robustness"));
  const of = (stage: string): string =>
    repairOf(lostArtifact(stage, "x/y.json", entry.candidateId), entry);
  expect(of("backtest-robustness")).toMatch(
    /^`baton resume cand-\S+ --why …` runs backtest-robustness again/,
  );
  expect(of("research-intake")).toMatch(
    /^`baton send-back cand-\S+ --why …` makes it and all after it anew/,
  );
  const moving = arrivedAt(playbook, "backtest-robustness").entry();
  const damage = lostArtifact("research-intake", "x/y.json", moving.candidateId);
  expect(repairOf(damage, moving)).not.toMatch(/`baton (resume|send-back)/);
  expect(repairOf(damage, moving)).toContain("`baton artifacts put FILE`");
});

test("a closed candidate's is in its audit pack, the pack itself only where somebody kept it", () => {
  const inPack = repairOf(lostArtifact("gate-evaluation", "gates/x.json"));
  expect(inPack).toContain("`baton artifacts get cand-1 observed/audit-pack.tar -O pack.tar`");
  expect(inPack).toContain("`baton artifacts put artifacts/gates/x.json`");
  const pack = repairOf(lostArtifact("audit-evidence", "observed/audit-pack.tar"));
  expect(pack).toContain("from who fetched the pack or from a backup");
  for (const text of [inPack, pack]) expect(text).not.toMatch(/`baton (resume|send-back|approve)/);
});

test("prices come from their author, a playbook from its file, messages from a backup", () => {
  const of = { kind: "artifact", how: "altered", candidateId: "cand-1" } as const;
  expect(repairOf({ ...of, named: { as: "prices", sha256 } })).toContain("`baton submit`");
  expect(repairOf({ ...of, named: { as: "playbook", sha256 } })).toContain("BATON_PLAYBOOK");
  const lost = { kind: "lost", stream: "JOURNAL", from: 5, to: 9 } as const;
  expect(damageFinding(lost, new Map()).found).toBe("JOURNAL has lost messages 5 to 9");
  expect(repairOf(lost)).toContain("backup");
  const unreadable = { kind: "unreadable", from: 3, why: "not JSON" } as const;
  const entry = { ...unreadable, stream: "JOURNAL", writer: undefined };
  expect(repairOf(entry)).toContain("release");
  const first = { ...unreadable, stream: "REPORTS", writer: "lane-b" } as const;
  expect(misreadFinding("lane-b", { first, count: 7 })).toMatchObject({
    level: "note",
    found: "lane-b's key wrote 7 messages that can't be read, the first REPORTS 3: not JSON",
  });
});
