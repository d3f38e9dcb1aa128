import { expect, test } from "vitest";

import { ArtifactName, ArtifactRef, MAX_ARTIFACT_BYTES } from "./artifact.ts";

test.each([
  "research/candidate-spec.json",
  "observed/audit-pack.tar",
  "a",
  "_a/B.c-d_e/0",
  "constructor",
  "x".repeat(200),
])("%s is an artifact's name", (name) => {
  expect(ArtifactName.safeParse(name).success).toBe(true);
});

test.each([
  "",
  "/etc/passwd",
  "../up",
  "a/../b",
  "a/./b",
  "a//b",
  "a/",
  "a\\b",
  "C:/a",
  "a\u0000",
  "a\n",
  "a.",
  "a./b",
  "a ",
  " a",
  ".hidden",
  "a/.hidden",
  "-rf",
  "a/-rf",
  "ünï",
  "a*",
  "x".repeat(201),
  "__proto__",
])("%j is no artifact's name", (name) => {
  expect(ArtifactName.safeParse(name).success).toBe(false);
});

test("an artifact is known by whole bytes, a full digest and the stage run that made it", () => {
  const ref = { name: "a", sha256: "0".repeat(64), bytes: 0, stage: "build", runId: "run-12" };
  expect(ArtifactRef.parse(ref)).toEqual(ref);
  const wrong = [
    { bytes: -1 },
    { bytes: 1.5 },
    { bytes: MAX_ARTIFACT_BYTES + 1 },
    { sha256: "0".repeat(63) },
    { sha256: "A".repeat(64) },
    { stage: "" },
    { runId: "r" },
  ];
  for (const one of wrong) expect(ArtifactRef.safeParse({ ...ref, ...one }).success).toBe(false);
});
