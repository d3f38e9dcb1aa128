import { isAbsolute, resolve } from "node:path";

import { GitError } from "./git-error.ts";

/** A checked repository address. */
export interface RepositoryAddress {
  /** What git is given. */
  readonly url: string;
  /** Path of a repository on this machine; undefined for a remote one. */
  readonly path: string | undefined;
}

const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);

function refused(rule: string): GitError {
  return new GitError({
    class: "deterministic",
    code: "E_GIT_ADDRESS",
    // The value isn't repeated: it may hold a credential.
    message: `repository address refused: ${rule}`,
    action:
      "Use an absolute path, or file://, https://, http:// or ssh:// without user:token@; give credentials to git itself.",
  });
}

function requirePlain(text: string): void {
  if (/[^\P{Cc}]/u.test(text)) throw refused("it holds a control character");
}

/** What stands behind percent signs is held to the same rule. */
function decoded(pathname: string): string {
  try {
    const text = decodeURIComponent(pathname);
    requirePlain(text);
    return text;
  } catch (error) {
    if (error instanceof URIError) throw refused("its percent signs can't be decoded");
    throw error;
  }
}

/** Checks a repository address (absolute path, file, https, http, ssh). Refuses credentials in it and never echoes it. */
export function repositoryAddress(text: string): RepositoryAddress {
  if (text.length === 0 || text.length > 1000) throw refused("it must have 1 to 1000 characters");
  requirePlain(text);
  if (isAbsolute(text)) return { url: resolve(text), path: resolve(text) };
  if (!URL.canParse(text) || !text.includes("://"))
    throw refused("it is neither an absolute path nor a URL");
  const url = new URL(text);
  if (!["file:", "https:", "http:", "ssh:"].includes(url.protocol))
    throw refused(`protocol ${url.protocol} is not allowed`);
  if (url.password !== "" || (url.username !== "" && url.protocol !== "ssh:"))
    throw refused("it holds a user or token");
  if (url.search !== "" || url.hash !== "") throw refused("it holds a query or fragment");
  if (url.username.startsWith("-") || url.hostname.startsWith("-"))
    throw refused("host and user must not start with '-'");
  const path = url.protocol === "file:" ? resolve(decoded(url.pathname)) : undefined;
  return { url: path ?? url.href, path };
}

/**
 * Variables that let git send `token` to this repository's host and to no other. Refuses one for anything but https (http
 * only to this machine), where it would be readable on the way or never used.
 */
export function credentialVariables(
  address: RepositoryAddress,
  token: string,
): Record<string, string> {
  const url = address.path === undefined ? new URL(address.url) : undefined;
  if (url?.protocol !== "https:" && !(url?.protocol === "http:" && LOOPBACK.has(url.hostname)))
    throw refused("a token is only sent to an https repository");
  if (!/^[\x21-\x7e]{1,1000}$/.test(token))
    throw refused("the token must be 1 to 1000 printable characters without a space");
  const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `http.${url.origin}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
  };
}
