/**
 * A pipeline of Stable Diffusion 1.5's size, ours beside diffusers on onnxruntime: the same graphs,
 * steps, seed and threads, each run in a process of its own, taking turns.
 *
 *     python tools/make_real_size.py FOLDER
 *     deno run -A bench/real_size.ts FOLDER [--steps 2] [--size 512] [--threads 2] [--rounds 1]
 *       [--python python3] [--peer loop|optimum|none]
 *
 * Prints seconds to load and to make one image, the peak of resident memory, and for ours the share
 * of the time that is not spent inside the engine's run().
 */
import process from "node:process";
import { parseArgs } from "@std/cli/parse-args";
import { fromPretrained } from "@shum/pipelines";
import { engineWorker } from "../packages/models/engine/node/_worker_client.ts";

const PROMPT = "black cat with red eyes";

interface Result {
  readonly load: number;
  readonly image: number;
  /** Seconds inside run(), where they are known. */
  readonly inside: number | null;
  readonly peakBytes: number;
  /** Seconds of processor time, all threads, loading included: what contention changes least. */
  readonly cpu: number;
}

/** Makes one image in this process and prints what it cost. */
async function ours(folder: string, args: Record<string, unknown>): Promise<void> {
  // Networks are opened when first needed, some at once, so loading is counted here; and the engine's
  // thread says how long each run took.
  let inside = 0, opening = 0, pending = 0, since = 0;
  const request = engineWorker.request.bind(engineWorker);
  engineWorker.request = (async (...call: Parameters<typeof request>) => {
    const [kind] = call;
    if (kind === "open" && pending++ === 0) since = performance.now();
    const reply = await request(...call);
    if (kind === "open" && --pending === 0) opening += (performance.now() - since) / 1e3;
    if (kind === "run") {
      inside += (reply as { readonly milliseconds: number }).milliseconds / 1e3;
    }
    return reply;
  }) as typeof engineWorker.request;

  const start = performance.now();
  const pipeline = await fromPretrained(folder, {
    device: "cpu",
    threads: Number(args.threads),
  });
  const loaded = performance.now();
  const size = Number(args.size);
  const [image] = await pipeline.generate({ prompt: PROMPT }, {
    steps: Number(args.steps),
    seed: 0,
    guidanceScale: 7.5,
    width: size,
    height: size,
  });
  const end = performance.now();
  if (typeof args.save === "string") Deno.writeFileSync(args.save, image!.data);
  await pipeline[Symbol.asyncDispose]();
  const result: Result = {
    load: (loaded - start) / 1e3 + opening,
    image: (end - loaded) / 1e3 - opening,
    inside,
    peakBytes: peakBytes(),
    cpu: cpuSeconds(),
  };
  console.log(JSON.stringify(result));
}

/** The largest resident memory of this process so far, as Linux tells it. */
function peakBytes(): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"));
  return Number(line![1]) * 1024;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function measure(command: string, args: string[]): Promise<Result> {
  const { success, stdout } = await new Deno.Command(command, {
    args,
    stdout: "piped",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot measure: ${command} ${args.join(" ")} failed`);
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

function row(name: string, { load, image, inside, peakBytes, cpu }: Result): string {
  const outside = inside === null ? "" : `${(100 * (1 - inside / image)).toFixed(2)} %`;
  const cells = [
    load.toFixed(1),
    image.toFixed(1),
    cpu.toFixed(1),
    (peakBytes / 2 ** 30).toFixed(2),
    outside,
  ];
  return name.padEnd(24) + cells.map((cell) => cell.padStart(12)).join("");
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, {
    string: ["steps", "size", "threads", "rounds", "python", "peer", "save"],
    boolean: ["ours"],
    default: {
      steps: "2",
      size: "512",
      threads: "2",
      rounds: "1",
      python: "python3",
      peer: "loop",
    },
  });
  const folder = String(args._[0] ?? "");
  if (folder === "") throw new TypeError("Cannot measure: no folder is given; see the file's head");
  if (args.ours) {
    await ours(folder, args);
  } else {
    const settings = ["steps", "size", "threads"] as const;
    const shared = [folder, ...settings.flatMap((name) => [`--${name}`, args[name]])];
    const here = new URL(import.meta.url).pathname;
    const script = new URL("peers/pipeline_onnx.py", import.meta.url).pathname;
    console.log(`${args.size}x${args.size}, ${args.steps} steps, ${args.threads} threads`);
    console.log(
      "".padEnd(24) +
        ["load, s", "image, s", "CPU, s", "peak, GiB", "outside"].map((c) => c.padStart(12)).join(
          "",
        ),
    );
    for (let round = 0; round < Number(args.rounds); round++) {
      const mine = await measure(Deno.execPath(), ["run", "-A", here, ...shared, "--ours"]);
      console.log(row("shum", mine));
      if (args.peer === "none") continue;
      const optimum = args.peer === "optimum" ? ["--optimum"] : [];
      const theirs = await measure(args.python, [script, ...shared, ...optimum]);
      console.log(row(args.peer === "optimum" ? "optimum" : "diffusers loop", theirs));
      const ratio = (key: "image" | "cpu" | "peakBytes") => (mine[key] / theirs[key]).toFixed(2);
      console.log(
        `ratio: time ${ratio("image")}, CPU ${ratio("cpu")}, memory ${ratio("peakBytes")}`,
      );
    }
  }
}
