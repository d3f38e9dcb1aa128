import { createHash } from "node:crypto";

import { prettyJson } from "@baton/lanekit";

type Digest = { readonly name: string; readonly sha256: string };

/**
 * Artifacts by name, as they'd be if they had been made from one another: in each one's `inputs` and `results` the digest of
 * every artifact that is among them is set right. What isn't JSON or names nothing stays as it is.
 */
export function linked(artifacts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const done = new Map<string, unknown>();
  const finish = (name: string): unknown => {
    if (!done.has(name)) done.set(name, relinked(artifacts[name], digestOf));
    return done.get(name);
  };
  const digestOf = ({ name, sha256 }: Digest): Digest => ({
    name,
    sha256: Object.hasOwn(artifacts, name) ? contentDigest(finish(name)) : sha256,
  });
  return Object.fromEntries(Object.keys(artifacts).map((name) => [name, finish(name)]));
}

function relinked(content: unknown, digestOf: (of: Digest) => Digest): unknown {
  if (typeof content !== "object" || content === null || content instanceof Uint8Array)
    return content;
  const lists = ["inputs", "results"].flatMap((key) => {
    const list: unknown = Reflect.get(content, key);
    return Array.isArray(list) && list.every(isDigest) ? [[key, list.map(digestOf)] as const] : [];
  });
  return { ...content, ...Object.fromEntries(lists) };
}

function isDigest(value: unknown): value is Digest {
  return typeof value === "object" && value !== null && "name" in value && "sha256" in value;
}

function contentDigest(content: unknown): string {
  const bytes =
    typeof content === "string" || content instanceof Uint8Array ? content : prettyJson(content);
  return createHash("sha256").update(bytes).digest("hex");
}
