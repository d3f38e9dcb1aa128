import { createServer, type Socket } from "node:net";

import { errors } from "nats";
import { expect, onTestFinished, test } from "vitest";

import { explainRefusal, openConnection } from "./connect.ts";

/** A port at which `meet` is done with whoever comes. */
async function port(meet: (socket: Socket) => void): Promise<number> {
  const server = createServer(meet);
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const why = (url: string) =>
  openConnection({ url, name: "test", waitForServer: false, once: true }).then(
    () => "connected",
    (error: unknown) => error,
  );

test("why a server can't be reached is a field, not only a sentence", async () => {
  const gone = { name: "Unavailable", code: "E_UNAVAILABLE" };
  const reset = await port((socket) => socket.resetAndDestroy());
  expect(await why(`nats://127.0.0.1:${reset}`)).toMatchObject({ ...gone, why: "closed" });
  expect(await why("nats://127.0.0.1:1")).toMatchObject({ ...gone, why: "refused" });
});

test.each([
  [
    new Error("away", { cause: Object.assign(new Error("x"), { code: "ENOTFOUND" }) }),
    "no such host",
  ],
  [new errors.TimeoutError(), "silent"],
  [new Error("'maximum connections exceeded'"), "closed"],
  [new Error("something else"), undefined],
])("%s is what it is, however deep it lies", (cause, expected) => {
  expect(explainRefusal(cause, { url: "nats://x", name: "test" })).toMatchObject({ why: expected });
});
