/** Points and weights for integrals over [-1, 1], exact for polynomials of degree 31. */
const NODES: readonly (readonly [x: number, weight: number])[] = gaussLegendre(16);

/** Gauss and Legendre's rule: the roots of the n-th Legendre polynomial, by Newton's method. */
function gaussLegendre(n: number): [number, number][] {
  return Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let iteration = 0; iteration < 8; iteration++) {
      let [value, before] = [x, 1];
      for (let k = 2; k <= n; k++) {
        [value, before] = [((2 * k - 1) * x * value - (k - 1) * before) / k, value];
      }
      slope = (n * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    return [x, 2 / ((1 - x * x) * slope * slope)];
  });
}

/** The integral of `f` from `a` to `b`. */
export function integrate(f: (x: number) => number, a: number, b: number): number {
  const half = (b - a) / 2;
  let sum = 0;
  for (const [x, weight] of NODES) sum += weight * f(a + half * (x + 1));
  return half * sum;
}

/** The `j`-th Lagrange polynomial over `nodes`: 1 at the j-th of them, 0 at the others. */
export function lagrange(nodes: readonly number[], j: number, x: number): number {
  let product = 1;
  for (let m = 0; m < nodes.length; m++) {
    if (m !== j) product *= (x - nodes[m]!) / (nodes[j]! - nodes[m]!);
  }
  return product;
}
