/**
 * Makes a mesh's streams and consumers, or finds them as they should be. Only the coordinator does.
 *
 * P1: streams of the history are made only where nothing was ever decided and nobody knows of anything. One that is missing
 *     among others is a loss, and stays one until it is brought back or people accept it.
 */
import { setTimeout as delay } from "node:timers/promises";

import { originControls } from "@baton/contracts";
import type { NatsConnection } from "nats";

import { openControls } from "./controls.ts";
import { ensureTopology } from "./ensure-topology.ts";
import { findLosses, type HistoryState, type KnownMarks } from "./find-losses.ts";
import type { Reader } from "./follow.ts";
import { openPublisher } from "./publisher.ts";
import { type Topology } from "./topology.ts";

/** While another coordinator makes the streams, some seem to be missing among others. */
const LOOK_AGAIN_MS = 1000;

/** Looks, and makes what may be made; where history is lost nothing is. Throws `TopologyDrift`. */
export async function provision(
  reader: Reader,
  topology: Topology,
  known: readonly KnownMarks[] = [],
): Promise<HistoryState> {
  const state = await lookTwice(reader, known);
  if (state.kind === "lost") return state;
  if (state.kind === "whole") {
    await ensureTopology(reader.jsm, topology, { history: "kept" });
    return state;
  }
  // The others wait for what is made last: they find a state then.
  const isLast = ({ name }: { name: string }): boolean => name === topology.streams.at(-1)?.name;
  const history = { streams: topology.streams.filter((one) => !isLast(one)), consumers: [] };
  await ensureTopology(reader.jsm, history);
  await begin(reader.nc, reader);
  const name = await ensureTopology(reader.jsm, topology);
  return { ...state, name };
}

/** What is lost at two looks. */
async function lookTwice(reader: Reader, known: readonly KnownMarks[]): Promise<HistoryState> {
  const state = await findLosses(reader, known);
  if (state.kind !== "lost") return state;
  await delay(LOOK_AGAIN_MS);
  return findLosses(reader, known);
}

/** Writes the first state, unless somebody has. */
async function begin(nc: NatsConnection, { jsm }: Reader): Promise<void> {
  const publisher = openPublisher(nc);
  try {
    await openControls(jsm, publisher).append(originControls(new Date().toISOString()));
  } finally {
    publisher.close();
  }
}
