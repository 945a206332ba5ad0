import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { models, sd, withFolder } from "./_testing.ts";
import { exitCodes } from "./exit_codes.ts";
import { readPicture } from "./picture/image_file.ts";
import { plotTerms } from "./picture/plot.ts";

const picture = join(models, "image.png");
const classify = ["classify", picture, "--model", sd, "--draws", "4"];
const likelihood = ["likelihood", picture, "--model", sd, "--steps", "6"];

Deno.test("classify prints every label, the likeliest first, as a table and as JSON", () =>
  withFolder(async ({ run }) => {
    const labels = ["--labels", "cat, dog,the sea", "--template", "a picture of {}"];
    const { out, code, err } = await run([...classify, ...labels, "--json"]);
    assertEquals(code, exitCodes.ok, err);
    const { labels: told, evaluations } = JSON.parse(out);
    const of = (key: string) => told.map((entry: Record<string, unknown>) => entry[key]);
    assertEquals(of("label").toSorted(), ["cat", "dog", "the sea"]);
    assertStringIncludes(of("prompt").join(), "a picture of the sea");
    assertEquals(of("probability"), of("probability").toSorted().reverse());
    assertAlmostEquals(of("probability").reduce((a: number, b: number) => a + b, 0), 1, 1e-6);
    assert(evaluations <= 12);
    const table = await run([...classify, ...labels]);
    assertMatch(table.out, /^ +p +error +draws +label\n/);
    assertStringIncludes(table.out.split("\n")[1]!, told[0].label);
    assertEquals((await run([...classify, ...labels, "--json"])).out, out);
  }));

Deno.test("likelihood prints the flow's bits and the bound's terms, and draws them", () =>
  withFolder(async ({ run, folder }) => {
    const drawn = [...likelihood, "--prompt", "a cat", "--plot", "terms.png", "--json"];
    const { out, code, err } = await run(drawn);
    assertEquals(code, exitCodes.ok, err);
    const { of, bitsPerDim, bound, dimensions, plot } = JSON.parse(out);
    assertEquals([of, dimensions, plot], ["latents", 4 * 8 * 8, "terms.png"]);
    const { total, prior, terms, decoder } = bound;
    assertEquals(terms.length, 5);
    assertAlmostEquals(
      total,
      prior + decoder + terms.reduce((a: number, b: number) => a + b),
      1e-6,
    );
    assert(Number.isFinite(bitsPerDim));
    assertEquals((await readPicture(join(folder, "terms.png"))).width, 800);
    const text = await run(likelihood);
    assertStringIncludes(text.out, "latents, not of its pixels");
    assertStringIncludes(text.out, "total, a bound from above");
    const pixels = await run([
      "likelihood",
      picture,
      "--model",
      join(models, "ddpm"),
      "--steps",
      "4",
    ]);
    assertEquals(pixels.code, exitCodes.ok, pixels.err);
    assertStringIncludes(pixels.out, "values of 8 bits");
  }));

Deno.test("plotTerms() draws every term that costs something, and a decoder of many negative bits", () => {
  const { data } = plotTerms({ total: 0.4, prior: 0, terms: [0.1, 0.2, 0.3], decoder: -6 }, "x");
  const blue = data.filter((_, i) => i % 3 === 0 && data[i] === 30 && data[i + 1] === 90);
  assert(blue.length > 10_000);
});

Deno.test("classify and likelihood refuse what does not apply to them", () =>
  withFolder(async ({ run, files }) => {
    const two = ["--labels", "cat,dog"];
    const refusals: [string[], number, string][] = [
      [["classify", ...two], 2, "expected one picture"],
      [["classify", "none.png", ...two], 4, "no such file"],
      [classify, 2, "at least two different labels"],
      [[...classify, "--labels", "cat"], 2, "at least two different labels"],
      [[...classify, "--labels", "cat,cat"], 2, "at least two different labels"],
      [[...classify, ...two, "--template", "a picture"], 2, "expected {}"],
      [[...classify, ...two, "--sampler", "ddim"], 2, "Cannot use --sampler with classify"],
      [["classify", picture, ...two, "--model", join(models, "ddpm")], 2, "reads no text"],
      [["classify", picture, ...two, "--model", join(models, "cm")], 2, "pictures of classes"],
      [[...likelihood.slice(0, 4), "--steps", "1"], 2, "--steps is 1"],
      [[...likelihood, "--labels", "a,b"], 2, "Cannot use --labels with likelihood"],
      [[...likelihood, "--plot", "a.gif"], 2, "must end in .png"],
      [[...likelihood, "--plot", "no/a.png"], 4, "does not exist"],
      [["likelihood", picture, "--model", join(models, "ddpm"), "-p", "a"], 2, "reads no text"],
    ];
    for (const [args, expected, why] of refusals) {
      const { code, err, out } = await run(args);
      assertEquals(code, expected, `${args.join(" ")}: ${err}`);
      assertStringIncludes(err, why);
      assertEquals(out, "");
    }
    assertEquals(files(), []);
  }));
