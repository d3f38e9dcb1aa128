/** From a channel as it is written to one that can be opened: its secrets are read, its address is checked. */
import { isIPv4 } from "node:net";
import { resolve } from "node:path";

import { readSecretFile } from "@baton/service";

import { parseSecret } from "../notices/sign-webhook.ts";
import type { ChannelDocument } from "./documents.ts";

/** What a channel is opened with. */
export type ChannelSettings = { readonly name: string; readonly secrets: readonly string[] } & (
  | { readonly type: "webhook"; readonly url: URL; readonly keys: readonly Buffer[] }
  | { readonly type: "slack"; readonly url: URL }
  | {
      readonly type: "alertmanager";
      readonly url: URL;
      readonly authorization: string | undefined;
      readonly labels: Readonly<Record<string, string>>;
      readonly lifetimeMs: number;
    }
);

const NOWHERE = new URL("http://localhost/");

/** The settings and every fault, each beginning with the key; with faults the settings are of no use. */
export function resolveChannel(
  document: ChannelDocument,
  folder: string,
): { settings: ChannelSettings; faults: readonly string[] } {
  const faults: string[] = [];
  const secrets: string[] = [];
  const secret = (key: string, path: string | undefined): string | undefined => {
    if (path === undefined) return undefined;
    const read = readSecretFile(resolve(folder, path));
    if (!read.ok) faults.push(`${key}: ${read.rule}; ${read.action}`);
    else if (read.text === "") faults.push(`${key}: the file is empty`);
    if (!read.ok || read.text === "") return undefined;
    secrets.push(read.text);
    return read.text;
  };
  const address = (key: string, text: string | undefined): URL => {
    const checked = text === undefined ? NOWHERE : checkAddress(text, document.allowHttp);
    if (checked instanceof URL) return checked;
    faults.push(`${key}: ${checked}`);
    return NOWHERE;
  };
  const settings = resolveWith(document, { secret, address, faults });
  // A receiver may repeat the path that it was asked for, or the header.
  if (settings.type === "slack") secrets.push(settings.url.pathname);
  if (settings.type === "alertmanager") secrets.push(...(settings.authorization ?? "").split(" "));
  return { settings: { ...settings, name: document.name, secrets }, faults };
}

interface Tools {
  readonly secret: (key: string, path: string | undefined) => string | undefined;
  readonly address: (key: string, text: string | undefined) => URL;
  readonly faults: string[];
}

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

function resolveWith(
  document: ChannelDocument,
  { secret, address, faults }: Tools,
): Without<ChannelSettings, "name" | "secrets"> {
  if (document.type === "slack")
    return { type: "slack", url: address("urlFile", secret("urlFile", document.urlFile)) };
  const url = address("url", document.url);
  if (document.type === "webhook") {
    const keys = (["secretFile", "previousSecretFile"] as const).flatMap((key) => {
      const text = secret(key, document[key]);
      const parsed = text === undefined ? undefined : parseSecret(text);
      if (text !== undefined && !parsed) faults.push(`${key}: ${SECRET_RULE}`);
      return parsed ?? [];
    });
    return { type: "webhook", url, keys };
  }
  const { basicAuth, bearerTokenFile, labels, lifetime } = document;
  if (basicAuth && bearerTokenFile !== undefined)
    faults.push("bearerTokenFile: not together with basicAuth");
  const reserved = Object.keys(labels).filter((name) => RESERVED_LABELS.has(name));
  faults.push(...reserved.map((name) => `labels.${name}: Baton sets this label itself`));
  const password = secret("basicAuth.passwordFile", basicAuth?.passwordFile);
  const token = secret("bearerTokenFile", bearerTokenFile);
  const basic = basicAuth && Buffer.from(`${basicAuth.username}:${password}`).toString("base64");
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    faults.push("bearerTokenFile: a token is one word of printable characters");
  const bearer = token === undefined ? undefined : `Bearer ${token}`;
  const authorization = basic === undefined ? bearer : `Basic ${basic}`;
  return { type: "alertmanager", url, authorization, labels, lifetimeMs: lifetime };
}

const SECRET_RULE =
  "must be whsec_ and 24 to 64 bytes in base64; " +
  `make one with: printf 'whsec_%s\\n' "$(openssl rand -base64 32)"`;
const RESERVED_LABELS = new Set(["alertname", "matter", "reason", "severity", "subject"]);

/** The address, or the rule that it breaks; it isn't repeated, because it may be a secret. */
function checkAddress(text: string, allowHttp: boolean): URL | string {
  const url = URL.parse(text);
  if (url === null || !["https:", "http:"].includes(url.protocol))
    return "must be an address that begins with https://";
  if (url.username !== "" || url.password !== "")
    return "must hold no user or password; credentials belong into a file of their own";
  if (url.hash !== "") return "must have no #fragment: it wouldn't be sent";
  if (url.protocol === "http:" && !allowHttp && !isLoopback(url.hostname))
    return "plain http to another machine can be read by others: use https, or allow it with allowHttp: true";
  return url;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || (isIPv4(host) && host.startsWith("127."));
}
