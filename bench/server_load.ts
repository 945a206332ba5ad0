/**
 * The server under more load than it can take: requests at a multiple of what it can do, over
 * loopback, whether or not the ones before were answered. Every one must be answered (200) or refused
 * (429), each picture must be the one that its seed gives, and memory must stay.
 *
 *     deno run -A bench/server_load.ts [--requests 1000] [--times 4] [--steps 1]
 *
 * Prints a table for RESULTS.md; exits with 1 where one of the three is not so.
 */
import { parseArgs } from "@std/cli/parse-args";
import { startServer } from "../apps/server/_process.ts";

const flags = parseArgs(Deno.args, {
  string: ["requests", "times", "steps"],
  default: { requests: "1000", times: "4", steps: "1" },
});
const [requests, times, steps] = [flags.requests, flags.times, flags.steps].map(Number) as [
  number,
  number,
  number,
];
const SEEDS = 8;
const MiB = 2 ** 20;

interface Answer {
  readonly status: number;
  readonly milliseconds: number;
  readonly seed: number;
  readonly picture?: string;
}

await using server = await startServer([]);

async function draw(seed: number): Promise<Answer> {
  const started = performance.now();
  const answer = await fetch(`${server.url}/v1/images/generations`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ prompt: "black cat with red eyes", seed, steps }),
  });
  const { data } = await answer.json();
  const milliseconds = performance.now() - started;
  if (answer.status === 429 && !answer.headers.has("Retry-After")) {
    throw new Error("A 429 did not say when to come back");
  }
  const picture = data === undefined ? {} : { picture: data[0].b64_json as string };
  return { status: answer.status, milliseconds, seed, ...picture };
}

interface Memory {
  readonly resident: number;
  readonly heap: number;
}

async function memoryNow(): Promise<Memory> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const read = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)![1]) / MiB;
  return { resident: read("process_resident_memory_bytes"), heap: read("shum_heap_bytes") };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

// What it can do: one after the other, the first not counted, since it opens the networks.
await draw(0);
const alone: Answer[] = [];
for (let i = 0; i < 3 * SEEDS; i++) alone.push(await draw(i % SEEDS));
const right = new Map(alone.map(({ seed, picture }) => [seed, picture]));
const capacity = 1000 / mean(alone.map(({ milliseconds }) => milliseconds));

const answers: Promise<Answer>[] = [];
const memory: Memory[] = [];
const started = performance.now();
const watch = setInterval(() => memoryNow().then((now) => memory.push(now)), 500);
for (let i = 0; i < requests; i++) {
  const due = started + i * 1000 / (times * capacity);
  const wait = due - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  answers.push(draw(i % SEEDS));
}
const seen = await Promise.all(answers);
clearInterval(watch);
const seconds = (performance.now() - started) / 1000;

const of = (status: number) => seen.filter((answer) => answer.status === status);
const [served, refused] = [of(200), of(429)];
const wrong = served.filter(({ seed, picture }) => picture !== right.get(seed)).length;
// Garbage comes and goes: what stays is the least heap of a while.
const quarter = Math.floor(memory.length / 4);
const [first, last] = [memory.slice(0, quarter), memory.slice(-quarter)].map((part) => ({
  resident: mean(part.map(({ resident }) => resident)),
  heap: Math.min(...part.map(({ heap }) => heap)),
})) as [Memory, Memory];

console.log(
  `${requests} requests of ${steps} step(s) in ${seconds.toFixed(0)} s, ${
    (requests / seconds).toFixed(1)
  } a second; one at a time the server does ${capacity.toFixed(1)} a second.\n`,
);
const row = (name: string, group: readonly Answer[]) => {
  const waits = group.map(({ milliseconds }) => milliseconds);
  const cells = [0.5, 0.95, 0.99, 1].map((share) => `${Math.round(percentile(waits, share))}`);
  console.log(
    `| ${
      [name.padEnd(12), `${group.length}`.padStart(5), ...cells.map((c) => c.padStart(7))].join(
        " | ",
      )
    } |`,
  );
};
console.log("| answer       | count | p50, ms | p95, ms | p99, ms | max, ms |");
console.log("| ------------ | ----: | ------: | ------: | ------: | ------: |");
row("alone", alone);
row("200", served);
row("429", refused);
const pair = (key: keyof Memory) => `${first[key].toFixed(0)} and ${last[key].toFixed(0)} MiB`;
console.log(
  `\nFirst and last quarter: resident memory ${pair("resident")} on average, heap at least ${
    pair("heap")
  }. Other answers: ${requests - served.length - refused.length}. Wrong pictures: ${wrong}.`,
);
const flat = last.resident < 1.05 * first.resident && last.heap - first.heap < 4;
const well = served.length + refused.length === requests && wrong === 0 && flat;
if (!well) Deno.exitCode = 1;
