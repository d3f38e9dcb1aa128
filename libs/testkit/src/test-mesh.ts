/** A real nats-server with the mesh's streams, and the mesh's controls as a coordinator would change them. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { ControlCommand, MESH_ID, type StoredControls } from "@baton/contracts";
import { type Mesh, openMesh } from "@baton/mesh";
import { decideControl, parsePlaybook, type Playbook } from "@baton/playbook";
import { parse } from "yaml";

import { startTestNats, type TestNats, type TestNatsOptions } from "./test-nats.ts";

/** A control command without what every command has; `why` may be left out. */
export type ControlWish = Pick<ControlCommand, "type" | "by"> & Readonly<Record<string, unknown>>;

/** A mesh of one test file, without any service. */
export interface TestMesh {
  readonly nats: TestNats;
  readonly mesh: Mesh;
  /** Decides and stores; gives the state that holds then. Throws if it's refused. */
  control(this: void, wish: ControlWish): Promise<StoredControls>;
  stop(this: void): Promise<void>;
}

const PLAYBOOK = join(import.meta.dirname, "../../../playbooks/baton.yaml");

function readPlaybook(): Playbook {
  const result = parsePlaybook(parse(readFileSync(PLAYBOOK, "utf8")));
  if (!result.ok) throw new Error(result.faults.join("\n"));
  return result.playbook;
}

function commandOf(wish: ControlWish, now: string): ControlCommand {
  const id = `cmd-${randomUUID()}`;
  return ControlCommand.parse({
    v: 1,
    id,
    candidateId: MESH_ID,
    time: now,
    why: "a test wants it",
    ...wish,
  });
}

/** Starts a server and makes the streams. */
export async function startTestMesh(options: TestNatsOptions = {}): Promise<TestMesh> {
  const nats = await startTestNats(options);
  const mesh = await openMesh({ url: nats.url, name: "test", provision: true });
  const playbook = readPlaybook();
  return {
    nats,
    mesh,
    async control(wish) {
      const now = new Date().toISOString();
      const last = await mesh.controls.last();
      const decision = decideControl({
        last,
        happening: { kind: "command", command: commandOf(wish, now) },
        playbook,
        facts: { candidateKnown: true, unrecovered: [] },
        now,
      });
      if (decision.kind !== "append") throw new Error(JSON.stringify(decision));
      const { controls } = decision;
      const appended = await mesh.controls.append(controls);
      if (appended.kind !== "stored") throw new Error("someone else changed the controls");
      return { sequence: appended.sequence, controls };
    },
    async stop() {
      await mesh[Symbol.asyncDispose]();
      await nats.stop();
    },
  };
}
