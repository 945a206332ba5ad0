/**
 * Where requests to a hub may go. The hub's answers name further addresses, as redirects and as the
 * next page of a listing: one rule holds for all of them.
 *
 * @module
 */

import { HubError } from "./_error.ts";
import { shown } from "../_shown.ts";

function parsed(text: string, base?: URL): URL | undefined {
  return URL.parse(text, base?.href) ?? undefined;
}

/**
 * A hub's address, without a trailing slash.
 *
 * @throws {HubError} it is no http or https address
 */
export function hubEndpoint(text: string): string {
  const url = parsed(text);
  const known = url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" &&
    url.password === "" && url.search === "" && url.hash === "";
  if (!known) {
    throw new HubError(
      "bad_endpoint",
      `Cannot use the hub at ${
        shown(text)
      }: it is no address; expected http or https, a host and ` +
        `perhaps a path, such as https://huggingface.co (the endpoint option, or HF_ENDPOINT)`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

/** Hosts that are this machine, or that only its own network knows. */
const OWN_MACHINE =
  /^(localhost|.*\.localhost|127\..*|0\.0\.0\.0|169\.254\..*|\[::1?\]|\[::ffff:.*\]|\[fe80:.*\])$/;

/**
 * The address that an answer from `from` leads on to: http or https, never from https to http, never
 * from another machine to this one, without a name and password.
 *
 * @throws {HubError} it leads elsewhere
 */
export function ledTo(from: string, location: string): string {
  const source = new URL(from);
  const target = parsed(location, source);
  const refuse = (why: string) =>
    new HubError(
      "http",
      `Cannot follow ${source.origin} to ${shown(location)}: ${why}; expected an address of the ` +
        `hub or of the host of its files`,
    );
  if (target === undefined) throw refuse("it is no address");
  if (!/^https?:$/.test(target.protocol)) throw refuse("it is neither http nor https");
  if (source.protocol === "https:" && target.protocol === "http:") {
    throw refuse("it leads from https to http");
  }
  if (OWN_MACHINE.test(target.hostname) && !OWN_MACHINE.test(source.hostname)) {
    throw refuse("it leads to this machine");
  }
  if (target.username !== "" || target.password !== "") throw refuse("it holds a password");
  return target.href;
}
