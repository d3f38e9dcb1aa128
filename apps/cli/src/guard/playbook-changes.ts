/** What differs between two playbooks once every default is filled in: stages, edges, figures. */
import { canonicalJson } from "@baton/contracts";
import type { Playbook, StageRule } from "@baton/playbook";

/** One value that differs; null on the side that hasn't it. */
export interface Change {
  /** For example `stages.live-ramp.deadlineSeconds`. */
  readonly path: string;
  readonly old: unknown;
  readonly new: unknown;
}

/** Every difference, in the order of the playbook's parts. */
export function changesBetween(old: Playbook, next: Playbook): Change[] {
  const stages = [...new Set([...old.stages.keys(), ...next.stages.keys()])];
  return [
    ...compare("version", old.version, next.version),
    ...compare("start", old.start, next.start),
    ...stages.flatMap((stage) =>
      stageChanges(stage, old.stages.get(stage), next.stages.get(stage)),
    ),
    ...compare("limits", old.limits, next.limits),
    ...compare("surfaces", old.surfaces, next.surfaces),
    ...compare("answers", old.answers, next.answers),
  ];
}

function stageChanges(
  stage: string,
  old: StageRule | undefined,
  next: StageRule | undefined,
): Change[] {
  const path = `stages.${stage}`;
  if (!old || !next) return [{ path, old: laneOf(old), new: laneOf(next) }];
  return compare(path, old, next);
}

function laneOf(rule: StageRule | undefined): string | null {
  return rule?.lane ?? null;
}

/** Objects part by part, everything else as a whole. */
function compare(path: string, old: unknown, next: unknown): Change[] {
  if (isRecord(old) && isRecord(next)) {
    const keys = [...new Set([...Object.keys(old), ...Object.keys(next)])];
    return keys.flatMap((key) => compare(`${path}.${key}`, own(old, key), own(next, key)));
  }
  const [before, after] = [old ?? null, next ?? null];
  return canonicalJson(before) === canonicalJson(after) ? [] : [{ path, old: before, new: after }];
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(value: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}
