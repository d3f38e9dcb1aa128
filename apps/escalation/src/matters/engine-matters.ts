/** The matters that people are told about, as the engine has them: pure. */
import { createHash } from "node:crypto";

import {
  cut,
  ENGINE_MATTER_PREFIX,
  type MeshMatter,
  type MeshMatterRecord,
  type ServiceHealth,
  type ServiceMatter,
} from "@baton/contracts";
import { adviceOnMatter } from "@baton/views";

/** True for a matter of the engine's; all others are the controls'. */
export function isEngineMatter({ matter }: Pick<MeshMatter, "matter">): boolean {
  return matter.startsWith(ENGINE_MATTER_PREFIX);
}

/**
 * What the engine's processes tell; undefined if none of them can say. One that is open under a name keeps it, also when the
 * engine was started again and has seen it since then only.
 */
export function engineMatters(
  answers: readonly ServiceHealth[],
  records: Iterable<MeshMatterRecord>,
): readonly MeshMatter[] | undefined {
  const told = answers.flatMap(({ checks, matters }) => {
    // Before its first look it knows of none.
    const isStarting = checks.some(({ name, ok }) => name === "service" && !ok);
    return matters && !isStarting ? [matters] : [];
  });
  if (told.length === 0) return undefined;
  const open = new Map<string, MeshMatterRecord>(
    [...records]
      .filter(({ state }) => state === "open")
      .map((record) => [`${record.facts["code"]} ${record.subject}`, record] as const),
  );
  const found = new Map<string, MeshMatter>();
  for (const one of told.flat()) {
    const key = `${one.code} ${one.subject}`;
    if (!found.has(key)) found.set(key, matterOf(one, open.get(key)));
  }
  return [...found.values()];
}

function matterOf(
  { code, subject, since, text }: ServiceMatter,
  known: MeshMatterRecord | undefined,
): MeshMatter {
  const digest = createHash("sha256").update(`${code} ${subject}`).digest("hex").slice(0, 12);
  return {
    matter: known?.matter ?? `${ENGINE_MATTER_PREFIX}${digest}-${Date.parse(since).toString(36)}`,
    reason: "ENGINE_TROUBLE",
    subject,
    facts: { code, ...(subject !== "mesh" && { candidateId: subject }) },
    usualSeverity: "critical",
    what: cut(known?.what ?? `The engine says of ${subject}: ${text}`),
    detail: cut(text),
    action:
      subject === "mesh"
        ? "`baton doctor` shows what the engine says; mend that."
        : adviceOnMatter(code, subject),
    openedAt: known?.openedAt ?? since,
  };
}
