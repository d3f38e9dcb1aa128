/** Arithmetic on ISO instants; the core may not name `Date`, so the civil calendar is computed here. */
import type { Instant } from "@baton/contracts";

const DAY_MS = 86_400_000;
/** First and last millisecond that the format can hold: years 0000 and 9999. */
const FIRST_MS = -62_167_219_200_000;
const LAST_MS = 253_402_300_799_999;

/** `time` plus a number of seconds. */
export function after(time: Instant, seconds: number): Instant {
  return shiftInstant(time, seconds * 1000);
}

/**
 * Adds milliseconds to an ISO instant, rounded to whole ones and kept within what the format holds (years 0000 to 9999)
 * (proleptic Gregorian, days counted from 1970-01-01; era arithmetic as published by Howard Hinnant, "chrono-compatible
 * low-level date algorithms").
 */
export function shiftInstant(time: Instant, ms: number): Instant {
  const total = Math.min(Math.max(instantMs(time) + Math.round(ms), FIRST_MS), LAST_MS);
  const days = Math.floor(total / DAY_MS);
  const rest = total - days * DAY_MS;
  const { year, month, day } = civilFromDays(days);
  const pad = (value: number, width: number) => String(value).padStart(width, "0");
  const clock = `${pad(Math.floor(rest / 3_600_000), 2)}:${pad(Math.floor(rest / 60_000) % 60, 2)}`;
  const seconds = `${pad(Math.floor(rest / 1000) % 60, 2)}.${pad(rest % 1000, 3)}`;
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${clock}:${seconds}Z`;
}

/** The ISO instant so many milliseconds after 1970 began. */
export function instantOf(ms: number): Instant {
  return shiftInstant("1970-01-01T00:00:00.000Z", ms);
}

/** Milliseconds since 1970 of an ISO instant with milliseconds in UTC. */
export function instantMs(time: Instant): number {
  const days = daysFromCivil(digits(time, 0, 4), digits(time, 5, 7), digits(time, 8, 10));
  const minutes = digits(time, 11, 13) * 60 + digits(time, 14, 16);
  const clock = minutes * 60_000 + digits(time, 17, 19) * 1000 + digits(time, 20, 23);
  return days * DAY_MS + clock;
}

/** The number that some of the text's characters write; NaN if they don't. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    number = digit >= 0 && digit <= 9 ? number * 10 + digit : Number.NaN;
  }
  return number;
}

function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
