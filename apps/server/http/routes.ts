/**
 * Routes that describe themselves, and refuse what their schema does not have.
 *
 * @module
 */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { didYouMean } from "../cli.ts";
import { badRequest, type HttpError } from "../errors.ts";
import type { Door } from "./services.ts";
import type { Env } from "./intake.ts";

type Issue = z.core.$ZodIssue;

/** The first thing that is wrong, as a sentence. */
export function refusal(issues: readonly Issue[], known: readonly string[]): HttpError {
  const issue = issues[0]!;
  const path = issue.path.map(String).join(".").slice(0, 80);
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0]!.slice(0, 80);
    return badRequest(
      `Cannot use ${key}: there is no such field${didYouMean(key, known) || "; see /openapi.json"}`,
      key,
      "unknown_field",
    );
  }
  const where = path === "" ? "the request" : path;
  return badRequest(`Cannot use ${where}: ${issue.message}`, path === "" ? undefined : path);
}

/**
 * An empty set of routes.
 *
 * @param known The fields that its requests have, for whoever misspells one.
 */
export function newDoor(known: readonly string[] = []): Door {
  return new OpenAPIHono<Env>({
    defaultHook(result) {
      if (!result.success) throw refusal(result.error.issues, known);
    },
  });
}

/** A JSON body, or an answer, of a schema. */
export function json<T extends z.ZodType>(schema: T) {
  return { "application/json": { schema } };
}

/** What every route may answer besides. */
export const refusals = {
  default: {
    description: "A refusal, with its reason",
    content: json(
      z.object({
        error: z.object({
          message: z.string(),
          type: z.string(),
          param: z.string().nullable(),
          code: z.string().nullable(),
        }),
      }),
    ),
  },
} as const;
