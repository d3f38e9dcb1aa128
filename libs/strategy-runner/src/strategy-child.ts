import { stripTypeScriptTypes } from "node:module";
/**
 * Runs inside a sandbox, beside nothing: gets an authored strategy and then the rows of one instrument, one at a time, and answers
 * each with a weight per parameter set before the next one is sent. So no strategy can know a later row, whatever it tries.
 *
 * C1: the source is evaluated in a context of its own: no modules, no timers, no clock, no randomness, no code from text.
 * C2: bars and history are frozen: one parameter set can't change what another one sees.
 * C3: what isn't a finite weight is told as a fault with its row, never rounded or left out.
 */
import { createInterface } from "node:readline";
import vm from "node:vm";

import type { ChildAnswer, ChildFault, ChildOrder, ChildRow } from "./protocol.ts";

/** A strategy as its context knows it. */
interface Loaded {
  /** Shows the next row; gives a fault, or nothing. */
  readonly show: (row: string) => void;
  /** Asks for the weight of the set with that index. */
  readonly ask: (set: number) => unknown;
  /** The later row that the last question asked for. */
  readonly later: () => number | undefined;
}

/** Evaluated in the strategy's context, before its source: what isn't there can't be asked. */
const PREPARE = `
  "use strict";
  const gone = (name, why) => () => { throw new Error(name + ": " + why); };
  const clock = "a strategy sees bars, not the clock";
  Date = new Proxy(gone("Date", clock), { get: gone("Date", clock), construct: gone("Date", clock) });
  Math.random = gone("Math.random", "its third argument is the seed: draw from that");
  for (const name of ["Intl", "WebAssembly", "SharedArrayBuffer", "Atomics", "WeakRef", "FinalizationRegistry", "Temporal", "console"])
    delete globalThis[name];
`;

/** Evaluated there after its source: the bars so far, and how it is asked. \`watched\`: rows on which a look at later ones is told. */
const FEED = `
  "use strict";
  ((target, sets, seed, watched) => {
    const rows = [];
    let seen;
    let later;
    const watch = (bars) => new Proxy(bars, {
      get(of, key) {
        if (typeof key === "string" && /^[0-9]+$/.test(key) && Number(key) >= of.length) {
          later = Number(key);
          throw new RangeError("row " + later + " isn't known yet");
        }
        return Reflect.get(of, key);
      },
    });
    return {
      show(text) {
        rows.push(Object.freeze(JSON.parse(text)));
        seen = undefined;
      },
      ask(set) {
        if (seen === undefined) {
          const bars = Object.freeze(rows.slice());
          seen = watched-- > 0 ? watch(bars) : bars;
        }
        later = undefined;
        return target(seen, sets[set], seed);
      },
      later: () => later,
    };
  })
`;

const say = (answer: ChildAnswer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
const fault = (code: ChildFault["code"], message: string): ChildFault => ({ code, message });

function messageOf(error: unknown): string {
  try {
    return `${String(Object(error).name)}: ${String(Object(error).message)}`.slice(0, 400);
  } catch {
    return "it threw something that has no message";
  }
}

async function load({ source, sets, seed, watchedRows }: ChildOrder): Promise<Loaded | ChildFault> {
  const context = vm.createContext(Object.create(null), {
    codeGeneration: { strings: false, wasm: false },
  });
  vm.runInContext(PREPARE, context);
  try {
    const module = new vm.SourceTextModule(stripTypeScriptTypes(source), {
      context,
      identifier: "strategy.ts",
    });
    const [imported] = module.moduleRequests;
    if (imported)
      return fault(
        "E_STRATEGY_SOURCE",
        `it imports "${imported.specifier}": a strategy imports nothing`,
      );
    await module.link(() => {
      throw new Error("a strategy imports nothing");
    });
    await module.evaluate();
    const { target }: { target?: unknown } = module.namespace;
    if (typeof target !== "function")
      return fault("E_STRATEGY_SOURCE", "it doesn't export a function called target");
    const feed = vm.runInContext(FEED, context);
    const inside = vm.runInContext("JSON.parse", context);
    return feed(target, inside(JSON.stringify(sets)), seed, watchedRows);
  } catch (error) {
    return fault("E_STRATEGY_SOURCE", messageOf(error));
  }
}

function weightsOf(strategy: Loaded, { sets, weights: { least, most } }: ChildOrder): ChildAnswer {
  const weights: number[] = [];
  for (const set of sets.keys()) {
    let weight: unknown;
    try {
      weight = strategy.ask(set);
    } catch (error) {
      const later = strategy.later();
      if (later === undefined)
        return { fault: { code: "E_STRATEGY_THROWS", message: messageOf(error), set } };
      return { fault: { code: "E_LOOK_AHEAD", message: `it asks for row ${later}`, set } };
    }
    if (typeof weight !== "number" || !Number.isFinite(weight)) {
      const message = `its weight is ${typeof weight === "number" ? String(weight) : `a ${typeof weight}`}, not a finite number`;
      return { fault: { code: "E_STRATEGY_WEIGHT", message, set } };
    }
    if (weight < least || weight > most) {
      const message = `its weight is ${weight}, outside its declared ${least} to ${most}`;
      return { fault: { code: "E_STRATEGY_WEIGHT", message, set } };
    }
    // No strategy means the difference, and figures would be compared by bytes.
    weights.push(weight + 0);
  }
  return { weights };
}

const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
let order: ChildOrder | undefined;
let strategy: Loaded | undefined;
let row = 0;
for await (const line of lines) {
  if (order === undefined) {
    const told: ChildOrder = JSON.parse(line);
    order = told;
    const loaded = await load(told);
    if ("code" in loaded) {
      say({ fault: loaded });
      break;
    }
    strategy = loaded;
    say({ weights: [] });
    continue;
  }
  const { bar }: ChildRow = JSON.parse(line);
  strategy?.show(JSON.stringify(bar));
  row += 1;
  if (strategy && row > order.warmUpRows) say(weightsOf(strategy, order));
  else say({ weights: order.sets.map(() => 0) });
}
