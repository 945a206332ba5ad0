/**
 * `deno task fuzz --cases N --seed S`: hostile pictures, metadata, configs, graphs and hub answers. Each
 * case must end within ten seconds with a result or a sentence, and write nothing outside its folder.
 * Cases run in a process with three gigabytes of memory, which is killed and replaced when one hangs.
 * `--only configs,hub` chooses kinds; `--case K` with the same seed and kinds runs one of them again.
 * The last line says `cases N, crashes N, hangs N, unclear errors N, foreign files N`.
 */
import { parseArgs } from "@std/cli/parse-args";
import { fromFileUrl, join } from "@std/path";
import { findings, type Outcome, runBatch } from "./batch.ts";

const LONGEST_MS = 10_000;

const args = parseArgs(Deno.args, { string: ["cases", "seed", "case", "only"] });
const number = (name: "cases" | "seed" | "case", standard: number): number => {
  const value = Number(args[name] ?? standard);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`Cannot use --${name}: value is "${args[name]}"; expected a whole number from 0`);
  Deno.exit(2);
};
const only = String(args.only ?? "");
const wrong = only.split(",").find((name) =>
  !["", "pictures", "metadata", "configs", "onnx", "hub"].includes(name)
);
if (wrong !== undefined) {
  console.error(
    `Cannot use --only: there is no kind "${wrong}"; expected pictures, metadata, configs, onnx or hub`,
  );
  Deno.exit(2);
}
const seed = number("seed", 1);
const first = args.case === undefined ? 0 : number("case", 0);
const last = args.case === undefined ? number("cases", 1000) : first + 1;

const root = await Deno.makeTempDir({ prefix: "shum-fuzz-" });
const outcome: Outcome = { crashes: 0, hangs: 0, unclear: 0, foreign: 0 };
try {
  await Deno.mkdir(join(root, "a", "b", "sandbox"), { recursive: true });
  for (const folder of ["", "a", "a/b"]) {
    await Deno.writeTextFile(join(root, folder, "victim"), "mine");
  }
  const worker = fromFileUrl(new URL("./worker.ts", import.meta.url));
  let next = first;
  let shown = performance.now();
  while (next < last) {
    next = await runBatch(
      { worker, root, seed, from: next, to: last, only, longest: LONGEST_MS },
      outcome,
      (done) => {
        if (performance.now() - shown < 10_000) return;
        shown = performance.now();
        console.error(`${done - first} of ${last - first}`);
      },
    );
  }
} finally {
  await Deno.remove(root, { recursive: true });
}
for (const [text, cases] of findings) {
  console.log(
    `${text}\n    ${cases.length} times, as in --seed ${seed} --case ${cases[0]}${
      only && ` --only ${only}`
    }`,
  );
}
const { crashes, hangs, unclear, foreign } = outcome;
console.log(
  `cases ${
    last - first
  }, crashes ${crashes}, hangs ${hangs}, unclear errors ${unclear}, foreign files ${foreign}`,
);
Deno.exit(crashes + hangs + unclear + foreign === 0 ? 0 : 1);
