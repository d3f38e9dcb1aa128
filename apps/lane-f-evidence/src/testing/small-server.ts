import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** A server on a free port; `await using` closes it. */
export interface SmallServer extends AsyncDisposable {
  readonly url: string;
}

/** Answers with what `answer` gives, as JSON; gets the request's body as text. */
export async function serveJson(
  answer: (
    request: IncomingMessage,
    body: string,
  ) => { status: number; body: unknown } | Promise<{ status: number; body: unknown }>,
): Promise<SmallServer> {
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const { status, body } = await answer(request, text);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
