import { lossThatStops, MAX_INCIDENTS } from "@baton/contracts";
import { controlChangeText } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { shiftInstant } from "../instant.ts";
import { emergencyFor } from "../policies/stops.ts";
import { MeshControls } from "../testing/mesh-controls.ts";
import { loaded } from "../testing/story.ts";
import type { ControlDecision } from "./control-step.ts";

const document: Record<string, unknown> = parse(batonText);
const baton = loaded(document);
const T = "2026-03-01T09:00:00.000Z";
const later = (seconds: number): string => shiftInstant(T, seconds * 1000);

function shown(decision: ControlDecision): string {
  if (decision.kind === "append") return controlChangeText(decision.controls);
  return decision.kind === "reject" ? decision.code : `ignore ${decision.why}`;
}

function opened(): { mesh: MeshControls; incidentId: string } {
  const mesh = new MeshControls(baton);
  mesh.command("incident", T, { scope: { kind: "candidate", candidateId: "cand-000001" } });
  return { mesh, incidentId: mesh.last()?.controls.incidents[0]?.id ?? "" };
}

test("releasing the kill switch takes two people, whatever one of them tries", () => {
  const mesh = new MeshControls(baton);
  expect(shown(mesh.command("release-kill-switch", T))).toBe("E_CONFLICT");
  mesh.command("kill-switch", T, { by: "kim" });
  expect(shown(mesh.command("kill-switch", T, { by: "ann" }))).toBe("ignore duplicate");
  mesh.command("release-kill-switch", later(1), { by: "olga" });
  for (const by of ["Olga ", "0lga", "o1ga", "OLGA", "olga\u3164", "\u043elga"])
    expect(shown(mesh.command("release-kill-switch", later(2), { by }))).toBe("E_CONFLICT");
  expect(mesh.last()?.controls.killSwitch).not.toBeNull();
  expect(shown(mesh.command("release-kill-switch", later(3), { by: "rolf" }))).toContain(
    "released by olga and rolf",
  );
  expect(mesh.last()?.controls.killSwitch).toBeNull();
});

test("a wish for its release counts for an hour, and not after somebody engaged it again", () => {
  const mesh = new MeshControls(baton);
  mesh.command("kill-switch", T);
  mesh.command("release-kill-switch", later(1), { by: "olga" });
  mesh.command("release-kill-switch", later(3602), { by: "rolf" });
  expect(mesh.last()?.controls.killSwitch?.releases.map(({ by }) => by)).toEqual(["rolf"]);
  expect(shown(mesh.command("kill-switch", later(3603), { by: "kim" }))).toContain(
    "Taken back: its release by rolf",
  );
  mesh.command("release-kill-switch", later(3604), { by: "olga" });
  expect(mesh.last()?.controls.killSwitch).not.toBeNull();
});

test("a command that is delivered again is applied once", () => {
  const mesh = new MeshControls(baton);
  mesh.command("kill-switch", T);
  mesh.command("release-kill-switch", T, { by: "olga", id: "release-1" });
  expect(shown(mesh.command("release-kill-switch", T, { by: "olga", id: "release-1" }))).toBe(
    "ignore duplicate",
  );
});

test("the chain names what came before", () => {
  const mesh = new MeshControls(baton);
  mesh.command("kill-switch", T);
  mesh.command("incident", T);
  expect(mesh.chain.map(({ controls: { n, prev } }) => [n, prev])).toEqual([
    [1, 0],
    [2, mesh.chain[0]?.sequence],
  ]);
});

test("roles of the playbook are asked for, and nobody has one where nobody is known", () => {
  const answers = { "kill-switch": ["risk"], incident: ["ops", "risk"] };
  const mesh = new MeshControls(loaded({ ...document, answers }));
  expect(shown(mesh.command("kill-switch", T))).toBe("E_DENIED");
  expect(shown(mesh.command("kill-switch", T, { roles: ["ops"] }))).toBe("E_DENIED");
  expect(shown(mesh.command("kill-switch", T, { roles: ["risk"] }))).toContain("engaged");
  expect(shown(mesh.command("incident", T, { roles: ["ops"] }))).toContain("opened");
});

test("an incident is about something that exists, and there are at most so many", () => {
  const mesh = new MeshControls(baton);
  const scope = { kind: "candidate", candidateId: "cand-000404" } as const;
  expect(shown(mesh.command("incident", T, { scope, facts: { candidateKnown: false } }))).toBe(
    "E_NOT_FOUND",
  );
  for (let count = 0; count < MAX_INCIDENTS; count += 1) mesh.command("incident", T);
  expect(shown(mesh.command("incident", T))).toBe("E_LIMIT");
});

test("an incident is closed only when everything that it led to recovery has recovered", () => {
  const { mesh, incidentId } = opened();
  const unrecovered = ["cand-1", "cand-2", "cand-3", "cand-4", "cand-5", "cand-6"];
  const refused = mesh.command("close-incident", T, { incidentId, facts: { unrecovered } });
  expect(refused).toMatchObject({ code: "E_GUARD" });
  expect(refused).toHaveProperty("message", expect.stringContaining("cand-5 and others"));
  expect(shown(mesh.command("close-incident", T, { incidentId: "inc-0123456789ab" }))).toBe(
    "E_NOT_FOUND",
  );
  expect(shown(mesh.command("close-incident", T, { incidentId }))).toContain("closed by olga");
  expect(mesh.last()?.controls.incidents).toEqual([]);
});

test("an emergency lasts until its time is over and closes itself", () => {
  const { mesh, incidentId } = opened();
  mesh.command("emergency", T, { incidentId, seconds: 60 });
  const state = () => mesh.last()?.controls;
  expect(emergencyFor(state(), "cand-000001", later(59))?.ticket).toBe("OPS-17");
  expect(emergencyFor(state(), "cand-000002", later(59))).toBeUndefined();
  expect(emergencyFor(state(), "cand-000001", later(60))).toBeUndefined();
  expect(shown(mesh.expired(later(59)))).toBe("ignore early");
  expect(shown(mesh.expired(later(60)))).toContain("Emergency over");
  expect(shown(mesh.expired(later(61)))).toBe("ignore early");
  expect(state()?.incidents[0]?.emergency?.ended).toBe(true);
});

test("an emergency exists only on an open incident, about what that is about, one at a time", () => {
  const { mesh, incidentId } = opened();
  const other = { incidentId: "inc-0123456789ab" };
  expect(shown(mesh.command("emergency", T, other))).toBe("E_NOT_FOUND");
  const elsewhere = { incidentId, candidateId: "cand-000002" };
  expect(shown(mesh.command("emergency", T, elsewhere))).toBe("E_CONFLICT");
  mesh.command("emergency", T, { incidentId });
  expect(shown(mesh.command("emergency", later(1), { incidentId }))).toBe("E_CONFLICT");
  expect(shown(mesh.command("emergency", later(700), { incidentId }))).toContain("OPS-17");
  expect(mesh.last()?.controls.tasks).toHaveLength(2);
});

test("an emergency leaves a task from its beginning, which outlives it and its incident", () => {
  const { mesh, incidentId } = opened();
  mesh.command("emergency", T, { incidentId, seconds: 60 });
  const taskId = mesh.last()?.controls.tasks[0]?.id ?? "";
  expect(shown(mesh.command("close-task", later(1), { taskId }))).toBe("E_CONFLICT");
  mesh.command("close-incident", later(2), { incidentId });
  expect(mesh.last()?.controls.tasks).toHaveLength(1);
  expect(shown(mesh.command("close-task", later(3), { taskId: "task-0123456789ab" }))).toBe(
    "E_NOT_FOUND",
  );
  expect(shown(mesh.command("close-task", later(3), { taskId }))).toContain("a".repeat(40));
  expect(mesh.last()?.controls.tasks).toEqual([]);
});

const history = (loss: { id: string; text: string } | undefined) => ({
  history: { loss, epoch: 3, heads: { JOURNAL: 17 } },
});

test("a loss of history engages the kill switch; accepting exactly it begins an epoch under an engaged one, and two people release it", () => {
  const mesh = new MeshControls(baton);
  mesh.command("kill-switch", T);
  for (const by of ["olga", "rolf"]) mesh.command("release-kill-switch", later(1), { by });
  const loss = { id: "loss-0123456789ab", text: "JOURNAL is gone" };
  expect(shown(mesh.lost(loss, later(2)))).toContain(
    "E_LOG_RESET loss-0123456789ab: JOURNAL is gone",
  );
  expect(shown(mesh.lost(loss, later(3)))).toBe("ignore duplicate");
  mesh.command("release-kill-switch", later(4), { by: "olga" });

  const facts = history(loss);
  const accept = (of: string, more: object = facts) =>
    shown(mesh.command("accept-loss", later(5), { loss: of, facts: more }));
  expect(accept("loss-ba9876543210")).toBe("E_CONFLICT");
  expect(accept("loss-000000000000")).toBe("E_CONFLICT");
  expect(accept(loss.id)).toContain("Epoch 4 begins under an engaged kill switch");
  const { epoch, killSwitch } = mesh.last()?.controls ?? {};
  expect([epoch, killSwitch?.releases]).toEqual([{ n: 4, heads: { JOURNAL: 17 } }, []]);
  // It isn't the loss any more for which everything stands still.
  expect(killSwitch && lossThatStops(killSwitch)).toBeUndefined();
  expect(killSwitch?.why).toContain("history was lost (JOURNAL is gone), accepted by");

  mesh.command("release-kill-switch", later(6), { by: "olga" });
  expect(mesh.last()?.controls.killSwitch).not.toBeNull();
  mesh.command("release-kill-switch", later(7), { by: "rolf" });
  expect(mesh.last()?.controls).toMatchObject({ killSwitch: null, epoch: { n: 4 } });
  // What only another process knows of may be accepted too; it stops everything all the same.
  expect(accept(loss.id, history(undefined))).toBe("E_CONFLICT");
  expect(accept("loss-000000000000", history(undefined))).toContain("Epoch 5 begins");
  expect(mesh.last()?.controls.killSwitch?.by).toBe("olga");
});
