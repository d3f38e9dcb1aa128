/** Words for what is wrong with the shape of a playbook document: where, which value, which rule. */
import { printable, quoted } from "@baton/text/printable";
import type { z } from "zod";

/** Most faults that are named at once. */
export const MAX_FAULTS = 100;

/** Every fault that the schema found, each with its path, the stage it is in and the offending value. */
export function shapeFaults(document: unknown, error: z.ZodError): string[] {
  return error.issues.slice(0, MAX_FAULTS).map(({ path, message }) => {
    const where = path.join(".") || "(top)";
    const stage = path[0] === "stages" ? own(own(own(document, "stages"), path[1]), "stage") : null;
    const of = typeof stage === "string" && path.length > 2 ? ` (stage ${quoted(stage)})` : "";
    const value = path.reduce<unknown>(own, document);
    const found = isScalar(value) ? `; found ${quoted(value)}` : "";
    return printable(`${where}${of}: ${message}${found}`);
  });
}

function own(at: unknown, key: PropertyKey | undefined): unknown {
  if (typeof at !== "object" || at === null || key === undefined) return undefined;
  return Object.getOwnPropertyDescriptor(at, key)?.value;
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}
