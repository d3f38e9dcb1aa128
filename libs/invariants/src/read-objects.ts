/**
 * Reads the object store from the stream below it: chunks under `$O.<bucket>.C.<writer>.<id>`, then a description of the object
 * under `$O.<bucket>.M.<writer>.<digest>`. Every byte is hashed again here.
 */
import { createHash, type Hash } from "node:crypto";

import { parseFields, WrongForm } from "./json-fields.ts";
import type { StoredMessage } from "./read-journal.ts";
import type { StoredObject } from "./record.ts";

/** Content of larger objects isn't kept: gate reports are small. */
const MAX_KEPT_BYTES = 1024 * 1024;

interface Chunks {
  readonly hash: Hash;
  bytes: number;
  kept: Uint8Array[];
}

/** Collects a bucket's messages in order. */
export interface ObjectReader {
  take(this: void, message: StoredMessage & { readonly data: Uint8Array }): void;
  /** Objects by name. */
  objects(this: void): Map<string, StoredObject>;
}

/** What somebody says about an object: which of its own chunks have the digest. */
interface Description {
  readonly digest: string;
  readonly content: string;
  readonly bytes: number;
}

/** Reads the bucket `bucket`. */
export function objectReader(bucket: string): ObjectReader {
  const chunks = new Map<string, Chunks>();
  const described = new Map<string, StoredObject>();
  const [chunkPrefix, metaPrefix] = [`$O.${bucket}.C.`, `$O.${bucket}.M.`];
  return {
    take: (message) => {
      const { subject, data } = message;
      if (subject.startsWith(chunkPrefix)) {
        const content = subject.slice(chunkPrefix.length);
        const so = chunks.get(content) ?? { hash: createHash("sha256"), bytes: 0, kept: [] };
        so.hash.update(data);
        so.bytes += data.length;
        if (so.bytes <= MAX_KEPT_BYTES) so.kept.push(data);
        else so.kept = [];
        chunks.set(content, so);
      } else if (subject.startsWith(metaPrefix)) {
        const said = descriptionOf(subject.slice(metaPrefix.length), message);
        if (!said) return;
        const { digest, content, bytes } = said;
        // Anybody may say anything: the first description that is right counts.
        if (described.get(digest)?.sha256 === digest) return;
        const object = storedObject(chunks.get(content));
        if (!described.has(digest) || (object.sha256 === digest && object.bytes === bytes))
          described.set(digest, object);
      }
    },
    objects: () => described,
  };
}

function descriptionOf(rest: string, message: StoredMessage): Description | undefined {
  const [writer = "", digest = ""] = rest.split(".");
  try {
    const fields = parseFields(message.string());
    if (fields.text("sha256") !== digest) return undefined;
    return { digest, content: `${writer}.${fields.text("id")}`, bytes: fields.number("bytes") };
  } catch (error) {
    if (!(error instanceof WrongForm)) throw error;
    return undefined;
  }
}

/** An empty object has no chunks. */
function storedObject(chunks: Chunks | undefined): StoredObject {
  const hash = chunks ? chunks.hash.copy() : createHash("sha256");
  const bytes = chunks?.bytes ?? 0;
  const content = bytes <= MAX_KEPT_BYTES ? Buffer.concat(chunks?.kept ?? []) : undefined;
  return { sha256: hash.digest("hex"), bytes, content };
}
