import { userInfo } from "node:os";

/** Name of the user of the operating system; `unknown` where it has none, as in some containers. */
export function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env["USER"] ?? "unknown";
  }
}
