import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "@baton/testkit";

/** A webhook as a policy has it. */
interface Webhook {
  readonly name: string;
  readonly type: string;
  readonly url: string;
  readonly secretFile: string;
}

/** A folder with a policy and the secrets that it names. */
export interface PolicyFolder {
  /** Writes the policy (JSON is YAML, too) and answers with its path. */
  write(policy: unknown): string;
  /** Writes a secret, mode 0600 unless said, and answers with its name for the policy. */
  secret(name: string, text: string, mode?: number): string;
  pathOf(name: string): string;
  /** A webhook of that name, with a new secret. */
  webhook(name: string, url: string): Webhook;
  /** The environment that tells everything to these channels; a receiver has 2 s, and a dead replica's claim ends after 6. */
  toldTo(...channels: readonly { readonly name: string }[]): Record<string, string>;
  remove(): void;
}

/** Opens an empty one. */
export function openPolicyFolder(): PolicyFolder {
  const folder = temporaryFolder("policy");
  const { path } = folder;
  const put = (name: string, text: string, mode: number): string => {
    writeFileSync(join(path, name), text, { mode });
    return join(path, name);
  };
  const write = (policy: unknown): string => put("escalation.yaml", JSON.stringify(policy), 0o644);
  const secret = (name: string, text: string, mode = 0o600): string => {
    put(name, `${text}\n`, mode);
    return name;
  };
  return {
    write,
    secret,
    webhook: (name, url) => {
      return { name, type: "webhook", url, secretFile: secret(name, newSecret()) };
    },
    toldTo: (...channels) => {
      const routes = [{ tell: channels.map(({ name }) => name) }];
      return { BATON_ESCALATION: write({ channels, routes }), BATON_NOTICE_LEASE_MS: "6000" };
    },
    pathOf: (name) => join(path, name),
    remove: () => folder.remove(),
  };
}

/** A webhook's secret. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}
