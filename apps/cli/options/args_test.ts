import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { nearlyCommand, readArgs, readNumbers, readWeighted } from "./args.ts";
import { CliError, exitCodes } from "../exit_codes.ts";
import { helpText } from "./help.ts";
import { didYouMean } from "./nearest.ts";
import { flagOf, options } from "./options.ts";

function refused(argv: readonly string[], text: string): void {
  const error = assertThrows(() => readArgs(argv), CliError, text);
  assertEquals(error.exitCode, exitCodes.usage);
}

Deno.test("readArgs() reads flags in every usual spelling", () => {
  const { given, words, command } = readArgs(
    [
      "a",
      "cat",
      "-n",
      "dog",
      "--steps=12",
      "-s42",
      "--cfg_scale",
      "7.5",
      "-qW",
      "512",
      "--batch-count",
      "3",
    ],
  );
  assertEquals(command, "generate");
  assertEquals(words, ["a", "cat"]);
  assertEquals(given, {
    negativePrompt: "dog",
    steps: 12,
    seed: 42,
    cfgScale: 7.5,
    quiet: true,
    width: 512,
    batchCount: 3,
  });
});

Deno.test("readArgs() takes other tools' names for options and choices", () => {
  const { given } = readArgs(
    [
      "--guidance-scale=4",
      "--num-inference-steps=9",
      "--sampling-method=euler_a",
      "--init-image=a.png",
      "--denoising-strength=0.5",
      "--subseed=3",
      "--rng=cuda",
      "--provider=CPU",
      "--guidance=cfgpp",
      "--outdir=pictures",
      "--dtype=float16",
    ],
  );
  assertEquals(given, {
    cfgScale: 4,
    steps: 9,
    sampler: "euler_a",
    initImg: "a.png",
    strength: 0.5,
    variationSeed: 3,
    rng: "nv",
    device: "cpu",
    guidance: "cfg++",
    output: "pictures/",
    dtype: "fp16",
  });
});

Deno.test("readArgs() lets a value begin with a dash, and -- end the flags", () => {
  assertEquals(readArgs(["--seed", "-1", "-p", "-", "--", "--steps"]), {
    command: "generate",
    given: { seed: -1, prompt: "-" },
    words: ["--steps"],
  });
  assertEquals(readArgs(["--prompt=--steps"]).given.prompt, "--steps");
});

Deno.test("readArgs() reads commands only as the first word", () => {
  assertEquals(readArgs(["plan", "--steps", "4"]).command, "plan");
  assertEquals(readArgs(["inspect", "x"]), { command: "inspect", given: {}, words: ["x"] });
  assertEquals(readArgs(["--steps", "4", "plan"]).command, "generate");
  assertEquals(readArgs(["a", "plan"]).words, ["a", "plan"]);
});

Deno.test("readArgs() refuses unknown flags and names the nearest known one", () => {
  refused(["--negatve-prompt", "x"], "did you mean --negative-prompt?");
  refused(["--stpes=3"], "did you mean --steps?");
  refused(["--sampl", "x"], "did you mean --sampler?");
  refused(["--xyzzy"], "see --help");
  refused(["-z"], "Cannot use -z");
  refused(["-steps", "3"], "did you mean --steps?");
});

Deno.test("readArgs() refuses values that cannot be, and says what can", () => {
  refused(["--steps", "abc"], 'value is "abc"; expected a whole number from 1 to 1000');
  refused(["--steps", "2.5"], "a whole number");
  refused(["--steps", "0"], "from 1");
  refused(["--steps"], "needs a value");
  refused(["--steps", "--seed", "1"], "needs a value");
  refused(["--seed", "-2"], "from -1");
  refused(["--seed", "9007199254740993"], "9007199254740991");
  refused(["--cfg-scale", "NaN"], "a number");
  refused(["--cfg-scale", "1e9999"], "a number");
  refused(["--strength", "1.5"], "from 0 to 1");
  refused(["--device", "cudaa"], "did you mean cuda?");
  refused(["--width", "500"], "a multiple of 8, such as 496 or 504");
  refused(["--size", "500x512"], "a multiple of 8");
  refused(["--size", "big"], "WxH");
  refused(["--size", "64x64", "--width", "64"], "one or the other");
  refused(["--json=maybe"], "a switch");
  refused(["--sigmas", "1,2"], "falling");
  refused(["--timesteps", "900,,1"], "falling");
  refused(["--steps", "3", "--sigmas", "2,1"], "more than one");
  refused(["--mask", "m.png"], "without --init-img");
  refused(["--invert-mask"], "without --mask");
  refused(["--guidance-start", "0.6", "--guidance-stop", "0.5"], "below");
  refused(["-q", "-v"], "both");
  refused(["--also", "no weight"], "a colon and its weight");
});

Deno.test("readArgs() reads sizes, lists of numbers, and weighted prompts", () => {
  assertEquals(readArgs(["--size", "512x768"]).given.height, 768);
  assertEquals(readNumbers("sigmas", "14.6, 3.1,0"), [14.6, 3.1, 0]);
  assertEquals(readWeighted("a hat: red:2.5"), { prompt: "a hat: red", weight: 2.5 });
  assertEquals(readArgs(["--also", "a:1", "--also", "b:2"]).given.also, ["a:1", "b:2"]);
});

Deno.test("helpText() shows every option and keeps to the width", () => {
  const help = helpText(100);
  for (const key of Object.keys(options)) assertStringIncludes(help, `--${flagOf(key)}`);
  for (const line of help.split("\n")) assert(line.length <= 110, line);
});

Deno.test("no two options share a flag or a letter", () => {
  const names = Object.entries(options).flatMap(([key, option]) => [
    flagOf(key),
    ...("aliases" in option ? option.aliases : []),
    ...("short" in option ? [option.short] : []),
  ]);
  assertEquals(new Set(names).size, names.length);
});

Deno.test("didYouMean() says nothing where no name is near", () => {
  assertEquals(didYouMean("plam", ["plan", "inspect"]), "; did you mean plan?");
  assertEquals(didYouMean("qqqq", ["steps", "seed"]), "");
  assertEquals(didYouMean("xyz", ["eta", "lms"]), "");
  refused(["--abc", "1"], "see --help"); // --also is two letters away, of three
  refused(["--device", "qpu"], "did you mean cpu?");
  refused(["--device", "gpu1"], "webgpu, dml, coreml");
  refused(["-xyz"], "see --help");
});

Deno.test("a word that is nearly a command is a prompt, and the command is named", () => {
  assertEquals(nearlyCommand(["plam"]), '"plam" is taken for a prompt; did you mean plan?');
  assertEquals(
    nearlyCommand(["inspekt"]),
    '"inspekt" is taken for a prompt; did you mean inspect?',
  );
  for (const words of [["plant"], ["plam", "tree"], ["cat"], []]) {
    assertEquals(nearlyCommand(words), undefined);
  }
});
