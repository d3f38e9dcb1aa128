import { finding, type Finding, type Violation } from "./finding.ts";
import { isDispatch, type MeshRecord, stageRunOf } from "./record.ts";

/** J4: a mutable action takes effect at most once per stage run, and only for a stage run that was dispatched. */
export function checkActions({ actions, entries }: MeshRecord): Finding {
  const violations: Violation[] = [];
  const dispatched = new Set(entries.filter(isDispatch).map(stageRunOf));
  const seen = new Map<string, string>();
  for (const { remote, commit, action } of actions) {
    const where = `${action} in ${remote}`;
    const key = `${remote}\n${action}`;
    const earlier = seen.get(key);
    if (earlier === undefined) seen.set(key, commit);
    else violations.push({ where, what: `took effect as ${earlier} and again as ${commit}` });
    const stageRun = action.split(".").slice(0, 3).join(".");
    if (!dispatched.has(stageRun))
      violations.push({ where, what: "took effect, but its stage run was never dispatched" });
  }
  const title = "a mutable action takes effect at most once per stage run";
  return finding({ id: "J4", title, checked: actions.length, unit: "actions", violations });
}
