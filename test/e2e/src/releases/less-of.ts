/** A reader that knows less, made from one of ours: an older release, for tests. */
import { openUnion } from "@baton/contracts";
import { z } from "zod";

/** What tells messages apart stays known. */
const KEPT = new Set(["v", "type", "kind", "outcome"]);

/** The schema without the second half of every object's keys, and with the first kind only of every open set. */
export function lessOf(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) return lessOfObject(schema);
  if (schema instanceof z.ZodDiscriminatedUnion) return lessOfUnion(schema);
  if (schema instanceof z.ZodUnion) {
    const [known] = schema.options;
    if (!(known instanceof z.ZodDiscriminatedUnion)) return schema;
    const [first] = known.options;
    return first instanceof z.ZodObject ? openUnion([first]) : schema;
  }
  if (schema instanceof z.ZodArray && schema.element instanceof z.ZodType)
    return z.array(lessOf(schema.element));
  if (schema instanceof z.ZodNullable) return lessOf(inner(schema)).nullable();
  if (schema instanceof z.ZodOptional) return lessOf(inner(schema)).optional();
  return schema;
}

function inner(schema: z.ZodNullable | z.ZodOptional): z.ZodType {
  const of = schema.unwrap();
  if (!(of instanceof z.ZodType)) throw new TypeError("not a schema of zod's classic form");
  return of;
}

function lessOfObject(schema: z.ZodObject): z.ZodType {
  const names = Object.keys(schema.shape);
  const known = names.filter((name, at) => KEPT.has(name) || at < names.length / 2);
  const shape = Object.fromEntries(
    known.map((name) => {
      const field: unknown = schema.shape[name];
      if (!(field instanceof z.ZodType)) throw new TypeError(`${name} is no schema`);
      return [name, lessOf(field)];
    }),
  );
  const { catchall } = schema.def;
  return catchall === undefined ? z.object(shape) : z.object(shape).catchall(catchall);
}

function lessOfUnion(schema: z.ZodDiscriminatedUnion): z.ZodType {
  const options = schema.options.map((option) => {
    if (!(option instanceof z.ZodObject)) throw new TypeError("an option that is no object");
    return lessOfObject(option);
  });
  return z.union(options);
}

/** Paths of the objects below a schema that leave out keys that they don't know, or refuse them. */
export function strippedIn(schema: z.ZodType, path: string): string[] {
  if (schema instanceof z.ZodObject) {
    const own = schema.def.catchall instanceof z.ZodUnknown ? [] : [path];
    const below = Object.entries(schema.shape).flatMap(([name, field]: [string, unknown]) =>
      field instanceof z.ZodType ? strippedIn(field, `${path}.${name}`) : [],
    );
    return [...own, ...below];
  }
  return partsOf(schema).flatMap((part) => strippedIn(part, path));
}

function partsOf(schema: z.ZodType): z.ZodType[] {
  const parts: readonly unknown[] =
    schema instanceof z.ZodUnion
      ? schema.options
      : schema instanceof z.ZodArray
        ? [schema.element]
        : schema instanceof z.ZodRecord
          ? [schema.valueType]
          : schema instanceof z.ZodNullable ||
              schema instanceof z.ZodOptional ||
              schema instanceof z.ZodDefault
            ? [schema.unwrap()]
            : [];
  return parts.filter((part) => part instanceof z.ZodType);
}
