/**
 * `deno task gen`: the command line of Shum.
 *
 * @module
 */

import { readArgs } from "./options/args.ts";
import { CliError, type ExitCode, exitCodes, fileError } from "./exit_codes.ts";
import { leaveUnlessNeeded } from "./network.ts";
import { printable } from "./printable.ts";
import { Progress, standardError } from "./progress.ts";
import { removeUnfinished } from "./unfinished.ts";

// What a command does not need is not loaded: `--help` answers at once.

/** Milliseconds after Ctrl-C within which the process ends, whatever a model does. */
const LONGEST_STOP = 5000;

const encoder = new TextEncoder();

/** Writes results; a reader that has gone away (`| head`) is no failure. */
function print(text: string): void {
  const bytes = encoder.encode(`${printable(text)}\n`);
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(exitCodes.ok);
    throw fileError(`Cannot write to standard output: ${(error as Error).message}`, error);
  }
}

async function run(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const screen = standardError();
  if (argv.length === 0) {
    const { helpText } = await import("./options/help.ts");
    return print(helpText(screen.columns));
  }
  const { command, given, words } = readArgs(argv);
  if (given.help) {
    const { helpText } = await import("./options/help.ts");
    return print(helpText(screen.columns));
  }
  if (given.version) {
    const { VERSION } = await import("./metadata/metadata.ts");
    return print(`shum ${VERSION}`);
  }
  await leaveUnlessNeeded(given, command === "inspect" ? words : []);
  const { runLists } = await import("./lists.ts");
  if (await runLists(given, print)) return;
  if (command === "inspect") {
    const { runInspect } = await import("./inspect.ts");
    return await runInspect(words, given, new Progress(screen), print);
  }
  if (command === "plan") {
    const { runPlan } = await import("./plan.ts");
    return await runPlan(given, words, new Progress(screen), print);
  }
  if (command === "classify") {
    const { runClassify } = await import("./bayes/classify.ts");
    return await runClassify(words, given, { screen, print, signal });
  }
  if (command === "likelihood") {
    const { runLikelihood } = await import("./bayes/likelihood.ts");
    return await runLikelihood(words, given, { screen, print, signal });
  }
  const { runGenerate } = await import("./generate.ts");
  await runGenerate(given, words, { screen, print, signal });
}

/** Runs a command line and says how it went. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const stop = new AbortController();
  let stops = 0;
  let latest: ReturnType<typeof setTimeout> | undefined;
  const leave = () => {
    removeUnfinished();
    Deno.exit(exitCodes.interrupted);
  };
  const interrupt = () => {
    if (++stops > 1) leave(); // the second time means now
    console.error("\nstopping; Ctrl-C again stops at once");
    latest = setTimeout(leave, LONGEST_STOP);
    stop.abort(new CliError(exitCodes.interrupted, "Stopped"));
  };
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM"];
  for (const name of signals) Deno.addSignalListener(name, interrupt);
  try {
    await run(argv, stop.signal);
    return exitCodes.ok;
  } catch (error) {
    const { explain } = await import("./explain.ts");
    const { message, exitCode } = explain(error, argv.includes("--debug"));
    console.error(message);
    return exitCode;
  } finally {
    clearTimeout(latest);
    for (const name of signals) Deno.removeSignalListener(name, interrupt);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
