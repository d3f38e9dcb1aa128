/** Which server gets a command, and whose answer counts: a coordinator of the test's own, on a real server. */
import { createHash } from "node:crypto";
import { join } from "node:path";

import { commandIdNow, ensureKeyFile, sendControl, type TrustedMesh } from "@baton/client";
import { ControlCommand, MESH_ID, type Receipt, REPLY_HEADER } from "@baton/contracts";
import { type Mesh, openMesh } from "@baton/mesh";
import { isSigned, signerOf } from "@baton/people";
import {
  startTestNats,
  type TemporaryFolder,
  temporaryFolder,
  type TestNats,
} from "@baton/testkit";
import { UserError } from "@baton/text/user-error";
import { createUser } from "@nats-io/nkeys";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { openCommandSession } from "../command-session.ts";
import { baton } from "../testing/run-baton.ts";

const seedText = (): string => new TextDecoder().decode(createUser().getSeed());
const coordinator = signerOf(seedText());
const stranger = signerOf(seedText());
const OTHER = `mesh-${"1".repeat(32)}`;

let nats: TestNats;
let mesh: Mesh;
let folder: TemporaryFolder;
beforeAll(async () => {
  nats = await startTestNats();
  mesh = await openMesh({ url: nats.url, name: "coordinator", provision: true });
  folder = temporaryFolder("trust");
});
afterAll(async () => {
  await mesh[Symbol.asyncDispose]();
  await nats.stop();
  folder.remove();
});

const at = (name: string): string => join(folder.path, name);
const name = (): string => mesh.name ?? "";
const known = (): TrustedMesh => ({ name: name(), receiptKeys: [coordinator.publicKey] });

/** What came to the server, as the coordinator would see it. */
interface Came {
  readonly command: ControlCommand;
  readonly value: object;
  readonly sha256: string;
}

/** Answers each command with these, in order; returns what came. */
function answerWith(...answers: ((receipt: Receipt, came: Came) => object)[]): Came[] {
  const seen: Came[] = [];
  mesh.nc.subscribe("baton.command.>", {
    max: 1,
    callback: (_, message) => {
      const value: object = message.json();
      const sha256 = createHash("sha256").update(message.data).digest("hex");
      const came = { command: ControlCommand.parse(value), value, sha256 };
      seen.push(came);
      const receipt = receiptFor(came);
      for (const answer of answers)
        mesh.nc.publish(
          message.headers?.get(REPLY_HEADER) ?? "",
          JSON.stringify(answer(receipt, came)),
        );
    },
  });
  return seen;
}

function receiptFor({ command, sha256 }: Came): Receipt {
  const time = "2026-03-01T12:00:00.000Z";
  return {
    v: 1,
    mesh: name(),
    commandId: command.id,
    candidateId: command.candidateId,
    commandSha256: sha256,
    outcome: { kind: "controlled", duplicate: false, sequence: 1, time, detail: "engaged" },
  };
}

/** Engages the kill switch; the code and words of the refusal, or the receipt. */
async function engage(on: { trusts?: TrustedMesh; signed?: boolean; timeoutMs?: number } = {}) {
  const { key } = ensureKeyFile(at("key"), { name: undefined, fallback: "ada" });
  const command = ControlCommand.parse({
    v: 1,
    type: "kill-switch",
    id: commandIdNow(),
    candidateId: MESH_ID,
    time: new Date().toISOString(),
    by: "ada",
    why: "bad fills",
  });
  await using session = await openCommandSession({
    server: nats.url,
    ...(on.trusts && { mesh: on.trusts }),
  });
  try {
    return await sendControl(session, command, {
      timeoutMs: on.timeoutMs ?? 5000,
      onProgress: () => undefined,
      key: on.signed === false ? undefined : key,
    });
  } catch (error) {
    if (error instanceof UserError) return `${error.details.code} ${error.details.message}`;
    throw error;
  }
}

describe("a command", () => {
  test("names its mesh in what is signed, and the mesh's receipt is taken", async () => {
    const seen = answerWith((receipt) => coordinator.sign(receipt));
    expect(await engage({ trusts: known() })).toMatchObject({ mesh: name() });
    const [came] = seen;
    const { publicKey = "", signature = "" } = came?.command ?? {};
    expect(came?.command.mesh).toBe(name());
    expect(isSigned(came?.value ?? {}, { publicKey, signature })).toBe(true);
    expect(isSigned({ ...came?.value, mesh: OTHER }, { publicKey, signature })).toBe(false);
  });

  test("isn't sent to a server whose mesh isn't the one that is known", async () => {
    const seen = answerWith((receipt) => receipt);
    const trusts = { ...known(), name: OTHER };
    for (const signed of [true, false])
      expect(await engage({ trusts, signed })).toMatch(/^E_DENIED .* nothing was sent$/);
    expect(seen).toEqual([]);
  });
});

describe("an answer", () => {
  test.each<[string, (receipt: Receipt) => object, string]>([
    ["that isn't signed", (receipt) => receipt, "it isn't signed"],
    ["of a stranger", (receipt) => stranger.sign(receipt), "which you don't trust"],
    [
      "that was altered",
      (receipt) => ({
        ...coordinator.sign(receipt),
        outcome: { kind: "refused", code: "E_INVALID", message: "no", action: "no" },
      }),
      "its signature doesn't fit",
    ],
    [
      "to another command",
      (receipt) => coordinator.sign({ ...receipt, commandId: "cmd-another" }),
      "it is about another command",
    ],
    [
      "to other bytes under the same id",
      (receipt) => coordinator.sign({ ...receipt, commandSha256: "0".repeat(64) }),
      "it is about another command",
    ],
    [
      "of another mesh",
      (receipt) => coordinator.sign({ ...receipt, mesh: OTHER }),
      `it comes from ${OTHER}`,
    ],
    ["that is none", () => ({ ok: true }), "it is no receipt"],
  ])("%s is no answer, and the right one is still waited for", async (_, answer, why) => {
    answerWith(answer);
    const refused = await engage({ trusts: known(), timeoutMs: 300 });
    expect(refused).toMatch(/^E_DENIED kill-switch engage is stored as command/);
    expect(refused).toContain(why);
    answerWith(answer, (receipt) => coordinator.sign(receipt));
    expect(await engage({ trusts: known() })).toMatchObject({ outcome: { kind: "controlled" } });
  });

  test("to another command isn't taken where receipts aren't signed either", async () => {
    answerWith((receipt) => ({ ...receipt, commandId: "cmd-another" }));
    const trusts = { ...known(), receiptKeys: [] };
    expect(await engage({ trusts, timeoutMs: 300 })).toContain("it is about another command");
  });
});

test("meshes are kept and listed by `baton trust`; a signed command needs one", async () => {
  ensureKeyFile(at("key"), { name: undefined, fallback: "ada" });
  const options = {
    server: nats.url,
    env: { BATON_MESHES_FILE: at("typed"), BATON_KEY_FILE: at("key") },
  };
  const act = ["kill-switch", "engage", "--why", "bad fills"];
  const refused = await baton(act, options);
  expect([refused.code, refused.stderr]).toEqual([
    9,
    expect.stringContaining(`${nats.url} (from BATON_NATS_URL) says that it is ${name()}`),
  ]);
  expect(await baton(["trust", name(), coordinator.publicKey], options)).toMatchObject({
    code: 0,
    stdout: `${name()}  ${coordinator.publicKey}\n`,
  });
  answerWith((receipt) => coordinator.sign(receipt));
  const taken = await baton(act, options);
  expect([taken.code, taken.stderr]).toEqual([
    0,
    `to ${name()} on ${nats.url} (from BATON_NATS_URL)\n`,
  ]);
});
