/**
 * Deep equality as `@std/assert` defines it. `node:assert` differs: it tells `-0` from `0`.
 *
 * @module
 */

type Indexed = { readonly [key: string | symbol]: unknown };

function sameConstructor(a: object, b: object): boolean {
  return a.constructor === b.constructor ||
    a.constructor === Object && !b.constructor ||
    !a.constructor && b.constructor === Object;
}

function keysOf(value: object): (string | symbol)[] {
  const symbols = Object.getOwnPropertySymbols(value)
    .filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));
  return [...Object.keys(value), ...symbols];
}

function isTypedArray(value: object): value is Float32Array {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** Whether two values are deeply equal: same structure and constructors; NaN equals NaN, -0 equals 0. */
export function equal(a: unknown, b: unknown): boolean {
  const seen = new Map<unknown, unknown>();

  function compare(a: unknown, b: unknown): boolean {
    if (Object.is(a, b) || a === b) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (!sameConstructor(a, b)) return false;
    if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
    if (a instanceof RegExp && b instanceof RegExp) return String(a) === String(b);
    if (a instanceof WeakRef && b instanceof WeakRef) return compare(a.deref(), b.deref());
    if (a instanceof WeakMap || a instanceof WeakSet) return false;
    if (isTypedArray(a) && isTypedArray(b)) {
      if (a.length !== b.length) return false;
      for (let i = 0; i < a.length; i++) {
        if (a[i] !== b[i] && !Object.is(a[i], b[i])) return false;
      }
      return true;
    }
    if (seen.get(a) === b) return true; // a cycle
    seen.set(a, b);
    if (a instanceof Set && b instanceof Set) {
      if (a.size !== b.size) return false;
      return [...a].every((x) => b.has(x) || [...b].some((y) => compare(x, y)));
    }
    if (a instanceof Map && b instanceof Map) {
      if (a.size !== b.size) return false;
      return [...a].every(([key, value]) =>
        b.has(key)
          ? compare(value, b.get(key))
          : [...b].some(([k, v]) => compare(key, k) && compare(value, v))
      );
    }
    const keys = keysOf(a);
    if (keys.length !== keysOf(b).length) return false;
    if (a instanceof Error && b instanceof Error && a.message !== b.message) return false;
    return keys.every((key) =>
      Object.hasOwn(b, key) && compare((a as Indexed)[key], (b as Indexed)[key])
    );
  }

  return compare(a, b);
}
