import { requireThat } from "./quant-error.ts";

/**
 * The standard normal distribution to the accuracy of a double, which the deflated Sharpe ratio needs:
 * the `probit` of simple-statistics is off by up to 1e-3 and its error function by 1e-7.
 */

const ROOT_TWO_PI = Math.sqrt(2 * Math.PI);

function density(x: number): number {
  return Math.exp((-x * x) / 2) / ROOT_TWO_PI;
}

/** Phi(x) - 1/2 = phi(x) * (x + x^3/3 + x^5/(3*5) + …): G. Marsaglia, "Evaluating the normal distribution" (2004). */
function centralArea(x: number): number {
  let term = x;
  let area = x;
  for (let odd = 3; Math.abs(term) > Math.abs(area) * 1e-17; odd += 2) {
    term *= (x * x) / odd;
    area += term;
  }
  return density(x) * area;
}

/** The area above x >= 3: phi(x) / (x + 1/(x + 2/(x + 3/(x + …)))), Abramowitz and Stegun 26.2.14. */
function upperTail(x: number): number {
  let fraction = x;
  for (let depth = 150; depth >= 1; depth -= 1) fraction = x + depth / fraction;
  return density(x) / fraction;
}

/**
 * Probability that a standard normal variable is at most x; relative error about 1e-14, also far
 * below 0, where it keeps digits that 1 - Phi(-x) would lose. NaN for NaN.
 */
export function normalCdf(x: number): number {
  if (x <= -3) return upperTail(-x);
  if (x >= 3) return 1 - upperTail(x);
  return 0.5 + centralArea(x);
}

/** A first guess for {@link normalQuantile}, within 4.5e-4: Abramowitz and Stegun 26.2.23; 0 < p <= 1/2. */
function roughLowerQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(p));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return above / below - t;
}

/**
 * The x with normalCdf(x) = p, for p strictly between 0 and 1, E_INVALID otherwise; relative error
 * about 1e-14. Three Halley steps, each tripling the digits, on the guess of Abramowitz and Stegun.
 */
export function normalQuantile(p: number): number {
  requireThat(p > 0 && p < 1, {
    where: "probability",
    value: p,
    rule: "strictly between 0 and 1",
    action: "correct the probability",
  });
  if (p === 0.5) return 0;
  const lower = Math.min(p, 1 - p);
  let x = roughLowerQuantile(lower);
  for (let step = 0; step < 3; step += 1) {
    const newton = (normalCdf(x) - lower) / density(x);
    x -= newton / (1 + (x * newton) / 2);
  }
  return p < 0.5 ? x : -x;
}
