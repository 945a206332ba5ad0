/** A server on a real port, in a process of its own: for tests and benches. */

/** A running server. */
export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** Starts `deno task serve` with these flags. */
export async function startServer(flags: readonly string[]): Promise<Served> {
  const main = new URL("./main.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", "--unstable-no-legacy-abort", main, "--port", "0", ...flags],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const first = (await reader.read()).value ?? "";
  const url = /http:\/\/[\d.]+:\d+/.exec(first)?.[0];
  if (url === undefined) throw new Error(`The server did not start: ${first}`);
  return {
    url,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      while (!(await reader.read()).done); // so that nothing is left open
      await child.status;
    },
  };
}
