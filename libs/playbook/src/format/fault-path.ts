/** Where in a playbook document a fault is, from its words. Pure. */

/** The path that a fault begins with; a stage by name is found by its place. */
export function faultPath(fault: string, document: unknown): readonly (string | number)[] {
  const [written = ""] = /^[^\s:]+/.exec(fault) ?? [];
  const [first = "", second = "", ...rest] = written.split(".");
  const index = first === "stages" ? stageIndex(document, second) : undefined;
  const at = index ?? second;
  return [first, ...(at === "" ? [] : [at]), ...rest].map((part) =>
    typeof part === "string" && /^[0-9]{1,6}$/.test(part) ? Number(part) : part,
  );
}

function stageIndex(document: unknown, name: string): number | undefined {
  if (typeof document !== "object" || document === null || !("stages" in document))
    return undefined;
  const { stages } = document;
  if (!Array.isArray(stages)) return undefined;
  const index = stages.findIndex((one: unknown) => {
    const isStage = typeof one === "object" && one !== null && "stage" in one;
    return isStage && one.stage === name;
  });
  return index === -1 ? undefined : index;
}
