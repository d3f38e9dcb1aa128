import type { RunningStrategies } from "@baton/artifacts";
import { CandidateId } from "@baton/contracts";
import { Hono } from "hono";

/** The read-only HTTP side: what runs. `status` is undefined until the repository was read for the first time. */
export function createStatusApp(status: () => RunningStrategies | undefined): Hono {
  const app = new Hono();
  const starting = () =>
    Response.json(
      { code: "E_STARTING", message: "the repository wasn't read yet; ask again" },
      { status: 503 },
    );
  app.get("/strategies", (context) => {
    const now = status();
    return now === undefined ? starting() : context.json(now);
  });
  app.get("/strategies/:candidateId", (context) => {
    const id = CandidateId.safeParse(context.req.param("candidateId"));
    if (!id.success)
      return context.json(
        { code: "E_INVALID", message: id.error.issues[0]?.message ?? "candidateId" },
        400,
      );
    const now = status();
    if (now === undefined) return starting();
    const found = now.strategies.find(({ candidateId }) => candidateId === id.data);
    return found === undefined
      ? context.json({ code: "E_NOT_FOUND", message: `no strategy of ${id.data} runs here` }, 404)
      : context.json(found);
  });
  for (const path of ["/strategies", "/strategies/:candidateId"])
    app.all(path, (context) => {
      context.header("allow", "GET");
      return context.json({ code: "E_METHOD", message: `${path} takes GET` }, 405);
    });
  app.notFound((context) =>
    context.json(
      { code: "E_NOT_FOUND", message: "there are /strategies and /strategies/<id>" },
      404,
    ),
  );
  return app;
}
