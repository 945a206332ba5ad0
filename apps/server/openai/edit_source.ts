/**
 * The bodies of edits: a form with files, or JSON with data URLs.
 *
 * @module
 */

import type { z } from "@hono/zod-openapi";
import { badRequest } from "../errors.ts";
import { refusal } from "../http/routes.ts";
import { bytesOf, holesOf, type Source, sourceOf, uploaded } from "../drawing/uploads.ts";
import type { Limits } from "../limits.ts";
import { type Edit, editFields, editJson, KNOWN } from "./schemas.ts";

/** An edit, its pictures still files. */
export interface EditBody {
  readonly fields: Edit;
  readonly image: Uint8Array;
  readonly mask: Uint8Array | undefined;
}

function checked<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw refusal(result.error.issues, KNOWN);
}

function one<T>(found: readonly T[]): T {
  if (found.length === 1) return found[0]!;
  throw badRequest(
    `Cannot edit: there are ${found.length} pictures in image; expected one`,
    "image",
  );
}

/** A form's text as the field's schema has it: itself where that takes text, else what it spells. */
function fieldOf(key: string, text: string): unknown {
  const schema: z.ZodType | undefined = (editFields.shape as Record<string, z.ZodType>)[key];
  if (schema === undefined || schema.safeParse(text).success) return text;
  if (text === "true" || text === "false") return text === "true";
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : text;
}

/** Reads a form. */
export async function fromForm(request: Request): Promise<EditBody> {
  let form: FormData;
  try {
    form = await request.formData();
  } catch {
    throw badRequest(
      "Cannot read the request: it is no multipart/form-data; expected a whole form",
    );
  }
  const fields: Record<string, unknown> = {};
  const files: Record<"image" | "mask", File[]> = { image: [], mask: [] };
  for (const [name, value] of form) {
    const key = name.replace(/\[\]$/, "");
    if (key === "image" || key === "mask") {
      if (typeof value === "string") {
        throw badRequest(`Cannot read ${key}: it is text; expected a file`, key);
      }
      files[key].push(value);
    } else if (typeof value !== "string") {
      throw badRequest(
        `Cannot read ${key.slice(0, 80)}: it is a file; expected text`,
        key.slice(0, 80),
      );
    } else fields[key] = fieldOf(key, value);
  }
  const bytes = async (file: File) => new Uint8Array(await file.arrayBuffer());
  const known = checked(editFields, fields);
  const mask = files.mask.length === 0 ? undefined : await bytes(one(files.mask));
  return { fields: known, image: await bytes(one(files.image)), mask };
}

type Reference = string | { readonly image_url: string };

function referred(reference: Reference, param: string): Uint8Array {
  const text = typeof reference === "string" ? reference : reference.image_url;
  return bytesOf(text, param);
}

/** Reads a JSON body. */
export async function fromJson(request: Request): Promise<EditBody> {
  let value: unknown;
  try {
    value = await request.json();
  } catch {
    throw badRequest("Cannot read the request: its body is not JSON");
  }
  const { images = [], image, mask, ...fields } = checked(editJson, value);
  const pictures = image === undefined ? images : [...images, image];
  return {
    fields,
    image: referred(one(pictures), "image"),
    mask: mask === undefined || mask === null ? undefined : referred(mask, "mask"),
  };
}

/** The picture, and what of it is to be repainted: the holes of the mask. */
export async function editSource({ image, mask }: EditBody, limits: Limits): Promise<Source> {
  const picture = await uploaded(image, "image", limits);
  const holes = mask === undefined ? undefined : holesOf(await uploaded(mask, "mask", limits));
  return sourceOf(picture, holes);
}
