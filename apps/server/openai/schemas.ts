/**
 * OpenAI's requests for pictures, with our settings beside theirs.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { pictureOptions } from "../cli.ts";
import { range, settingFields } from "../drawing/settings.ts";

const ignored = z.string().max(256).nullish();

/** What generations and edits have in common. */
const common = {
  prompt: z.string().describe("what to show"),
  model: z.string().max(256).nullish().describe("one of /v1/models; the first when absent"),
  n: z.number().int().min(1).nullish().describe("how many pictures"),
  size: z.string().regex(/^(auto|[1-9]\d{0,4}x[1-9]\d{0,4})$/, 'expected "WIDTHxHEIGHT" or "auto"')
    .nullish().describe('such as "256x256"; the model\'s own size when absent'),
  response_format: z.enum(["b64_json", "url"]).nullish()
    .describe("url: an address on this server, good for ten minutes"),
  output_format: z.enum(["png", "jpeg"]).nullish(),
  output_compression: z.number().int().min(1).max(100).nullish().describe("quality of JPEG"),
  stream: z.boolean().nullish().describe("server-sent events"),
  partial_images: z.number().int().min(0).max(3).nullish()
    .describe("how many times each picture is shown on its way; needs stream"),
  background: z.enum(["auto", "opaque"]).nullish().describe("pictures here have a background"),
  quality: ignored.describe("read and not used: see steps"),
  style: ignored.describe("read and not used"),
  user: ignored.describe("read and not used"),
  moderation: ignored.describe("read and not used"),
} as const;

/** Body of `/v1/images/generations`. */
export const generation = z.strictObject({ ...common, ...settingFields })
  .openapi("ImageGenerationRequest");

const edits = {
  ...common,
  ...settingFields,
  input_fidelity: ignored.describe("read and not used: see strength"),
  strength: range("strength"),
  mask_blur: range("maskBlur"),
  mask_padding: range("maskPadding").describe(pictureOptions.maskPadding.help),
} as const;

const reference = z.union([
  z.string(),
  z.strictObject({ image_url: z.string() }),
]).describe("a data URL; nothing is fetched");

/** JSON body of `/v1/images/edits`. */
export const editJson = z.strictObject({
  ...edits,
  images: z.array(reference).length(1, "expected one picture").optional(),
  image: reference.optional(),
  mask: reference.nullish().describe("transparent where the picture is to change"),
}).openapi("ImageEditRequest");

/** Fields of a form of `/v1/images/edits`, its files aside. */
export const editFields = z.strictObject(edits);

/** Multipart body of `/v1/images/edits`, for the description of the API. */
export const editForm = z.object({
  ...edits,
  image: z.string().openapi({ format: "binary" }),
  mask: z.string().optional().openapi({ format: "binary" }),
}).openapi("ImageEditForm");

/** The fields of all bodies, for whoever misspells one. */
export const KNOWN: readonly string[] = Object.keys(editJson.shape);

/** What a generation asks for. */
export type Generation = z.infer<typeof generation>;
/** What an edit asks for, its pictures aside. */
export type Edit = z.infer<typeof editFields>;

/** One picture of an answer. */
const picture = z.object({
  b64_json: z.string().optional(),
  url: z.string().optional(),
  seed: z.number().int().describe("makes this picture again"),
});

/** The answer of both. */
export const images = z.object({
  created: z.number().int(),
  data: z.array(picture),
  output_format: z.enum(["png", "jpeg"]),
  size: z.string(),
  background: z.literal("opaque"),
  quality: z.literal("auto"),
}).openapi("Images");
