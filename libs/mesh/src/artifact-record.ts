/** Records of artifacts: which content has a digest, as the one who stored it says. */
import { ArtifactContent, type ArtifactWriter, parseArtifactRecordSubject } from "@baton/contracts";

/** A record as it was found. */
export interface ArtifactRecord {
  /** Known by the subject, which the server lets no other kind publish on; undefined if this release doesn't know the kind. */
  readonly writer: ArtifactWriter | undefined;
  /** Sequence in the stream. */
  readonly sequence: number;
  /** Id of the writer's content; undefined if the record isn't one that can be followed. */
  readonly content: string | undefined;
}

/** Reads a stored record. Whatever is wrong with it, it's a record that leads nowhere. */
export function parseArtifactRecord(message: {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly seq: number;
}): ArtifactRecord {
  const named = parseArtifactRecordSubject(message.subject);
  const content = ArtifactContent.safeParse(readJson(message.data)).data;
  const isAbout = named !== undefined && content?.sha256 === named.sha256;
  return {
    writer: named?.writer,
    sequence: message.seq,
    content: isAbout ? content.id : undefined,
  };
}

function readJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(data));
  } catch {
    return undefined;
  }
}
