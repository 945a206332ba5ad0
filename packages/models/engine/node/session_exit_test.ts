import { assert, assertEquals } from "@std/assert";
import { addModel, endlessModel, modelFile, slowModel } from "../../testing/_testing.ts";

// Each case is a process of its own: an engine that is left loaded may hang or crash at the end.

/** Runs a script that has `session` open, and gives what became of it. */
async function runScript(
  model: Parameters<typeof modelFile>[0],
  body: string,
  device: "cpu" | "webgpu" = "cpu",
  { env = {}, flags = ["--allow-all"], base = import.meta.url }: {
    env?: Record<string, string>;
    flags?: readonly string[];
    base?: string;
  } = {},
): Promise<{ code: number; signal: string | null; output: string }> {
  await using file = await modelFile(model);
  const script = `${file.folder}/script.ts`;
  const from = JSON.stringify(new URL("./open_session.ts", base).href);
  await Deno.writeTextFile(
    script,
    `import { openSession } from ${from};
     const open = () => openSession(${
      JSON.stringify(file.path)
    }, { device: "${device}", cacheDir: false });
     ${body}`,
  );
  const config = new URL("../../../../deno.json", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    env,
    args: ["run", ...flags, "--no-prompt", "--no-check", "--no-lock", "--config", config, script],
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(30_000),
  });
  const { code, signal, stdout, stderr } = await command.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, signal, output: decode(stdout) + decode(stderr) };
}

const feeds =
  `{ a: { data: new Float32Array(2), shape: [2] }, b: { data: new Float32Array(2), shape: [2] } }`;

for (
  const [title, body, code] of [
    ["closes its session", `await using session = await open(); await session.run(${feeds});`, 0],
    [
      "forgets to close its session",
      `const session = await open(); await session.run(${feeds});`,
      0,
    ],
    ["opens sessions and never uses them", `await open(); await open();`, 0],
    ["does not wait for its runs", `const session = await open(); session.run(${feeds});`, 0],
    [
      "calls Deno.exit()",
      `const session = await open(); await session.run(${feeds}); Deno.exit(3);`,
      3,
    ],
    [
      "throws",
      `const session = await open(); await session.run(${feeds}); throw new Error("x");`,
      1,
    ],
    ["never opens one", `console.log(typeof open);`, 0],
  ] as const
) {
  Deno.test(`a process that ${title} ends by itself with code ${code}`, async () => {
    const result = await runScript(addModel, body);
    assertEquals([result.code, result.signal], [code, null], result.output);
  });
}

Deno.test("a process that exits in the middle of a run ends at once", async () => {
  const start = performance.now();
  const result = await runScript(
    slowModel(512, 2000),
    `const session = await open();
     session.run({ x: { data: new Float32Array(512 * 512), shape: [512, 512] } });
     setTimeout(() => Deno.exit(0), 200);`,
  );
  assertEquals([result.code, result.signal], [0, null], result.output);
  assert(performance.now() - start < 20_000);
});

const vector = (name: string) => ({ name, type: "float32", shape: ["n"] });
const endless = endlessModel([vector("x")], vector("y"));
/** Runs it until an abort; `rejected` milliseconds later the wait for it is over. */
const runEndless = `
  const endless = await open();
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("enough")), 200);
  const x = { data: new Float32Array(2), shape: [2] };
  const start = performance.now();
  const since = () => Math.round(performance.now() - start);
  const reason = await endless.run({ x }, { signal: stop.signal }).then(() => "", (e) => e.message);
  const rejected = since();`;

Deno.test("a run that never ends is given up when its session is closed; others open in a new thread", async () => {
  await using other = await modelFile(addModel);
  const result = await runScript(
    endless,
    `${runEndless}
     await endless[Symbol.asyncDispose]();
     const closed = since();
     const after = await endless.run({ x }).then(() => "", (e) => e.message);
     await using other = await openSession(${JSON.stringify(other.path)}, { device: "cpu" });
     const { c } = await other.run(${feeds});
     console.log(JSON.stringify({ reason, rejected, closed, after, length: c.data.length }));`,
  );
  assertEquals([result.code, result.signal], [0, null], result.output);
  const { reason, rejected, closed, after, length } = JSON.parse(result.output);
  assertEquals([reason, length], ["enough", 2]);
  assert(rejected < 1500, `the abort took ${rejected} ms`);
  assert(closed > 1900 && closed < 6000, `closing took ${closed} ms`);
  assert(after.includes("the session is closed"), after);
});

Deno.test("a session that shares the thread of a run that never ends closes, and what waits goes on", async () => {
  await using other = await modelFile(addModel);
  const result = await runScript(
    endless,
    `const beside = await openSession(${JSON.stringify(other.path)}, { device: "cpu" });
     ${runEndless}
     await endless[Symbol.asyncDispose]();
     const waiting = openSession(${JSON.stringify(other.path)}, { device: "cpu" });
     const lost = beside.run(${feeds}).then(() => "", (e) => e.message);
     await beside[Symbol.asyncDispose]();
     await using opened = await waiting;
     const { c } = await opened.run(${feeds});
     console.log(JSON.stringify({ lost: await lost, length: c.data.length }));`,
  );
  assertEquals([result.code, result.signal], [0, null], result.output);
  const { lost, length } = JSON.parse(result.output);
  assert(lost.includes("reopen it"), lost);
  assertEquals(length, 2);
});

for (const [title, end, code] of [["forgets it", "", 0], ["exits", "Deno.exit(3);", 3]] as const) {
  Deno.test(`a process that gives up a run which never ends and ${title} ends with code ${code}`, async () => {
    const start = performance.now();
    const result = await runScript(endless, `${runEndless} ${end}`);
    assertEquals([result.code, result.signal], [code, null], result.output);
    assert(performance.now() - start < 15_000);
  });
}

Deno.test("closing prints nothing and the last result arrives before the end", async () => {
  const result = await runScript(
    addModel,
    `const session = await open();
     session.run(${feeds}).then(({ c }) => console.log(c.data.length));`,
  );
  assertEquals(result.output.trim(), "2");
});

Deno.test({
  name: "closing a session gives its memory back to the system",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const result = await runScript(
      slowModel(4096, 1), // 64 MiB of weights
      `const { readFileSync } = await import("node:fs");
       const used = () => Number(/RssAnon:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
       const before = used();
       const session = await open();
       const during = used() - before;
       await session[Symbol.asyncDispose]();
       console.log(JSON.stringify({ during, after: used() - before }));`,
    );
    const { during, after } = JSON.parse(result.output);
    assert(during > 60, `while open: ${during} MiB`);
    assert(after < 40, `after closing: ${after} MiB`);
  },
});

Deno.test("permission to read and to use the engine's own folder is enough", async () => {
  const modules = new URL("../../../../node_modules", import.meta.url).pathname;
  const result = await runScript(
    addModel,
    `const session = await open(); console.log((await session.run(${feeds})).c.data.length);`,
    "cpu",
    { flags: ["--allow-read", `--allow-ffi=${modules}`] },
  );
  assertEquals([result.code, result.output.trim()], [0, "2"]);
});

Deno.test("without permission to use the engine, the error says which one it needs", async () => {
  const result = await runScript(addModel, "await open();", "cpu", { flags: ["--allow-read"] });
  assertEquals(result.code, 1);
  assert(result.output.includes("deno run --allow-ffi"), result.output);
});

Deno.test("a package that was imported over the network runs its thread too", async () => {
  const served: string[] = [];
  await using server = Deno.serve({ port: 0, onListen() {} }, async ({ url }) => {
    const { pathname } = new URL(url);
    served.push(pathname);
    const text = await Deno.readTextFile(new URL(`../..${pathname}`, import.meta.url));
    return new Response(text, { headers: { "content-type": "application/typescript" } });
  });
  const base = `http://localhost:${server.addr.port}/engine/node/`;
  const result = await runScript(
    addModel,
    `const session = await open(); console.log((await session.run(${feeds})).c.data.length);`,
    "cpu",
    { base },
  );
  assertEquals(result.code, 0, result.output);
  assert(served.includes("/engine/node/_worker.ts"), served.join(" "));
});

// A driver that draws on the processor, put there by tools/swiftshader.sh.
const driver = Deno.env.get("SHUM_SWIFTSHADER");

for (
  const [title, body, code] of [
    ["forgets to close its session", "", 0],
    ["calls Deno.exit()", "Deno.exit(3);", 3],
    ["throws", `throw new Error("x");`, 1],
    ["closes and opens again", "await session[Symbol.asyncDispose](); await open();", 0],
  ] as const
) {
  Deno.test({
    name: `a process that uses WebGPU and ${title} ends by itself with code ${code}`,
    ignore: driver === undefined,
    fn: async () => {
      const run = `const session = await open(); await session.run(${feeds});`;
      const result = await runScript(addModel, run + body, "webgpu", {
        env: {
          VK_ICD_FILENAMES: `${driver}/vk_swiftshader_icd.json`,
          VK_DRIVER_FILES: `${driver}/vk_swiftshader_icd.json`,
          LD_LIBRARY_PATH: driver!,
        },
      });
      assertEquals([result.code, result.signal], [code, null], result.output);
    },
  });
}
