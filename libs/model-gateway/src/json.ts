/** Looking into JSON that somebody else wrote. */
export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function objectAt(value: unknown, key: string): JsonObject | undefined {
  const found = isObject(value) ? value[key] : undefined;
  return isObject(found) ? found : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A count: whole, not negative, and no larger than any model could use; 0 otherwise. */
export function countAt(value: JsonObject | undefined, key: string): number {
  const found = value?.[key];
  return typeof found === "number" && Number.isSafeInteger(found) && found >= 0 ? found : 0;
}

/** The object that JSON text holds; undefined for anything else. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
