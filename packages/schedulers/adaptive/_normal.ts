/** The standard normal distribution. */

/** P(Z > z), to about 1e-15 relative for z >= 0: series near 0, Lentz's continued fraction beyond. */
export function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  if (z < 2.5) {
    // Φ(z) - 1/2 = φ(z)·(z + z³/3 + z⁵/(3·5) + ...), Abramowitz & Stegun 26.2.11
    let term = z, sum = z;
    for (let k = 3; Math.abs(term) > 1e-17 * sum; k += 2) sum += term *= z * z / k;
    return 0.5 - density(z) * sum;
  }
  // P(Z > z) = φ(z) / (z + 1/(z + 2/(z + ...))), 26.2.14
  let fraction = z;
  for (let k = 200; k >= 1; k--) fraction = z + k / fraction;
  return density(z) / fraction;
}

/** P(low < Z < high), without cancellation where both lie far on one side. */
export function between(low: number, high: number): number {
  return low > 0 ? upperTail(low) - upperTail(high) : upperTail(-high) - upperTail(-low);
}

function density(z: number): number {
  return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
}
