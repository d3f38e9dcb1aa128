/** Whether a kind of process stored something in its own name: the server lets nobody else write a record there. */
import {
  ARTIFACTS_BUCKET,
  artifactRecordSubject,
  type ArtifactWriter,
  type Sha256,
} from "@baton/contracts";
import type { JetStreamManager } from "@nats-io/jetstream";

const STREAM = `OBJ_${ARTIFACTS_BUCKET}`;

/** True if `writer` recorded that digest. From any replica: one that lags says no for a moment. */
export async function isStoredBy(
  jsm: { readonly direct: Pick<JetStreamManager["direct"], "getMessage"> },
  of: { readonly writer: ArtifactWriter; readonly sha256: Sha256 },
): Promise<boolean> {
  const subject = artifactRecordSubject(of);
  return (await jsm.direct.getMessage(STREAM, { last_by_subj: subject })) !== null;
}
