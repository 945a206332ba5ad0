/** The command line says of a run what the pipeline says. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { models, sd, withFolder } from "./_testing.ts";
import { exitCodes } from "./exit_codes.ts";
import { readPicture } from "./picture/image_file.ts";

const testdata = (name: string) =>
  fromFileUrl(new URL(`../../packages/pipelines/testdata/${name}`, import.meta.url));
const image = join(models, "image.png");

Deno.test("--dry-run and plan count the calls that --strength leaves", () =>
  withFolder(async ({ run }) => {
    const args = ["--model", sd, "-i", image, "--strength", "0.5", "--steps", "20"];
    const ddim = ["--sampler", "ddim"];
    const dry = await run(["a cat", ...args, ...ddim, "--dry-run"]);
    assertStringIncludes(dry.out, "1 picture of 10 model calls by DDIM", dry.err);
    const plan = JSON.parse((await run(["plan", ...args, ...ddim, "--json"])).out);
    assertEquals([plan.calls, plan.plan.steps.length, plan.timesteps.length], [10, 10, 10]);
    const told = JSON.parse((await run(["a cat", ...args, ...ddim, "--dry-run", "--json"])).out);
    assertEquals(told.runs[0].plan.timesteps, plan.timesteps);
    assertEquals(told.runs[0].plan.branches, ["positive", "negative"]);
  }));

Deno.test("plan shows TCD with the pipeline's eta, which is 0", () =>
  withFolder(async ({ run }) => {
    const args = ["plan", "--model", sd, "--sampler", "tcd", "--steps", "3"];
    const plain = await run(args);
    assert(!plain.out.includes("·z"), plain.out);
    assertStringIncludes((await run([...args, "--eta", "0.3"])).out, "·z");
  }));

Deno.test("a score model draws, and plan says that it has none", () =>
  withFolder(async ({ run, folder }) => {
    const ve = ["--model", testdata("score"), "--steps", "3"];
    const made = await run([...ve, "-s", "1", "-q", "-o", "a.png"]);
    assertEquals(made.code, exitCodes.ok, made.err);
    assertEquals((await readPicture(join(folder, "a.png"))).width, 16);
    const plan = await run(["plan", ...ve]);
    assertStringIncludes(plan.out, "6 model calls", plan.err);
    assertStringIncludes(plan.out, "there is no plan to show");
    const plot = await run(["plan", ...ve, "--plot", "levels.png"]);
    assertEquals(plot.code, exitCodes.usage);
    assertStringIncludes(plot.err, "finds its steps as it goes");
    const other = await run([...ve, "--sampler", "ddim"]);
    assertEquals(other.code, exitCodes.usage);
    assertStringIncludes(other.err, "Cannot change sampler");
  }));

Deno.test("plan asks for no picture, prompt or class, whatever the model", () =>
  withFolder(async ({ run }) => {
    const folders = ["cm", "dit", "ddpm", "inpaint", "lcm"].map((name) => join(models, name));
    for (const folder of [...folders, testdata("upscale")]) {
      const { code, err, out } = await run(["plan", "--model", folder, "--steps", "2"]);
      assertEquals(code, exitCodes.ok, err);
      assertStringIncludes(out, "call");
    }
  }));

Deno.test("what the model cannot be guided by is refused before it is opened", () =>
  withFolder(async ({ run }) => {
    const args = ["--model", join(models, "cm"), "--class", "3", "--cfg-scale", "3", "--dry-run"];
    const { code, err } = await run(args);
    assertEquals(code, exitCodes.usage, err);
    assertStringIncludes(err, '"negative" branch');
  }));

Deno.test("--dry-run of a cascade counts the calls of each stage", () =>
  withFolder(async ({ run }) => {
    const args = ["a cat", "--model", sd, "--steps", "2", "--sampler", "ddim", "--size", "16x16"];
    const { out, err } = await run([...args, "--upscaler", testdata("upscale"), "--dry-run"]);
    assertStringIncludes(out, "of 2 + 75 model calls", err);
  }));
