import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { MockHub } from "../../packages/models/testing/_mock_hub.ts";
import { sd, withFolder } from "./_testing.ts";
import { exitCodes } from "./exit_codes.ts";

/** The files of a model folder, as a repository on the hub has them. */
function filesOf(folder: string): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  const walk = (prefix: string) => {
    for (const entry of Deno.readDirSync(join(folder, prefix))) {
      const path = prefix + entry.name;
      if (entry.isDirectory) walk(`${path}/`);
      else files[path] = Deno.readFileSync(join(folder, path));
    }
  };
  walk("");
  return files;
}

Deno.test("a hub id is downloaded, used offline afterwards, listed, and gives the folder's picture", () =>
  withFolder(async ({ run, folder }) => {
    await using hub = new MockHub(filesOf(sd));
    const env = { HF_ENDPOINT: hub.endpoint, HF_TOKEN: "" };
    const picture = ["a cat", "--steps", "2", "-s", "1", "-o"];
    const online = await run(["--model", "owner/model", ...picture, "a.png"], { env });
    assertEquals(online.code, exitCodes.ok, online.err);
    assertStringIncludes(online.err, "downloading: ");
    const nowhere = { HF_ENDPOINT: "http://127.0.0.1:9" };
    const offline = await run(["--model", "owner/model", "--offline", ...picture, "b.png"], {
      env: nowhere,
    });
    assertEquals(offline.code, exitCodes.ok, offline.err);
    assert(!offline.err.includes("downloading"));
    const local = await run(["--model", sd, "--no-metadata", ...picture, "c.png"]);
    assertEquals(local.code, exitCodes.ok, local.err);
    const read = (name: string) => Deno.readFileSync(join(folder, name));
    assertEquals(read("a.png"), read("b.png"));
    const { readPicture, readTexts } = await import("./picture/image_file.ts");
    const pixels = async (name: string) => (await readPicture(join(folder, name))).data;
    assertEquals(await pixels("a.png"), await pixels("c.png"));
    const record = JSON.parse((await readTexts(join(folder, "a.png"))).shum!);
    assertEquals(record.model.name, "owner/model");
    assertEquals(record.model.commit.length, 40);
    assertEquals(record.model.hash, hub.hash("unet/model.onnx").slice(0, 10));
    const list = await run(["--list-models"]);
    assertStringIncludes(list.out, "owner/model  StableDiffusionPipeline");

    const unknown = await run(["--model", "owner/unknown", "x"], { env });
    assertEquals(unknown.code, exitCodes.model);
    assertStringIncludes(unknown.err, "does not exist");
    assertStringIncludes(unknown.err, "HF_TOKEN");
    const revision = await run(["--model", "owner/model", "--revision", "v9", "x"], { env });
    assertEquals(revision.code, exitCodes.model);
    assertStringIncludes(revision.err, `"v9"`);
  }));
