/** Of the quant library, where nothing may ask for a calendar: checked here, against the platform's. */
import { barsPerYear, usualSpacingDays } from "@baton/quant";
import { expect, test } from "vitest";

const DAY_MS = 86_400_000;
/** Dates from 2010 on that `kept` says yes to, by days since the start and weekday (0 is Sunday). */
function dates(
  days: number,
  kept: (day: number, weekday: number) => boolean,
  start = "2010-01-01",
) {
  return Array.from({ length: days }, (_, day) => new Date(Date.parse(start) + day * DAY_MS))
    .filter((date, day) => kept(day, date.getUTCDay()))
    .map((date) => date.toISOString().slice(0, 10));
}
const weekdays = (_: number, weekday: number) => weekday > 0 && weekday < 6;
/** Exchanges close some nine weekdays a year. */
const exchange = (day: number, weekday: number) => weekdays(day, weekday) && day % 29 !== 3;

test.each([
  ["an exchange's days", exchange, 252, 1],
  ["weekdays without holidays", weekdays, 261, 1],
  ["markets that never close", () => true, 365, 1],
  ["Fridays", (_: number, weekday: number) => weekday === 5, 52, 7],
  ["every thirtieth day or so", (day: number) => day % 30.4375 < 1, 12, 30],
  ["quarters", (day: number) => day % 91.3125 < 1, 4, 91],
] as const)("%s are as many bars a year as they are", (_, kept, bars, spacing) => {
  const all = dates(3653, kept);
  expect(barsPerYear(all)).toBe(bars);
  expect(usualSpacingDays(all)).toBeGreaterThanOrEqual(spacing);
  expect(usualSpacingDays(all)).toBeLessThanOrEqual(spacing + 1);
});

test("a week off in every spring is no other spacing", () => {
  const closed = (day: number, weekday: number) => exchange(day, weekday) && day % 365 > 8;
  expect(barsPerYear(dates(3653, closed))).toBe(247);
});

test("bars that are weekly first and daily later are refused by the dates where it changes", () => {
  const mixed = [
    ...dates(1826, (_, weekday) => weekday === 5),
    ...dates(1826, exchange, "2015-01-02"),
  ];
  expect(() => barsPerYear(mixed)).toThrow(/52 bars a year from 2010-01-01 to .*spaced alike/);
});

test("days are counted over leap years as the calendar has them", () => {
  for (const [first, last] of [
    ["1999-12-31", "2000-03-01"],
    ["1900-02-28", "1900-03-01"],
    ["2023-12-31", "2024-12-31"],
    ["1970-01-01", "2026-11-28"],
  ] as const)
    expect(usualSpacingDays([first, last])).toBe((Date.parse(last) - Date.parse(first)) / DAY_MS);
});

test("too little to tell is refused", () => {
  expect(() => barsPerYear([])).toThrow(/0 rows/);
  expect(() => barsPerYear(["2020-01-01"])).toThrow(/1 rows/);
  expect(() => barsPerYear(["2010-01-01", "2011-01-01", "2012-01-01"])).toThrow(/at least 4 bars/);
  expect(usualSpacingDays(["2020-01-01"])).toBe(1);
});
