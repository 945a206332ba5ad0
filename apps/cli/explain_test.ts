import { assertEquals, assertStringIncludes } from "@std/assert";
import { exitCodes } from "./exit_codes.ts";
import { explain } from "./explain.ts";

Deno.test("explain() tells a wrong setting from a wrong model and from a failure", () => {
  const code = (error: unknown) => explain(error).exitCode;
  assertEquals(code(new RangeError("Cannot plan run: steps is 0")), exitCodes.usage);
  assertEquals(code(new TypeError('Cannot open model "x": its pipeline is Y')), exitCodes.model);
  assertEquals(code(new TypeError('Cannot use "/m/unet/model.onnx" as denoiser')), exitCodes.model);
  assertEquals(code(new SyntaxError("Cannot parse /m/unet/config.json: x")), exitCodes.model);
  assertEquals(code(new Error("Cannot run graph: out of memory")), exitCodes.failed);
  assertEquals(code(new DOMException("stop", "AbortError")), exitCodes.interrupted);
  assertEquals(code("a string"), exitCodes.failed);
});

Deno.test("explain() shows a trace only where nobody wrote a sentence", () => {
  assertEquals(explain(new RangeError("Cannot x: y")).message, "Cannot x: y");
  assertStringIncludes(explain(new TypeError("x is not a function")).message, "at ");
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
