/**
 * Things that wait for an answer, each under a number of its own.
 *
 * Not a Map: one that is filled and emptied all the time leaves a table behind every few dozen changes, and a table that grew
 * old keeps the next one alive, and with it whatever waited at that time. Under load nearly every message grew old in
 * the heap that way, and collecting it took a third of a process's time.
 */
export class Pending<T> {
  readonly #values: (T | undefined)[] = [];
  /** The number that a place had last. */
  readonly #numbers: number[] = [];
  readonly #free: number[] = [];

  /** Keeps a value; the number isn't used again for another. */
  add(value: T): number {
    const place = this.#free.pop() ?? this.#values.length;
    const number = (this.#numbers[place] ?? place) + PLACES;
    this.#numbers[place] = number;
    this.#values[place] = value;
    return number;
  }

  /** Hands the value out for good; undefined if nothing waits under the number. */
  take(number: number): T | undefined {
    const place = number % PLACES;
    if (this.#numbers[place] !== number) return undefined;
    const value = this.#values[place];
    if (value === undefined) return undefined;
    this.#values[place] = undefined;
    this.#free.push(place);
    return value;
  }

  /** Hands out all that are over. */
  takeWhere(over: (value: T) => boolean): T[] {
    const taken: T[] = [];
    for (const [place, value] of this.#values.entries()) {
      if (value === undefined || !over(value)) continue;
      this.take(this.#numbers[place] ?? Number.NaN);
      taken.push(value);
    }
    return taken;
  }
}

/** More than ever wait at once; numbers stay exact for 2^32 uses of a place. */
const PLACES = 2 ** 21;
