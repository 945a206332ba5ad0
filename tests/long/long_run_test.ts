/** One process that makes many images, many at once, and gives many up. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { ignore } from "./_long.ts";

const MiB = 2 ** 20;

const name = "a process makes 200 images, 20 at once, and gives up many without growing";
Deno.test({ name, ignore }, async (t) => {
  const script = new URL("./_long_run.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--v8-flags=--expose-gc", script],
    stdout: "piped",
    stderr: "piped",
    // A thread or timer that is left would keep the process from ending.
    signal: AbortSignal.timeout(300_000),
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const seen = JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);

  // Each of the 50 images of a stretch holds 0.24 MiB of pixels and tensors: 12 MiB if they were kept.
  await t.step("memory does not grow with the number of images", () => {
    assertLess(seen.growth, 4 * MiB);
  });
  await t.step("20 streams at once give the images that each gives alone", () => {
    assertEquals(seen.distinct, 20);
    assertEquals(seen.different, 0);
  });
  await t.step("an aborted run throws the signal's reason, after whichever step", () => {
    assertEquals(seen.reasons, ["at 0", "at 1", "at 2", "at 3"]);
  });
  await t.step("runs that were given up leave no memory behind and disturb no later run", () => {
    assertLess(seen.growthByCancelling, 4 * MiB);
    assert(seen.afterwards);
  });
});
