/** The artifact store as a damaged backup leaves it: no key may change what is stored, so it's made anew. */
import type { Mesh } from "@baton/mesh";

interface Kept {
  readonly subject: string;
  readonly data: Uint8Array;
}

/** Stores everything again, but without an artifact's records, or with other bytes as its content. */
export async function restoreDamaged(
  { jsm, publisher }: Pick<Mesh, "jsm" | "publisher">,
  sha256: string,
  how: "missing" | "altered",
): Promise<void> {
  const stream = "OBJ_ARTIFACTS";
  const { config, state } = await jsm.streams.info(stream);
  const kept: Kept[] = [];
  for (let seq = 1; seq <= state.last_seq; seq += 1) {
    const message = await jsm.streams.getMessage(stream, { seq });
    if (message) kept.push({ subject: message.subject, data: message.data });
  }
  // Each kind that stored it has a record of its own.
  const records = kept.filter(({ subject }) => subject.endsWith(`.${sha256}`));
  const ids = records.map(({ data }) => {
    const { id }: { id: string } = JSON.parse(new TextDecoder().decode(data));
    return id;
  });
  await jsm.streams.delete(stream);
  await jsm.streams.add(config);
  for (const { subject, data } of kept) {
    if (how === "missing" && subject.endsWith(`.${sha256}`)) continue;
    const isContent = how === "altered" && ids.some((id) => subject.endsWith(`.${id}`));
    const payload = isContent ? data.map((byte) => byte ^ 1) : data;
    await publisher.publish({ subject, payload, headers: {} });
  }
}
