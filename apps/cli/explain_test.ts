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
