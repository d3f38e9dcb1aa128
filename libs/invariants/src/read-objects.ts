/**
 * Reads the object store from the stream below it: chunks under `$O.<bucket>.C.<id>`, then one description of the object
 * under `$O.<bucket>.M.<name>`. Every byte is hashed again here.
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

/** Reads the bucket `bucket`. */
export function objectReader(bucket: string): ObjectReader {
  const chunks = new Map<string, Chunks>();
  const names = new Map<string, string>();
  const [chunkPrefix, metaPrefix] = [`$O.${bucket}.C.`, `$O.${bucket}.M.`];
  return {
    take: (message) => {
      const { subject, data } = message;
      if (subject.startsWith(chunkPrefix)) {
        const id = subject.slice(chunkPrefix.length);
        const so = chunks.get(id) ?? { hash: createHash("sha256"), bytes: 0, kept: [] };
        so.hash.update(data);
        so.bytes += data.length;
        if (so.bytes <= MAX_KEPT_BYTES) so.kept.push(data);
        else so.kept = [];
        chunks.set(id, so);
      } else if (subject.startsWith(metaPrefix)) {
        const named = nameOf(message);
        // The first description counts: nobody can replace an object.
        if (named && !names.has(named.name)) names.set(named.name, named.id);
      }
    },
    objects: () =>
      new Map(Array.from(names, ([name, id]) => [name, storedObject(chunks.get(id))] as const)),
  };
}

function nameOf(message: StoredMessage): { name: string; id: string } | undefined {
  try {
    const fields = parseFields(message.string());
    return { name: fields.text("name"), id: fields.text("nuid") };
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
