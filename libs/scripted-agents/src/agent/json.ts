/** Looking into JSON. */
export type JsonObject = Record<string, unknown>;

export function objectIn(value: unknown): JsonObject {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

export function objectAt(value: unknown, key: string): JsonObject {
  return objectIn(objectIn(value)[key]);
}

export function listAt(value: unknown, key: string): readonly unknown[] {
  const found = objectIn(value)[key];
  return Array.isArray(found) ? found : [];
}

export function textAt(value: unknown, key: string): string {
  const found = objectIn(value)[key];
  return typeof found === "string" ? found : "";
}

export function countAt(value: unknown, key: string): number {
  const found = objectIn(value)[key];
  return typeof found === "number" ? found : 0;
}
