import { z } from "zod";

/** Digits kept behind the point, as brokers do for fractional quantities. */
const DECIMAL_PLACES = 9;

/** A non-negative decimal as text, as brokers write it: up to 12 digits, up to 9 behind the point; never a float on the wire. */
export const Decimal = z
  .string()
  .regex(/^(0|[1-9]\d{0,11})(\.\d{1,9})?$/, "decimal: e.g. 12 or 0.25, at most 9 digits after '.'");
export type Decimal = z.infer<typeof Decimal>;

/** A decimal that may be negative: a short position, a loss. */
export const SignedDecimal = z.string().regex(/^-?\d{1,30}(\.\d{1,9})?$/, "signed decimal");
export type SignedDecimal = z.infer<typeof SignedDecimal>;

/** A decimal in units of 10^-9, so that sums of orders are exact. */
export function toUnits(text: string): bigint {
  const negative = text.startsWith("-");
  const [whole = "0", fraction = ""] = (negative ? text.slice(1) : text).split(".");
  const units = BigInt(whole + fraction.padEnd(DECIMAL_PLACES, "0"));
  return negative ? -units : units;
}

/** The shortest text of `units` of 10^-9: no trailing zeros, no "-0". */
export function fromUnits(units: bigint): string {
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(DECIMAL_PLACES + 1, "0");
  const whole = digits.slice(0, -DECIMAL_PLACES);
  const fraction = digits.slice(-DECIMAL_PLACES).replace(/0+$/, "");
  return `${negative ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** A non-negative number as a decimal, rounded to 9 places; throws a RangeError on what no order can hold. */
export function decimal(value: number): Decimal {
  const text = Number.isFinite(value) ? value.toFixed(DECIMAL_PLACES) : String(value);
  const short = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  const parsed = Decimal.safeParse(short);
  if (!parsed.success) throw new RangeError(`not a quantity or price: ${String(value)}`);
  return parsed.data;
}
