import { AS_READER } from "@baton/testkit";
import { serve } from "@hono/node-server";
import { onTestFinished } from "vitest";

/** An engine that answers as the real one does, but says of some levels that its positions never settle. */
export async function unsettledAt(engineUrl: string, levels: readonly string[]): Promise<string> {
  const server = serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const answer = await fetch(`${engineUrl}${new URL(request.url).pathname}`, AS_READER);
      const body = Object(await answer.json());
      const strategies = body.strategies?.map((one: { level: string }) => ({
        ...one,
        ...(levels.includes(one.level) && { settled: false, problem: "the order is refused" }),
      }));
      return Response.json({ ...body, strategies }, { status: answer.status });
    },
  });
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}
