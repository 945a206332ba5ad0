/**
 * The whole gate: formatting, lint, types, documentation, exports, tests, examples in documentation and
 * Markdown, that benches start, and a dry run of publishing. Stops at nothing, reports everything, fails if one step failed.
 *
 * `deno task ok` runs all of it; `deno task ok --skip test` leaves steps out, by name.
 */
import { parseArgs } from "@std/cli/parse-args";

const PACKAGES = ["schedulers", "guidance", "models", "pipelines"];
const skip = [parseArgs(Deno.args, { collect: ["skip"], string: ["skip"] })["skip"] ?? []].flat();

const mods = PACKAGES.map((name) => `packages/${name}/mod.ts`);
/** Name, arguments of `deno`, folder. */
const steps: readonly (readonly [name: string, args: readonly string[], cwd?: string])[] = [
  ["fmt", ["fmt", "--check"]],
  ["lint", ["lint"]],
  ["check", ["check", "--quiet", "."]],
  ["doc lint", ["doc", "--lint", ...mods]],
  ["docs", ["run", "--allow-all", "tools/check_docs.ts"]],
  ["exports", ["run", "--allow-all", "tools/check_exports.ts"]],
  ["structure", ["run", "--allow-all", "tools/structure.ts"]],
  ["python", ["run", "--allow-all", "tools/check_python.ts"]],
  ["markdown", ["run", "--allow-all", "tools/check_markdown.ts"]],
  ["test", ["task", "test"]],
  // That every module of `deno bench` starts without permission; what they measure takes minutes.
  ["bench", ["bench", "--quiet", "--filter", "/^$/"]],
  ["examples", ["test", "--allow-all", "--quiet", "--doc", "--ignore=**/*_test.ts", "packages"]],
  // Apart, so that whoever only makes pictures does not download icon sets.
  ["training fmt", ["fmt", "--check"], "training"],
  ["training lint", ["lint"], "training"],
  ["training check", ["check", "--quiet", "."], "training"],
  ["training test", ["test", "--allow-all", "--quiet"], "training"],
  ["publish", ["publish", "--dry-run", "--allow-dirty", "--no-check"]],
];

const failed: string[] = [];
for (const [name, args, cwd] of steps) {
  if (skip.includes(name.split(" ")[0]!)) continue;
  const start = performance.now();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
    stdout: "piped",
    stderr: "piped",
  }).output();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${code === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  // A test count is a result, not noise: it is shown even when all is well.
  if (code !== 0) console.log(output);
  else for (const line of output.matchAll(/^.*\d+ passed.*$/gm)) console.log(`     ${line[0]}`);
  if (code !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`\nNot ok: ${failed.join(", ")}`);
  Deno.exit(1);
}
console.log("\nAll ok");
