/** The command itself, on a real port. */
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { good, quick } from "./_testing.ts";

const main = fromFileUrl(new URL("./main.ts", import.meta.url));

function command(args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", "--unstable-no-legacy-abort", main, ...args],
    stdout: "piped",
    stderr: "piped",
  });
}

Deno.test("deno task serve answers until SIGTERM, finishes what it has, and exits with 0", async () => {
  const child = command(["--port", "0"]).spawn();
  const errors = new Response(child.stderr).text();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const first = (await lines.read()).value ?? "";
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(first)?.[0];
  assert(url !== undefined, first + await Promise.race([errors, ""]));
  const post = (body: unknown, signal?: AbortSignal) =>
    fetch(`${url}/v1/images/generations`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    });
  await good(post(quick));

  // A client that hangs up: the socket tells the server.
  await post({ ...quick, steps: 150 }, AbortSignal.timeout(300)).then((r) => r.text(), () => {});
  const metrics = async () => await (await fetch(`${url}/metrics`)).text();
  for (let i = 0; i < 100 && !/state="cancelled"\} 1/.test(await metrics()); i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert(/state="cancelled"\} 1/.test(await metrics()));

  const last = post({ ...quick, steps: 10 });
  for (let i = 0; i < 100 && !/^shum_jobs_running 1/m.test(await metrics()); i++);
  child.kill("SIGTERM");
  assertEquals((await good(last)).data.length, 1);
  let out = first;
  for (let next = await lines.read(); !next.done; next = await lines.read()) out += next.value;
  assert(out.includes("stopping"), out);
  const { code } = await child.status;
  assertEquals([code, await errors], [0, ""]);
});

Deno.test("a command line that cannot be is refused with a sentence and exit code 2", async () => {
  const { code, stderr } = await command(["--host", "0.0.0.0"]).output();
  assertEquals(code, 2);
  const text = new TextDecoder().decode(stderr);
  assert(text.startsWith("Cannot listen on 0.0.0.0 without a key"), text);
  assertEquals(text.trim().split("\n").length, 1, "no stack");
});
