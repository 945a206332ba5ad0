/** How many letters must be added, dropped, changed or swapped with a neighbour to get from a to b. */
export function editDistance(a: string, b: string): number {
  let previous: number[] = [];
  let current = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(next[j - 1]! + 1, current[j]! + 1, current[j - 1]! + same);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, previous[j - 2]! + 1);
      next.push(cost);
    }
    [previous, current] = [current, next];
  }
  return current[b.length]!;
}

/** Names are no longer than this: a text that is has no name near it. */
const LONGEST = 64;

/**
 * The name that was probably meant, if one is near enough to be worth mentioning: that begins with the
 * word, or that is spelt like it but for one letter in three. Case and punctuation do not count.
 */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9+]/g, "");
  const asked = plain(word.slice(0, LONGEST));
  if (asked.length < 3 || word.length > LONGEST) return undefined;
  let best: string | undefined;
  let least = Infinity;
  for (const name of names) {
    const known = plain(name);
    const cost = known.startsWith(asked)
      ? 0.5 + (known.length - asked.length) / 100 // of the names that go on, the shortest
      : editDistance(asked, known);
    if (cost < least) [best, least] = [name, cost];
  }
  return least <= Math.max(1, Math.floor(asked.length / 3)) ? best : undefined;
}
