/**
 * Under which names this service may be asked.
 *
 * A page in a browser can have its own name point to this machine and read the answers (DNS rebinding); what it can't do is
 * send another name. So a request names an address, this machine, or a name that somebody configured.
 */
import { isIP } from "node:net";

/** True if a request with this `Host` header is for us; `names` are those that are allowed beside addresses and `localhost`. */
export function namesUs(header: string | undefined, names: readonly string[]): boolean {
  const name = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(header ?? "");
  if (name === null) return false;
  const [, v6, other = ""] = name;
  if (v6 !== undefined) return isIP(v6) === 6;
  const wanted = folded(other);
  return isIP(wanted) === 4 || wanted === "localhost" || names.map(folded).includes(wanted);
}

function folded(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
