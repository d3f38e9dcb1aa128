/** Copies what a mesh has stored to another server under the same sequences, with changes on the way: a tampered backup. */
import { STREAMS } from "@baton/contracts";
import { type Mesh, openMesh } from "@baton/mesh";
import type { TestNats } from "@baton/testkit";

type Stream = "journal" | "commands" | "reports";

/** A stored message. */
export interface Copied {
  readonly stream: Stream;
  readonly subject: string;
  readonly text: string;
}

/** Copies journal, commands, reports and the artifacts named by `digests`; `change` says what is stored instead. */
export async function copyMesh(
  from: Mesh,
  to: TestNats,
  { digests, change }: { digests: readonly string[]; change: (message: Copied) => Copied },
): Promise<void> {
  const topology = { replicas: 1, ackWaitMs: 1500, maxDeliver: 5 };
  await using target = await openMesh({
    url: to.url,
    name: "copy",
    seed: to.seedOf("coordinator"),
    topology,
    provision: true,
  });
  for (const stream of ["commands", "reports", "journal"] as const) {
    const { name } = STREAMS[stream];
    const { state } = await from.jsm.streams.info(name);
    for (let seq = 1; seq <= state.last_seq; seq += 1) {
      const stored = await from.jsm.streams.getMessage(name, { seq });
      if (!stored) throw new Error(`${name} ${seq} isn't there`);
      const text = new TextDecoder().decode(stored.data);
      const { subject, text: payload } = change({ stream, subject: stored.subject, text });
      const { sequence } = await target.publisher.publish({ subject, payload, headers: {} });
      if (sequence !== seq) throw new Error(`${name} ${seq} was stored under ${sequence}`);
    }
  }
  for (const digest of digests) {
    const bytes = await from.artifacts.get(digest);
    if (bytes) await target.artifacts.put(bytes);
  }
}
