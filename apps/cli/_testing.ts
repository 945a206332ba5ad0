/** Runs the command line as a person does, in a folder of its own. */
import { fromFileUrl, join } from "@std/path";

const main = fromFileUrl(new URL("./main.ts", import.meta.url));
export const models = fromFileUrl(new URL("../../tests/fixtures/pipelines", import.meta.url));
export const sd = join(models, "sd");
export const steps = ["--model", sd, "--steps", "2"];

export interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Setting {
  readonly folder: string;
  run(args: readonly string[], options?: { stdin?: string; env?: Record<string, string> }): Promise<
    Result
  >;
  files(): string[];
}

const root = fromFileUrl(new URL("../../", import.meta.url));

/** The flags of `deno task gen`: tests run with no other permission than people have. */
export function taskFlags(): string[] {
  const { gen } = JSON.parse(Deno.readTextFileSync(join(root, "deno.json"))).tasks;
  const flags = /^deno run (.*) apps\/cli\/main\.ts$/.exec(gen)![1]!.split(" ");
  // The task runs in the root, the tests elsewhere.
  return flags.map((flag) => flag.replace("=node_modules", `=${join(root, "node_modules")}`));
}

export function process(folder: string, args: readonly string[], env: Record<string, string> = {}) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...taskFlags(), main, ...args],
    cwd: folder,
    env: { HF_HUB_CACHE: join(folder, ".cache"), HF_ENDPOINT: "http://127.0.0.1:9", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
}

export async function withFolder(test: (setting: Setting) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "shum-cli-" });
  try {
    await test({
      folder,
      async run(args, { stdin = "", env = {} } = {}) {
        const child = process(folder, args, env).spawn();
        const writer = child.stdin.getWriter();
        await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
        await writer.close().catch(() => {});
        const { code, stdout, stderr } = await child.output();
        const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
        return { code, out: text(stdout), err: text(stderr) };
      },
      files: () =>
        [...Deno.readDirSync(folder)].map((entry) => entry.name)
          .filter((name) => name !== ".cache").sort(),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
