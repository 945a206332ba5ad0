/**
 * Who may ask: a key, and, since a browser on this machine can reach loopback for any page it shows,
 * which hosts and origins a request may say it is for and from.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { createHash, timingSafeEqual } from "node:crypto";
import { HttpError } from "../errors.ts";

/** What decides. */
export interface AccessOptions {
  /** The key that requests must bring; without one there is none to bring. */
  readonly apiKey?: string | undefined;
  /** The host that the server listens on. */
  readonly host: string;
  /** Origins of pages that may ask, as browsers write them; `*` is all. */
  readonly allowOrigins: readonly string[];
}

/** Paths that need no key: what says whether the server lives, its front page, and pictures by address. */
const OPEN = /^\/(healthz)?$|^\/jobs\/[^/]+\/images\/[^/]+$/;

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Compares in a time that does not depend on what is compared. */
export function sameKey(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

/** The key of `Authorization: Bearer KEY`, or the password of `Basic`, which A1111's clients send. */
export function keyOf(authorization: string | undefined): string | undefined {
  const [, scheme, value] = /^(bearer|basic) +(\S+) *$/i.exec(authorization ?? "") ?? [];
  if (scheme === undefined || value === undefined) return undefined;
  if (scheme.toLowerCase() === "bearer") return value;
  try {
    const text = new TextDecoder().decode(Uint8Array.fromBase64(value));
    return text.slice(text.indexOf(":") + 1);
  } catch {
    return undefined;
  }
}

/** The name in a Host header, without its port. */
function hostName(host: string): string {
  return host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "").toLowerCase();
}

/** Whether a host cannot be a name that somebody else's DNS points here. */
function isAddress(name: string): boolean {
  return name === "localhost" || /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || name.includes(":");
}

/** Refuses who may not ask. */
export function access({ apiKey, host, allowOrigins }: AccessOptions): MiddlewareHandler {
  return async (c, next) => {
    const asked = c.req.header("host") ?? new URL(c.req.url).host;
    // DNS rebinding: a page's own name, pointed at this machine. Such a page has no key.
    if (apiKey === undefined && !isAddress(hostName(asked)) && hostName(asked) !== host) {
      throw new HttpError(
        403,
        `Cannot answer: the request is for host "${
          asked.slice(0, 80)
        }"; expected localhost or an ` +
          `address (or start the server with --api-key)`,
      );
    }
    const origin = c.req.header("origin");
    if (origin !== undefined && !allowOrigins.includes("*") && !allowOrigins.includes(origin)) {
      // The page that this server shows is its own origin, behind a proxy with TLS too.
      if (origin !== `http://${asked}` && origin !== `https://${asked}`) {
        throw new HttpError(
          403,
          `Cannot answer: the request is from a page of ${
            origin.slice(0, 80)
          }; expected one of this ` +
            `server, or to have been started with --allow-origin ${origin.slice(0, 80)}`,
        );
      }
    }
    // A browser asks before it sends; that question has no key.
    if (apiKey !== undefined && c.req.method !== "OPTIONS" && !OPEN.test(c.req.path)) {
      const given = keyOf(c.req.header("authorization"));
      if (given === undefined || !sameKey(given, apiKey)) {
        throw new HttpError(
          401,
          "Cannot answer: the API key is missing or wrong; expected Authorization: Bearer KEY",
          { code: "invalid_api_key" },
        );
      }
    }
    await next();
  };
}
