import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readFileSync } from "node:fs";
import { exitCodes, fileError } from "./exit_codes.ts";
import { explain } from "./explain.ts";
import { isSentence } from "./sentence.ts";

Deno.test("explain() tells a wrong setting from a wrong model and from a failure", () => {
  const code = (error: unknown) => explain(error).exitCode;
  assertEquals(code(new RangeError("Cannot plan run: steps is 0")), exitCodes.usage);
  assertEquals(code(new TypeError('Cannot open model "x": its pipeline is Y')), exitCodes.model);
  assertEquals(
    code(new TypeError('Cannot use "/m/unet/model.onnx" as denoiser: it reads x')),
    exitCodes.model,
  );
  assertEquals(code(new SyntaxError("Cannot parse /m/unet/config.json: x")), exitCodes.model);
  assertEquals(code(new Error("Cannot run graph: out of memory")), exitCodes.failed);
  assertEquals(code(new DOMException("stop", "AbortError")), exitCodes.interrupted);
  assertEquals(code("a string"), exitCodes.bug);
});

/** What an engine throws when `work` runs. */
function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

Deno.test("explain() shows nothing that an engine says, and says that it is a mistake of ours", () => {
  // deno-lint-ignore no-explicit-any
  const nothing = null as any, text = "x" as any;
  const deep = (): number => 1 + deep();
  const errors = [
    thrown(() => nothing.a),
    thrown(() => nothing["a: b"]),
    thrown(() => nothing.a = 1),
    thrown(() => text.f()),
    thrown(() => Object.keys(nothing)),
    thrown(() => `${{ toString: 1 }}`),
    thrown(() => 1n + text.length),
    thrown(() => "a: b" in text),
    thrown(() => Object.defineProperty(Object.freeze({}), "a: b", {})),
    thrown(() => new URL("nonsense")),
    thrown(() => JSON.parse("{")),
    thrown(() => [...nothing]),
    thrown(() => new Uint8Array(-1)),
    thrown(deep),
    "a string",
    undefined,
  ];
  for (const error of errors) {
    const { message, exitCode } = explain(error);
    const shown = `${error}\n${message}`;
    assertStringIncludes(message, "Cannot go on", shown);
    assert(!message.includes("\n"), shown);
    if (error instanceof Error) assert(!message.includes(error.message), shown);
    if (!/array length/.test(String(error))) assertEquals(exitCode, exitCodes.bug, shown);
  }
  const bug = explain(thrown(() => nothing.a)).message;
  assertMatch(bug, /TypeError at apps\/cli\/explain_test\.ts:\d+\); please report it/);
});

Deno.test("explain() shows where an error arose when it is asked to", () => {
  assertEquals(explain(new RangeError("Cannot x: y")).message, "Cannot x: y");
  const message = explain(new RangeError("Cannot x: y"), true).message;
  assertMatch(message, /^Cannot x: y\nRangeError: Cannot x: y\n {4}at .*explain_test/);
});

Deno.test("explain() says in words what the operating system refused", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/file`;
  await Deno.writeTextFile(file, "");
  await Deno.symlink(`${folder}/loop`, `${folder}/loop`);
  const cases: [work: () => unknown, words: string][] = [
    [() => Deno.readFileSync(folder), `Cannot use ${folder}: it is a folder`],
    [() => Deno.readFileSync(`${folder}/no`), `Cannot use ${folder}/no: there is no such file`],
    [() => Deno.readFileSync(`${file}/x`), `Cannot use ${file}/x: a part of its path is a file`],
    [() => Deno.readFileSync(`${folder}/loop`), "its links lead in a circle"],
    [() => Deno.readFileSync(`${folder}/${"x".repeat(300)}`), "its name is too long"],
    [() => Deno.readFileSync(`${folder}/\0`), "no file can have such a name"],
    [() => Deno.writeFileSync("/dev/full", new Uint8Array(1)), "the disk is full"],
    [() => readFileSync(folder), "it is a folder"],
    [() => readFileSync(`${folder}/no`), `Cannot use ${folder}/no: there is no such file`],
  ];
  for (const [work, words] of cases) {
    const error = thrown(work);
    const { message, exitCode } = explain(error);
    assertStringIncludes(message, words);
    assert(!/os error|E[A-Z]{4}/.test(message), message);
    assertEquals(exitCode, exitCodes.file, message);
    // So it does where one of our sentences quotes it.
    const quoting = fileError(`Cannot read x: ${(error as Error).message}; expected y`, error);
    assertMatch(explain(quoting).message, /^Cannot read x: [^:]+; expected y$/);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("explain() names a permission that Deno was started without", () => {
  const text = `Requires net access to "hub.example:443", run again with the --allow-net flag`;
  const { message, exitCode } = explain(new Deno.errors.NotCapable(text));
  assertStringIncludes(message, `(net: "hub.example:443"); expected --allow-net`);
  assertEquals(exitCode, exitCodes.file);
});

Deno.test("every message that the packages throw is of the form that explain() knows", async () => {
  const from = new URL("../../packages/", import.meta.url);
  let count = 0;
  const walk = async (folder: URL) => {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.isDirectory) await walk(new URL(`${entry.name}/`, folder));
      if (!/(?<!_test|_testing)\.ts$/.test(entry.name) || /testdata/.test(folder.href)) continue;
      const source = (await Deno.readTextFile(new URL(entry.name, folder)))
        .replace(/^\s*\*.*$/gm, ""); // examples
      // The start of a message, with whatever it puts in as one letter.
      for (const [text] of source.matchAll(/(?<=Error\(\s*(?:"\w+",\s*)?)([`"])Cannot .*?\1/gs)) {
        const message = text.slice(1, -1).replace(/\$\{[^{}]*\}/g, "x");
        const goesOn = !message.includes(": ") && source.includes(`${text} +`);
        assert(isSentence(message) || goesOn, `${entry.name}: ${message}`);
        count++;
      }
    }
  };
  await walk(from);
  assert(count > 200, `${count}`);
});

Deno.test("explain() says which --clip-skip a model takes", () => {
  const said = (text: string) => explain(new RangeError(text)).message;
  const few = 'Cannot skip 1 layers of "t/model.onnx": it has 1; expected at most 0';
  assertStringIncludes(said(few), "give --clip-skip 1 or less");
  const none =
    'Cannot read layer -2 of "t/model.onnx": it gives x only; expected y, or do without ' +
    "CLIP skip";
  assertStringIncludes(said(none), "or give --clip-skip 1");
});
