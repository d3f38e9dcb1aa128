import { connect, type Socket } from "node:net";

import { expect, onTestFinished, test } from "vitest";

import { spawnService, type SpawnedService } from "./spawned-service.test.fixture.ts";

const PIPELINED = (path: string) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`.repeat(50);
const ONE_BY_ONE = (path: string) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;

/** Decides every 5 ms, and says on `/late` by how much the latest of those decisions was late since it was last asked. */
const DECIDING = `
  let last = performance.now(), late = 0, done = 0;
  setInterval(() => { const t = performance.now(); late = Math.max(late, t - last - 5); last = t; done += 1; }, 5);
  for (let i = 0; i < 500; i += 1) context.meter.createCounter("sample_" + i).add(1, { some: "label" });
  context.mount({ fetch: () => { const said = { late, done }; late = 0; done = 0; return Response.json(said); } });
  context.log.info("up");`;

/** Keeps `count` connections asking for as long as the test lasts, each again and again. */
async function flood(service: SpawnedService, count: number, asked: string): Promise<() => number> {
  const { hostname, port } = new URL(String((await service.line("listening"))["address"]));
  let over = false;
  let closed = 0;
  const sockets = new Set<Socket>();
  const one = (): void => {
    const socket = connect(Number(port), hostname);
    sockets.add(socket);
    const write = (): void => {
      while (socket.writable && socket.write(asked));
    };
    if (asked === ONE_BY_ONE("/livez")) {
      socket.on("connect", () => socket.write(asked)).on("data", () => socket.write(asked));
    } else socket.on("connect", write).on("drain", write).resume();
    socket.on("error", () => {});
    socket.on("close", () => {
      closed += 1;
      sockets.delete(socket);
      if (!over) setImmediate(one);
    });
  };
  onTestFinished(() => {
    over = true;
    for (const socket of sockets) socket.destroy();
  });
  for (let n = 0; n < count; n += 1) one();
  return () => closed;
}

// On two cores that the flood shares: 40 to 130 decisions a second, 0.3 s late at most.
test.each([
  ["/metrics", 1, PIPELINED],
  ["/metrics", 100, PIPELINED],
  ["/livez", 100, PIPELINED],
  ["/not-for-strangers", 100, PIPELINED],
  ["/livez", 100, ONE_BY_ONE],
])(
  "a flood of %s on %d connections leaves decisions, the reader and the scraper theirs",
  async (path, count, asks) => {
    const service = spawnService(DECIDING);
    await service.line("up");
    await service.get("/metrics");
    const closed = await flood(service, count, asks(path));
    const least = asks === PIPELINED ? 50 : 0;
    await expect.poll(closed, { timeout: 20_000 }).toBeGreaterThanOrEqual(least);
    await service.get("/late");
    const begun = performance.now();
    let done = 0;
    let late = 0;
    for (let scrapes = 0; performance.now() - begun < 3000;) {
      if (performance.now() - begun >= scrapes * 500) {
        scrapes += 1;
        const { status, text } = await scraped(service);
        if (status !== 200 || !text.includes("sample_499_total")) throw new Error(text);
      }
      const said: { late: number; done: number } = JSON.parse(
        await (await service.get("/late")).text(),
      );
      done += said.done;
      late = Math.max(late, said.late);
    }
    const perSecond = (done / (performance.now() - begun)) * 1000;
    expect(late).toBeLessThan(2000);
    expect(perSecond).toBeGreaterThan(5);
  },
  60_000,
);

async function scraped(service: SpawnedService): Promise<{ status: number; text: string }> {
  const { address } = await service.line("listening");
  const answer = await fetch(`${String(address)}/metrics`, { signal: AbortSignal.timeout(10_000) });
  return { status: answer.status, text: await answer.text() };
}
