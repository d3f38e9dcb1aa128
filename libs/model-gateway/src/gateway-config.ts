import { z } from "zod";

import type { Price } from "./budget.ts";

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "[::1]", "localhost"]);

const PriceFigure = z.number().min(0).max(1_000_000);
/** Of a currency unit for a million tokens. */
const ModelPrice = z.strictObject({
  input: PriceFigure,
  cachedInput: PriceFigure,
  cacheWrite: PriceFigure.optional(),
  output: PriceFigure,
  /** Most tokens that one call of this model may put out. */
  maxOutput: z.int().min(1).max(10_000_000).default(128_000),
});
export type ModelPrice = z.infer<typeof ModelPrice>;

const Upstream = z.strictObject({
  /** Such as `https://api.example.com`; the dialect's path comes after it. */
  url: z.string().max(1000),
  /** Holds the provider's key; only its owner may read it. */
  keyFile: z.string().min(1).max(4096),
});
export type Upstream = z.infer<typeof Upstream>;

const Milliseconds = z.int().min(1).max(86_400_000);

export const GatewayConfig = z
  .strictObject({
    upstreams: z.strictObject({
      responses: Upstream.optional(),
      messages: Upstream.optional(),
    }),
    /** By name; one that ends in `*` stands for all that begin so, the longest that fits counts. */
    models: z.record(z.string().min(1).max(100), ModelPrice).default({}),
    /** The price of all others; without it they are refused. */
    otherModels: ModelPrice.optional(),
    /** What the provider itself would run for an agent, such as a search of the web: a way out of the sandbox. */
    hostedTools: z.enum(["removed", "allowed"]).default("removed"),
    /** For tests: a provider on this machine, without TLS. */
    allowHttpOnLoopback: z.boolean().default(false),
    limits: z
      .strictObject({
        bodyBytes: z
          .int()
          .min(1)
          .max(256 * 2 ** 20)
          .default(16 * 2 ** 20),
        bodyMs: Milliseconds.default(30_000),
        connectMs: Milliseconds.default(10_000),
        /** A model may think for minutes before it says anything. */
        firstByteMs: Milliseconds.default(600_000),
        idleMs: Milliseconds.default(300_000),
        /** All of a call. */
        callMs: Milliseconds.default(3_600_000),
      })
      .prefault({}),
  })
  .superRefine((config, context) => {
    for (const [name, upstream] of Object.entries(config.upstreams)) {
      const problem = upstream && urlProblem(upstream.url, config.allowHttpOnLoopback);
      if (problem !== undefined)
        context.addIssue({ code: "custom", path: ["upstreams", name, "url"], message: problem });
    }
  });
export type GatewayConfig = z.infer<typeof GatewayConfig>;

function urlProblem(text: string, allowHttpOnLoopback: boolean): string | undefined {
  const url = URL.parse(text);
  if (!url) return "must be an address such as https://api.example.com";
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    return "must be an address without user, query or fragment; the key goes into keyFile";
  const isTest = allowHttpOnLoopback && url.protocol === "http:" && LOOPBACK.has(url.hostname);
  if (url.protocol === "https:" || isTest) return undefined;
  return "must begin with https:, as the key travels there (http: only on loopback, with allowHttpOnLoopback, in tests)";
}

/** What a model costs; undefined for one that nobody priced. */
export function priceOf(
  { models, otherModels }: Pick<GatewayConfig, "models" | "otherModels">,
  model: string,
): (Price & { readonly maxOutput: number }) | undefined {
  const exact = Object.hasOwn(models, model) ? models[model] : undefined;
  if (exact) return exact;
  const [longest] = Object.keys(models)
    .filter((name) => name.endsWith("*") && model.startsWith(name.slice(0, -1)))
    .toSorted((one, other) => other.length - one.length);
  return longest === undefined ? otherModels : models[longest];
}
