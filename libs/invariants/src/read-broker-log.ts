import { readFile } from "node:fs/promises";

import { type Fields, parseFields, WrongForm } from "./json-fields.ts";
import type { BrokerEvent, BrokerOrder } from "./record.ts";

/** The broker's log as it lies on the disk; a last line without its end was never answered for and doesn't count. */
export async function readBrokerLog(file: string): Promise<BrokerEvent[]> {
  const lines = (await readFile(file, "utf8")).split("\n").slice(0, -1);
  return lines.map((text, index) => {
    try {
      return eventOf(text, index + 1);
    } catch (error) {
      if (!(error instanceof WrongForm)) throw error;
      throw new WrongForm(`line ${index + 1} of ${file}: ${error.message}`);
    }
  });
}

function eventOf(text: string, line: number): BrokerEvent {
  const fields = parseFields(text);
  if (fields.number("n") !== line - 1) throw new WrongForm(`is number ${fields.number("n")}`);
  const event = fields.object("event");
  const type = event.text("type");
  const aboutAccount = type === "order" || type === "engage" || type === "release";
  return {
    line,
    type,
    at: event.has("at") ? timeOf(event.text("at")) : null,
    account: aboutAccount ? event.textOrNull("account") : null,
    scope: type === "engage" || type === "release" ? scopeOf(event.text("scope")) : null,
    order: type === "order" ? orderOf(event.object("order")) : null,
  };
}

function scopeOf(text: string): "mesh" | "all" | "account" {
  if (text === "mesh" || text === "all" || text === "account") return text;
  throw new WrongForm(`${text} is no kill switch's scope`);
}

function timeOf(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new WrongForm(`${text} is no time`);
  return ms;
}

function orderOf(order: Fields): BrokerOrder {
  const qty = Number(order.text("qty"));
  const waits = order.textOrNull("limit_price") !== null || order.textOrNull("stop_price") !== null;
  return {
    clientOrderId: order.text("client_order_id"),
    symbol: order.text("symbol"),
    change: order.text("side") === "buy" ? qty : -qty,
    filled: order.textOrNull("reference_price") !== null && !waits,
  };
}
