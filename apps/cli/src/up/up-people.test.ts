/** Whose commands a mesh of `baton up` takes, and that `--data` is all that has to be said to reach it. */
import { tmpdir } from "node:os";
import { join } from "node:path";

import { OTHERS } from "@baton/local-mesh";
import { ensureMeshKeys } from "@baton/nats-server";
import { expect, test } from "vitest";

import { baton } from "../testing/run-baton.ts";
import { folder, untilUp, up } from "./testing/up-process.ts";

test(
  "who starts a mesh signs by itself and has others to approve; strangers are refused",
  { timeout: 150_000 },
  async () => {
    const dir = folder();
    const mesh = up("--no-sync-always");
    const state = await untilUp(mesh);
    const run = async (...args: string[]) => {
      // The folder that is named goes before all that the environment says of another mesh.
      const { code, stdout, stderr } = await baton([...args, "--json", "--data", dir], {
        env: {
          BATON_NATS_URL: "nats://127.0.0.1:1",
          BATON_NATS_SEED_FILE: strangersSeed(),
          BATON_MESH: `mesh-${"0".repeat(32)}`,
          BATON_PEOPLE: "/nowhere/people.yaml",
        },
      });
      return { code, json: JSON.parse(stdout === "" ? stderr : stdout) };
    };
    const file = join(import.meta.dirname, "../../../../examples/candidates/trend.yaml");
    const submitted = await run("submit", file);
    expect(submitted).toMatchObject({ code: 0, json: { outcome: { kind: "accepted" } } });
    // At once: a candidate that asks for its approvals has nothing to pause.
    const id: string = submitted.json.candidateId;
    const paused = await run("pause", id, "--why", "to look at it", "--as", OTHERS[0] ?? "");
    expect(paused).toMatchObject({ code: 0 });
    const again = await run("submit", file);
    const { duplicate: _, ...original } = submitted.json.outcome;
    const { stands, ...receipt } = again.json.outcome;
    expect(receipt).toEqual({ ...original, duplicate: true });
    expect(stands).toMatchObject({ holder: expect.any(String), since: expect.any(String) });
    const checked = await run("check");
    expect(checked.code).toBe(0);
    expect(checked.json.map((one: { id: string; ok: boolean }) => [one.id, one.ok])).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [`J${n}`, true]),
    );
    const stranger = await run("cancel", id, "--why", "I may not", "--as", "somebody else");
    expect(stranger).toMatchObject({ code: 9, json: { error: { code: "E_DENIED" } } });

    expect((await run("get", "people")).json.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining([...OTHERS]),
    );
    expect((await run("restart", "metrics")).code).toBe(0);

    const asLane = {
      BATON_NATS_URL: state.natsUrl,
      BATON_NATS_SEED_FILE: join(dir, "keys/lane-a.seed"),
    };
    for (const args of [
      ["get", "candidates"],
      ["cancel", id, "--why", "with a lane's key"],
    ]) {
      const refused = await baton(args, { cwd: dir, env: asLane });
      expect([args, refused.code, refused.stderr]).toEqual([
        args,
        9,
        expect.stringContaining("E_DENIED"),
      ]);
    }

    const { code, stderr } = await baton(["get", "candidates", "--server", state.natsUrl], {
      cwd: tmpdir(),
      env: { HOME: dir, BATON_NATS_SEED_FILE: strangersSeed() },
    });
    expect(code).toBe(9);
    expect(stderr).toContain("E_DENIED");
    expect(stderr).toContain("keys/cli.seed");
  },
);

/** A key that no mesh knows. */
function strangersSeed(): string {
  return ensureMeshKeys(join(folder(), "strangers")).seedFileOf("cli");
}
