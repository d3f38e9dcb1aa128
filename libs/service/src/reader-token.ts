/** Who may read what a service says of candidates, positions and people: whoever brings the reader's token. */
import { createHash, timingSafeEqual } from "node:crypto";

/** True if `authorization` is `Bearer` and this token; never where there is none. */
export function isReader(token: string | undefined, authorization: string | undefined): boolean {
  const [, brought] = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(authorization ?? "") ?? [];
  if (token === undefined || brought === undefined) return false;
  return timingSafeEqual(digestOf(token), digestOf(brought));
}

/** The answer for everybody else. */
export function notReader(token: string | undefined): Response {
  const action =
    token === undefined
      ? "set BATON_READ_TOKEN_FILE for this service, and bring that token"
      : "bring the reader's token: Authorization: Bearer, and what BATON_READ_TOKEN_FILE has (under `baton up`: keys/reader.token)";
  const message = "candidates, positions and people are shown to whoever brings the reader's token";
  return Response.json(
    { code: "E_UNAUTHENTICATED", message, action },
    { status: 401, headers: { "www-authenticate": "Bearer" } },
  );
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
