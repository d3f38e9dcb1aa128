/** The kill switch while somebody with the command line's key stores thousands of commands that nobody signed. */
import { commandSubject, DURABLES, MESH_ID, STREAMS } from "@baton/contracts";
import { eventually, startTestNats, type TestNats } from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { openPeopleWorld, type PeopleWorld, signedCommand } from "../people-world.ts";

const BOGUS = 5000;

let nats: TestNats;
let world: PeopleWorld;

beforeAll(async () => {
  nats = await startTestNats({ signIn: true });
  world = await openPeopleWorld(nats);
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await nats.stop();
});

async function waiting(durable: string): Promise<number> {
  const info = await world.loop.mesh.jsm.consumers.info(STREAMS.commands.name, durable);
  return info.num_pending + info.num_ack_pending;
}

test(`a kill switch doesn't wait behind ${BOGUS} commands about candidates, and neither keeps the other`, async () => {
  const engage = { type: "kill-switch", candidateId: MESH_ID };
  const engaged = async (): Promise<number> => {
    const from = performance.now();
    expect(await world.send("author", engage)).toMatchObject({ kind: "controlled" });
    return performance.now() - from;
  };
  const aloneMs = await engaged();
  const signed = signedCommand("author", { type: "pause", candidateId: "cand-nobody" });
  const { nc, jsm, name: mesh } = world.loop.mesh;
  const before = (await jsm.streams.info(STREAMS.commands.name)).state.messages;
  for (let n = 0; n < BOGUS; n += 1) {
    const of = { candidateId: `cand-bogus-${n}`, commandId: `cmd-bogus-${n}` };
    const { candidateId, commandId: id } = of;
    nc.publish(commandSubject(of), JSON.stringify({ ...signed, mesh, candidateId, id }));
  }
  await nc.flush();
  const behindMs = await engaged();
  // Whoever was there first waits still: it was answered before its turn.
  expect(await waiting(DURABLES.commands)).toBeGreaterThan(BOGUS / 10);
  expect(behindMs).toBeLessThan(10 * Math.max(aloneMs, 100));
  await eventually(async () => (await waiting(DURABLES.commands)) === 0, {
    what: "all that was bogus is refused",
    withinMs: 60_000,
  });
  const { messages } = (await jsm.streams.info(STREAMS.commands.name)).state;
  expect(messages).toBe(before + BOGUS + 1);
  expect(await waiting(DURABLES.controls)).toBe(0);
}, 120_000);
