import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { inferenceServer } from "../../packages/models/testing/_inference_server.ts";
import { models, steps, withFolder } from "./_testing.ts";
import { exitCodes } from "./exit_codes.ts";

Deno.test("--engine draws on servers what is drawn here, byte for byte", () =>
  withFolder(async ({ folder, run }) => {
    await using server = await inferenceServer({ unet: join(models, "sd/unet/model.onnx") });
    const draw = async (...more: string[]) => {
      const made = await run([...steps, "a cat", "-s", "1", "-o", "a.png", "--overwrite", ...more]);
      assertEquals(made.code, exitCodes.ok, made.err);
      return await Deno.readFile(join(folder, "a.png"));
    };
    assertEquals(await draw("--engine", server.url), await draw());
    assert(server.calls > 0);
    const gone = await run([...steps, "a cat", "--engine", "http://127.0.0.1:9"]);
    assert(gone.code !== 0);
    assertStringIncludes(gone.err, "http://127.0.0.1:9/ could not be reached");
    const wrong = await run([...steps, "a cat", "--engine", "unet"]);
    assertEquals(wrong.code, exitCodes.usage);
    assertStringIncludes(wrong.err, 'url is "unet"');
  }));
