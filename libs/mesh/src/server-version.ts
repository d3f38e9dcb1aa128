/** The oldest nats-server that has everything Baton relies on. */
export const NATS_SERVER_FLOOR = "2.14.0";

/** Whether a server is new enough; `reason` is for the person who has to replace it. */
export type VersionCheck = { ok: true } | { ok: false; reason: string };

/**
 * Says whether a nats-server of this version will do; takes `nats-server --version`'s number as
 * well as the `version` of a connection's INFO.
 *
 * Pre-releases count as the version they lead to.
 */
export function checkServerVersion(version: string): VersionCheck {
  const parts = parse(version);
  if (parts === undefined) {
    return { ok: false, reason: `${JSON.stringify(version.slice(0, 40))} is no server version` };
  }
  if (compareVersions(version, NATS_SERVER_FLOOR) >= 0) return { ok: true };
  const old = `nats-server ${parts.join(".")} is older than ${NATS_SERVER_FLOOR}, which Baton needs`;
  // 2.9 is what Debian 12 installs, so this is the case that people meet.
  const exits = compareVersions(version, "2.10.0") < 0;
  return {
    ok: false,
    reason: exits ? `${old} (it doesn't know sync_interval: always and would exit at once)` : old,
  };
}

/** Negative, zero or positive, as for `sort`; what isn't a version comes first. */
export function compareVersions(a: string, b: string): number {
  const left = parse(a) ?? [-1, -1, -1];
  const right = parse(b) ?? [-1, -1, -1];
  for (const [index, part] of left.entries()) {
    const difference = part - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function parse(version: string): [number, number, number] | undefined {
  const [, major, minor, patch] = /^v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})/.exec(version) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  return [Number(major), Number(minor), Number(patch)];
}
