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

/** The name that was probably meant, if one is near enough to be worth mentioning. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestCost = Infinity;
  for (const name of names) {
    const begins = word.length >= 3 && name.startsWith(word);
    const cost = begins
      ? 0.5 + (name.length - word.length) / 100 // of the names that go on, the shortest
      : editDistance(word.toLowerCase(), name.toLowerCase());
    if (cost < bestCost) [best, bestCost] = [name, cost];
  }
  // More than a third of its letters changed is another word.
  return bestCost < 1 || bestCost <= Math.ceil(word.length / 3) ? best : undefined;
}

/** `; did you mean X?`, or nothing. */
export function didYouMean(word: string, names: Iterable<string>): string {
  const name = nearest(word, names);
  return name === undefined ? "" : `; did you mean ${name}?`;
}
