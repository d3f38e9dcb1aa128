import type { Notice } from "@baton/contracts";

/** Addresses of pages about a notice, with `{reason}`, `{subject}` or `{traceId}` where the value goes. */
export interface Links {
  readonly trace?: string | undefined;
  readonly runbook?: string | undefined;
}

/** The address for this notice; undefined if there's no template or the notice lacks what it needs. */
export function linkFor(notice: Notice, template: string | undefined): string | undefined {
  if (template === undefined) return undefined;
  const { reason, subject, traceId } = notice;
  const values: Record<string, string | null> = { reason, subject, traceId };
  const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
  if (names.some((name) => (values[name] ?? null) === null)) return undefined;
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ""),
  );
}
