/**
 * A receiver for Baton's webhook that believes nothing unsigned: node receive-webhook.ts SECRET_FILE [PORT]
 *
 * The scheme is Standard Webhooks 1.0.0, for which there are libraries in most languages; this one does without, to show all of it.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";

const [secretFile = "", port = "0"] = process.argv.slice(2);
const secret = readFileSync(secretFile, "utf8").trim();
const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");

/** Older requests, and such from the future, are refused: somebody may have recorded them. */
const TOLERANCE_SECONDS = 300;
/** Keys that were dealt with. A real receiver keeps them where they outlive it. */
const seen = new Set<string>();

function isGenuine(headers: Readonly<Record<string, unknown>>, body: Buffer): boolean {
  const id = String(headers["webhook-id"]);
  const timestamp = String(headers["webhook-timestamp"]);
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= TOLERANCE_SECONDS)) return false;
  // The bytes as they came: JSON that was parsed and written again is other bytes.
  const wanted = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return String(headers["webhook-signature"])
    .split(" ")
    .some((signature) => {
      const given = Buffer.from(signature.replace(/^v1,/, ""), "base64");
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    });
}

const server = createServer((request, response) => {
  void (async () => {
    const body = await buffer(request);
    if (!isGenuine(request.headers, body)) {
      response.writeHead(401).end("signature doesn't fit");
      return;
    }
    const { key: noticeKey, kind, summary, action } = JSON.parse(body.toString());
    // The same key is the same notice, word for word: answer as the first time, do nothing twice.
    if (!seen.has(noticeKey)) process.stdout.write(`${kind}: ${summary} ${action}\n`);
    seen.add(noticeKey);
    response.writeHead(204).end();
  })().catch(() => response.destroy());
});
server.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  process.stdout.write(`listening on http://127.0.0.1:${bound}\n`);
});
