import type { DialectName } from "./call-fact.ts";
import type { Dialect } from "./dialect.ts";
import { messages } from "./messages-dialect.ts";
import { responses } from "./responses-dialect.ts";

const DIALECTS: Readonly<Record<DialectName, Dialect>> = { responses, messages };

/** The dialect of a path, and whether what is asked there costs anything. */
export function dialectOf(path: string): { dialect: Dialect; isFree: boolean } | undefined {
  const dialect = Object.values(DIALECTS).find(
    (one) => one.path === path || one.freePaths.includes(path),
  );
  return dialect && { dialect, isFree: dialect.path !== path };
}
