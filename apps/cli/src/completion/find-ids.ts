import { type MeshNamed, readStandings } from "@baton/client";

import { openCommandSession } from "../command-session.ts";
/** Ids of candidates while a person waits at the prompt: quickly or not at all. */

/** Longer than this a prompt must not hang, in milliseconds. */
const WITHIN_MS = 2000;
/** More are no help. */
const MOST = 200;

/** The ids that begin so; none where no mesh answers in time. */
export async function findIds(beginning: string, globals: MeshNamed): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(() => resolve([]), WITHIN_MS);
  });
  return await Promise.race([read(beginning, globals).catch(() => []), late]).finally(() =>
    clearTimeout(timer),
  );
}

async function read(beginning: string, globals: MeshNamed): Promise<readonly string[]> {
  await using session = await openCommandSession(globals);
  const { candidates } = await readStandings(session);
  return candidates
    .map(({ candidateId }) => candidateId)
    .filter((id) => id.startsWith(beginning))
    .toSorted()
    .slice(0, MOST);
}
