import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { findings, type Outcome, runBatch } from "./batch.ts";
import { unclear } from "./judge.ts";
import { hostileJson, mutateBytes, Random } from "./random.ts";
import { watched } from "./watch.ts";

Deno.test("two hundred hostile files and answers: no crash, no hang, no unclear error, nothing outside", async () => {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "fuzz", "--cases", "200", "--seed", "2026"],
    cwd: fromFileUrl(new URL("../../", import.meta.url)),
    stderr: "null",
  }).output();
  const out = new TextDecoder().decode(stdout);
  const last = "cases 200, crashes 0, hangs 0, unclear errors 0, foreign files 0";
  assertEquals(out.trim().split("\n").at(-1), last, out);
  assertEquals(code, 0);
});

Deno.test("a case that ends the process or hangs is counted, and the next one runs", async () => {
  const root = await Deno.makeTempDir({ prefix: "shum-fuzz-" });
  const worker = join(root, "worker.ts");
  // Case 0 is well, 1 ends the process, 2 hangs, 3 says what is wrong.
  await Deno.writeTextFile(
    worker,
    `const [, from, to] = Deno.args.map(Number);
     for (let i = from; i < to; i++) {
       console.log(JSON.stringify({ begin: i, kind: "test" }));
       console.log(JSON.stringify({ what: "case " + i }));
       if (i === 1) throw new Error("broken");
       while (i === 2);
       console.log(JSON.stringify({ end: i, errors: i === 3 ? ["x"] : [], foreign: i === 3 }));
     }`,
  );
  const outcome: Outcome = { crashes: 0, hangs: 0, unclear: 0, foreign: 0 };
  let next = 0;
  for (let runs = 0; next < 5; runs++) {
    assert(runs < 5);
    const batch = { worker, root, seed: 1, from: next, to: 5, only: "", longest: 2000 };
    next = await runBatch(batch, outcome, () => {});
  }
  assertEquals(outcome, { crashes: 1, hangs: 1, unclear: 1, foreign: 1 });
  const told = [...findings].map(([text, cases]) => `${cases}: ${text}`).join("\n");
  assertStringIncludes(told, "1: test, case 1: the process ended (1) error: Uncaught");
  assertStringIncludes(told, "2: test, case 2: it hung for 2 s");
  assertStringIncludes(told, "3: test, case 3: x");
  findings.clear();
  await Deno.remove(root, { recursive: true });
});

Deno.test("watched() sees a file that was written, changed, removed or given another name", async () => {
  const root = await Deno.makeTempDir({ prefix: "shum-fuzz-" });
  const sandbox = join(root, "a", "sandbox");
  await Deno.mkdir(sandbox, { recursive: true });
  const victim = join(root, "victim");
  const put = () => Deno.writeTextFile(victim, "mine");
  await put();
  const before = watched(root, sandbox);
  const changes = [
    () => Deno.writeTextFile(join(root, "a", "new"), ""),
    () => Deno.mkdir(join(root, "a", "new")),
    () => Deno.symlink("victim", join(root, "a", "new")),
    () => Deno.link(victim, join(sandbox, "linked")),
    () => Deno.writeTextFile(victim, "ours"),
    () => Deno.remove(victim),
  ];
  for (const change of changes) {
    await change();
    assert(watched(root, sandbox) !== before, `${change}`);
    for (const path of [join(root, "a", "new"), join(sandbox, "linked")]) {
      await Deno.remove(path).catch(() => {});
    }
  }
  await put();
  const good = watched(root, sandbox);
  await Deno.writeTextFile(join(sandbox, "own"), "x");
  assertEquals(watched(root, sandbox), good);
  await Deno.remove(root, { recursive: true });
});

Deno.test("unclear() tells a sentence from what engines and systems say", () => {
  const bad = [
    new TypeError("Cannot read properties of null (reading 'a')"),
    new TypeError("x is not a function"),
    new Error("it is wrong"),
    new Error("Cannot read file: Unexpected token 'x'"),
    new Error("Cannot read file: Is a directory (os error 21)"),
    new Error("Cannot read picture: unreachable"),
    new Error("Cannot read it: [object Object]"),
    new Error("Cannot do it: it failed"),
    "text",
  ];
  for (const error of bad) assert(unclear(error) !== undefined, String(error));
  assertEquals(
    unclear(new RangeError("Cannot plan run: steps is 0; expected 1 or more")),
    undefined,
  );
});

Deno.test("the same seed and case make the same input, and others make others", () => {
  const make = (seed: number, index: number) => {
    const random = new Random(seed, index);
    const bytes = mutateBytes(random, new Uint8Array(100));
    return `${bytes} ${hostileJson(random, { a: [1, { b: "x" }], c: 2 }).slice(0, 200)}`;
  };
  const all = Array.from({ length: 200 }, (_, i) => make(i % 4, i >> 2));
  assertEquals(all, Array.from({ length: 200 }, (_, i) => make(i % 4, i >> 2)));
  assert(new Set(all).size > 180, `${new Set(all).size}`);
});
