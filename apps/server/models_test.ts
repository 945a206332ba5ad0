import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { client, good } from "./_testing.ts";
import { HttpError } from "./errors.ts";
import { openModels, readModelSource } from "./models.ts";

const fixtures = fromFileUrl(new URL("../../tests/fixtures/pipelines", import.meta.url));

Deno.test("readModelSource() tells names from paths", () => {
  assertEquals(readModelSource("a=b"), { name: "a", from: "b" });
  assertEquals(readModelSource("gpt-image-1=owner/name@v2"), {
    name: "gpt-image-1",
    from: "owner/name@v2",
  });
  assertEquals(readModelSource("/models/a=b"), { from: "/models/a=b" });
  assertEquals(readModelSource("owner/name"), { from: "owner/name" });
});

Deno.test("several models are served by name, and the first where none is named", async () => {
  await using models = await openModels([
    { from: `${fixtures}/sd` },
    { name: "gpt-image-1", from: `${fixtures}/lcm` },
  ]);
  const server = client(models);
  const { data } = await good(server.get("/v1/models"));
  assertEquals(data.map(({ id }: { id: string }) => id), ["sd", "gpt-image-1"]);
  const body = { prompt: "a cat", seed: 1, steps: 2 };
  const draw = async (model?: string) => {
    const answer = await good(server.post("/v1/images/generations", { ...body, model }));
    return answer.data[0].b64_json;
  };
  const [unnamed, first, second] = [await draw(), await draw("sd"), await draw("gpt-image-1")];
  assertEquals(unnamed, first);
  assert(first !== second);
  // The web UI's way: whoever chooses a model chooses it for the requests that follow.
  const a1111 = async (settings = {}) =>
    (await good(server.post("/sdapi/v1/txt2img", { ...body, ...settings }))).images[0];
  assertEquals(await a1111(), first);
  await good(server.post("/sdapi/v1/options", { sd_model_checkpoint: "gpt-image-1" }));
  assertEquals(await a1111(), second);
  assertEquals(await a1111({ override_settings: { sd_model_checkpoint: "sd" } }), first);
  const error = assertThrows(() => models.get("gpt-image-2"), HttpError) as HttpError;
  assert(error.message.includes("did you mean gpt-image-1"), error.message);
});

Deno.test("a model that cannot be served is told at the start", async () => {
  await assertRejects(() => openModels([{ from: `${fixtures}/none` }]), Error, "none");
  const pixels = () => openModels([{ from: `${fixtures}/ddpm` }]);
  await assertRejects(pixels, TypeError, "expected a text-to-image model");
  const twice = () => openModels([{ from: `${fixtures}/sd` }, { from: `${fixtures}/sd` }]);
  await assertRejects(twice, TypeError, "two models named sd");
});
