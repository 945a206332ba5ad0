/** `count` numbers from `from` to `to`, as numpy spaces them in double precision. */
export function linspace(from: number, to: number, count: number): number[] {
  const step = (to - from) / (count - 1);
  return Array.from(
    { length: count },
    (_, i) => i === count - 1 && i > 0 ? to : from + i * (count > 1 ? step : 0),
  );
}

/** `count` numbers from `from` to `to`, bit for bit as torch spaces them in single precision. */
export function linspace32(from: number, to: number, count: number): Float32Array {
  const [start, end] = [Math.fround(from), Math.fround(to)];
  if (count === 1) return Float32Array.of(start);
  const step = Math.fround(Math.fround(end - start) / (count - 1));
  return Float32Array.from(
    { length: count },
    (_, i) => i < Math.floor(count / 2) ? start + step * i : end - step * (count - 1 - i),
  );
}

/** To the nearest whole number, ties to the even one, as numpy and torch round. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
