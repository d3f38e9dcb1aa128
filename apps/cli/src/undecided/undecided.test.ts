/** What was sent and isn't decided is found and said to wait; what is lost isn't said never to have been. */
import { candidateIdOf } from "@baton/playbook";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { type CliMesh, startCliMesh } from "../testing/cli-mesh.ts";
import { baton as run, type Ended } from "../testing/run-baton.ts";

vi.setConfig({ testTimeout: 60_000 });

let on: CliMesh;
const baton = (args: readonly string[], stdin?: string): Promise<Ended> =>
  run(args, { server: on.url, cwd: on.folder.path, ...(stdin !== undefined && { stdin }) });

beforeAll(async () => {
  on = await startCliMesh();
}, 60_000);
afterAll(() => on.stop(), 30_000);

test("with a coordinator nothing waits", async () => {
  const { code, stdout } = await baton(["get", "controls"]);
  expect(code).toBe(0);
  expect(stdout).not.toContain("Undecided");
  expect(stdout).not.toContain("Coordinator");
});

test("without one a submission and an engage are found where they wait, since when and why", async () => {
  const decided = await baton(["submit", "--unchecked", "-"], "name: decided\n");
  expect(decided.code).toBe(0);
  await on.coordinator.stop();
  await baton(["submit", "--unchecked", "-", "--timeout", "1s"], "name: waiting\n");
  const candidateId = candidateIdOf({ name: "waiting" });
  for (const typed of [candidateId, candidateId.slice(0, -2)])
    for (const command of ["explain", "describe"]) {
      const { code, stderr } = await baton([command, typed]);
      expect(code).toBe(8);
      expect(stderr).toMatch(
        new RegExp(
          `E_UNAVAILABLE \\(8\\): ${candidateId} waits to be accepted: its submission by \\S+ is stored as COMMANDS 2 since \\d{4}-.* and nobody has decided on it: coordinator no process of it answers`,
        ),
      );
      expect(stderr).toContain("Start coordinator");
    }
  expect((await baton(["explain", "cand-000000000000"])).code).toBe(4);
  expect((await baton(["explain", candidateIdOf({ name: "decided" })])).stdout).toContain(
    "But coordinator no process of it answers",
  );

  await baton(["kill-switch", "engage", "--why", "bad fills", "--timeout", "1s"]);
  const { code, stdout } = await baton(["get", "controls"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^Kill switch: released\nUndecided: {3}kill-switch by \S+, stored since .* as COMMANDS 3: it doesn't hold yet\nCoordinator: coordinator no process of it answers; what is asked for isn't decided\n {2}do: Start coordinator/,
  );
  const json = JSON.parse((await baton(["get", "controls", "-o", "json"])).stdout);
  expect(json).toMatchObject({
    killSwitch: null,
    undecided: [{ sequence: 3, type: "kill-switch" }],
    hindrance: { found: expect.stringContaining("coordinator") },
  });
});

test("once JOURNAL and CONTROLS are gone nobody says that nothing was ever there", async () => {
  await on.mesh.jsm.streams.delete("JOURNAL");
  await on.mesh.jsm.streams.delete("CONTROLS");
  for (const command of [
    ["get", "candidates"],
    ["explain", candidateIdOf({ name: "decided" })],
    ["describe", candidateIdOf({ name: "decided" })],
    ["explain", "cand-000000000000"],
  ]) {
    const { code, stdout, stderr } = await baton(command);
    expect([command, code, stdout]).toEqual([command, 8, ""]);
    expect(stderr).toMatch(
      /E_LOG_RESET \(8\): .*history is lost: CONTROLS is gone.*JOURNAL is gone/,
    );
    expect(stderr).toContain("bring CONTROLS, JOURNAL back from the latest copy");
    expect(stderr).not.toContain("ever run");
  }
});
