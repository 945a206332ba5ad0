import { fromFileUrl, join } from "@std/path";
import { TextLineStream } from "./lines.ts";

/** What was found, counted. */
export interface Outcome {
  crashes: number;
  hangs: number;
  unclear: number;
  foreign: number;
}

/** A run of cases in one process. */
export interface Batch {
  readonly worker: string;
  readonly root: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  readonly only: string;
  /** Milliseconds that a case may take. */
  readonly longest: number;
}

/** The first case waits for the program to load. */
const START_MS = 30_000;
const MEMORY_KB = 3 * 2 ** 20;

/** Findings that read alike, and the cases that show them. */
export const findings: Map<string, number[]> = new Map();

function found(kind: string, what: string, text: string, index: number): void {
  const key = `${kind}, ${what}: ${text.replaceAll(/shum-fuzz-\w+|\/\d+\//g, "…")}`;
  const cases = findings.get(key) ?? [];
  cases.push(index);
  findings.set(key, cases);
}

function start({ worker, root, seed, from, to, only }: Batch): Deno.ChildProcess {
  const config = fromFileUrl(new URL("../../deno.json", import.meta.url));
  const args = [
    "run",
    "--no-prompt",
    "--no-check",
    "--quiet",
    `--config=${config}`,
    "--v8-flags=--max-old-space-size=2048",
    "--allow-read",
    "--allow-write", // links can be made with no less
    `--allow-ffi=${fromFileUrl(new URL("../../node_modules", import.meta.url))}`,
    "--allow-net=127.0.0.1",
    "--allow-env",
    "--allow-sys",
    worker,
    ...[seed, from, to, root, only].map(String),
  ];
  const env = {
    HF_HUB_CACHE: join(root, "a", "b", "sandbox", "hub"),
    SHUM_OPTIMISED_CACHE: "off",
    NO_COLOR: "1", // what it says last is read
  };
  const streams = { stdout: "piped", stderr: "piped", stdin: "null" } as const;
  if (Deno.build.os === "windows") {
    return new Deno.Command(Deno.execPath(), { args, env, ...streams }).spawn();
  }
  const limited = [
    "-c",
    `ulimit -d ${MEMORY_KB} 2>/dev/null; exec "$0" "$@"`,
    Deno.execPath(),
    ...args,
  ];
  return new Deno.Command("sh", { args: limited, env, ...streams }).spawn();
}

/**
 * Runs cases until one hangs or ends the process, or all are done.
 *
 * @returns The next case.
 */
export async function runBatch(
  batch: Batch,
  outcome: Outcome,
  progress: (done: number) => void,
): Promise<number> {
  const child = start(batch);
  let hung = false;
  const kill = () => {
    hung = true;
    child.kill("SIGKILL");
  };
  const complaint = new Response(child.stderr).text();
  let timer = setTimeout(kill, START_MS);
  let [index, kind, what] = [batch.from, "start", ""];
  let running = true; // until the first case has ended, its failure is the process's
  for await (const line of child.stdout.pipeThrough(new TextLineStream())) {
    const told = JSON.parse(line);
    clearTimeout(timer);
    timer = setTimeout(kill, batch.longest);
    if ("begin" in told) [index, kind, what, running] = [told.begin, told.kind, "input", true];
    else if ("what" in told) what = told.what;
    else {
      running = false;
      if (told.errors.length > 0) outcome.unclear++;
      for (const text of told.errors) found(kind, what, text, index);
      if (told.foreign) {
        outcome.foreign++;
        found(kind, what, "a file outside its folder was changed", index);
      }
      index++;
      progress(index);
    }
  }
  const { code, signal } = await child.status;
  clearTimeout(timer);
  if (!running && code === 0) return index;
  if (hung) outcome.hangs++;
  else outcome.crashes++;
  const why = (await complaint).trim().split("\n").find((line) => line !== "") ?? "";
  const end = hung
    ? `it hung for ${batch.longest / 1000} s`
    : `the process ended (${signal ?? code}) ${why.slice(0, 200)}`;
  found(kind, what, end, index);
  return index + (running ? 1 : 0);
}
