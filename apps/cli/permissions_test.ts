import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { process, sd, taskFlags, withFolder } from "./_testing.ts";
import { exitCodes } from "./exit_codes.ts";
import { readPicture } from "./picture/image_file.ts";

const root = fromFileUrl(new URL("../../", import.meta.url)).replace(/[/\\]$/, "");

async function deno(args: readonly string[], cwd: string, env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env: { HF_HUB_CACHE: join(cwd, ".cache"), ...env },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("the task asks for no more than it needs, and never stops to ask for more", () => {
  const flags = taskFlags();
  assert(flags.includes("--no-prompt"), `${flags}`);
  const broad = flags.filter((flag) => /^(-A|--allow-(all|run|import|ffi|env|sys))$/.test(flag));
  assertEquals(broad, []);
  assert(!flags.some((flag) => flag.startsWith("--allow-run")));
});

Deno.test("a picture is drawn with permission for the model's and one other folder, and no network", () =>
  withFolder(async ({ folder }) => {
    const allowed = [
      "--no-prompt",
      `--allow-read=${root},${folder}`,
      `--allow-write=${folder}`,
      ...taskFlags().filter((flag) => /^--allow-(ffi|env|sys)/.test(flag)),
    ];
    const main = join(root, "apps", "cli", "main.ts");
    const env = { SHUM_OPTIMISED_CACHE: join(folder, "optimised") };
    const draw = ["--model", sd, "--steps", "2", "a cat", "-s", "1", "-o"];
    const made = await deno(["run", ...allowed, main, ...draw, "a.png"], folder, env);
    assertEquals(made.code, exitCodes.ok, made.err);
    assert(!/Warning|error/i.test(made.err), made.err); // the engine found all it looked for
    const { width, data } = await readPicture(join(folder, "a.png"));
    assertEquals(width, 64);
    // The same picture as with every permission: none was silently done without.
    const all = await deno(["run", "--allow-all", main, ...draw, "b.png"], folder, env);
    assertEquals(all.code, exitCodes.ok, all.err);
    assertEquals(data, (await readPicture(join(folder, "b.png"))).data);

    const elsewhere = await deno(["run", ...allowed, main, ...draw, "../x.png"], folder, env);
    assertEquals(elsewhere.code, exitCodes.file, elsewhere.err);
    assertStringIncludes(elsewhere.err, `"Permissions" in README.md`);
    assert(!/\n\s+at |Requires/.test(elsewhere.err), elsewhere.err);
  }));

Deno.test("without the permissions for environment and system a picture is drawn all the same", () =>
  withFolder(async ({ folder }) => {
    const flags = [`--allow-read=${root},${folder}`, `--allow-write=${folder}`, "--no-prompt"];
    const ffi = `--allow-ffi=${join(root, "node_modules")}`;
    const main = join(root, "apps", "cli", "main.ts");
    const draw = ["--model", sd, "--steps", "2", "a cat", "-o", "a.png", "--cache-dir", folder];
    const { code, err } = await deno(["run", ...flags, ffi, main, ...draw], folder);
    assertEquals(code, exitCodes.ok, err);
    const none = await deno(["run", ...flags, main, ...draw, "--overwrite"], folder);
    assertStringIncludes(none.err, "--allow-ffi");
    assertStringIncludes(none.err, "Cannot use any device");
    assert(!/\n\s+at /.test(none.err), none.err);
  }));

Deno.test("the network is left before a folder is opened, and kept for a hub id", () =>
  withFolder(async ({ folder, run }) => {
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      () => new Response("no", { status: 404 }),
    );
    const env = { HF_ENDPOINT: `http://127.0.0.1:${server.addr.port}` };
    const asked = await run(["--model", "owner/model", "x"], { env });
    assertEquals(asked.code, exitCodes.model, asked.err);
    assertStringIncludes(asked.err, "no such repository");
    await server.shutdown();
    // What the program has left when it opens a model of this machine.
    const network = new URL("./network.ts", import.meta.url).href;
    const left = (given: string) =>
      deno([
        "eval",
        `import { leaveUnlessNeeded } from ${JSON.stringify(network)};
         await leaveUnlessNeeded(${given}, []);
         console.log((await Deno.permissions.query({ name: "net" })).state);`,
      ], folder);
    assertEquals((await left(`{ model: ${JSON.stringify(sd)} }`)).out, "prompt\n");
    assertEquals((await left("{}")).out, "prompt\n");
    assertEquals((await left(`{ model: "owner/model", offline: true }`)).out, "prompt\n");
    assertEquals((await left(`{ model: "owner/model" }`)).out, "granted\n");
    assertEquals((await left(`{ upscaler: "owner/model" }`)).out, "granted\n");
  }));

Deno.test("memory is given back with permission for the engine's folder alone", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const module = join(root, "packages", "models", "engine", "node", "_trim_memory.ts");
  const folder = await Deno.makeTempDir();
  const script = join(folder, "trim.ts");
  await Deno.writeTextFile(
    script,
    `import { findTrim } from ${
      JSON.stringify(`file://${module}`)
    }; console.log(typeof findTrim());`,
  );
  const flags = ["--no-prompt", `--allow-read=${root}`];
  const config = ["--config", join(root, "deno.json")];
  const ffi = `--allow-ffi=${join(root, "node_modules")}`;
  const found = await deno(["run", ...flags, ffi, ...config, script], folder);
  assertEquals(found.out, "function\n", found.err);
  const none = await deno(["run", ...flags, ...config, script], folder);
  assertEquals(none.out, "undefined\n", none.err);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("`deno task gen` itself draws a picture, and asks nothing", () =>
  withFolder(async ({ folder }) => {
    const path = join(folder, "a.png");
    const draw = ["task", "gen", "--model", sd, "--steps", "2", "a cat", "-o", path];
    const { code, err } = await deno(draw, root, { HF_HUB_CACHE: join(folder, ".cache") });
    assertEquals(code, exitCodes.ok, err);
    assert((await Deno.stat(path)).size > 100);
    const child = process(folder, ["--help"]).spawn();
    await child.stdin.close();
    assertEquals((await child.output()).code, exitCodes.ok);
  }));
