/**
 * The GPU path: a whole tiny pipeline on the WebGPU provider. Without a GPU, `tools/swiftshader.sh`
 * gives one that runs on the processor. SHUM_REQUIRE_WEBGPU=1 makes its absence a failure.
 */
import { assert, assertEquals, assertLess } from "@std/assert";

/** The driver of tools/swiftshader.sh, for our own processes only. */
function driver(): Record<string, string> {
  const folder = Deno.env.get("SHUM_SWIFTSHADER");
  if (folder === undefined) return {};
  const icd = `${folder}/vk_swiftshader_icd.json`;
  return { VK_ICD_FILENAMES: icd, VK_DRIVER_FILES: icd, LD_LIBRARY_PATH: folder };
}

const required = Deno.env.get("SHUM_REQUIRE_WEBGPU") === "1";

async function child(...args: string[]): Promise<Record<string, unknown>> {
  const script = new URL("./_webgpu_run.ts", import.meta.url).pathname;
  const { success, code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", script, ...args],
    env: driver(),
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert(success, `exit code ${code}: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

const probe = await child("probe");
if (!probe.available) {
  console.log(`WebGPU tests ${required ? "fail" : "are skipped"}: ${probe.reason}`);
}

Deno.test({
  name: "WebGPU is there when SHUM_REQUIRE_WEBGPU asks for it",
  ignore: !required,
  fn: () => assertEquals(probe.available, true, String(probe.reason)),
});

Deno.test({
  name: "on WebGPU a whole pipeline, from picture to picture, gives what the CPU gives",
  ignore: !probe.available,
  fn: async () => {
    const { latents, pixels } = await child("sd", "image-euler-a");
    assertLess(latents as number, 1e-3);
    // Sums are taken in another order there: equal bits would mean that the CPU did the work.
    assert(latents as number > 0, "the result is the CPU's to the last bit");
    assert((pixels as number) <= 1, `pixels differ by ${pixels}`);
  },
});
